"""Running the entry points in tests: their configurations and scripts in this process, the programs themselves in another."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hydra import compose, initialize_config_dir

from pagesieve.config import config_dir, register

# What makes training take a second.
SMALL_TRAINING = (
    *("model.min_df=1", "model.max_iter=10", "model.networks=1", "model.units=8", "model.states=4", "model.steps=40", "model.rate=0.01"),
    *("cv.folds=3", "cv.random_split=false", "n_jobs=1"),
)


def composed(name: str, *overrides: str) -> Any:
    """The configuration of a program with these overrides."""
    register()
    with initialize_config_dir(config_dir(), version_base="1.3"):
        return compose(name, list(overrides))


def folder(root: Path) -> tuple[str, str]:
    """Overrides for the data in a folder."""
    return "data=folder", f"data.root={root}"


def run(cwd: Path, program: str, *overrides: str) -> subprocess.CompletedProcess[str]:
    """`python -m pagesieve.<program>` in a process of its own, in the folder `cwd`."""
    return subprocess.run([sys.executable, "-m", f"pagesieve.{program}", *overrides], cwd=cwd, capture_output=True, text=True, check=False)


def script(path: Path) -> ModuleType:
    """A file that is part of no package, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
