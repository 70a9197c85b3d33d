"""The Makefile and requirements.txt: what `make` sets up, and that it is what the extras ask for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INSTALLED = ("train", "review", "check", "bulk", "views", "dev")  # extras of which requirements.txt has all
FILES = ("Makefile", "pyproject.toml", "requirements.txt")


def names(lines: list[str]) -> set[str]:
    """The packages that requirements name, as indexes compare names."""
    found = (re.match(r"[\w.-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in found if name}


def test_what_make_installs_is_all_that_the_extras_ask_for() -> None:
    asked = [of for of in requires("pagesieve") or [] if "extra ==" not in of or re.search(rf"extra == .(?:{'|'.join(INSTALLED)})\b", of)]
    pinned = names((ROOT / "requirements.txt").read_text("utf-8").splitlines())
    assert len(asked) > 20
    assert names(asked) - {"pagesieve"} <= pinned


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with an environment that is newer than what it is made from."""
    folder = tmp_path / "a clone"
    (folder / ".venv").mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (1, 1))
    (folder / ".venv" / ".ready").write_text(f"{folder}\n", encoding="utf-8")
    return folder


def planned(folder: Path, *arguments: str) -> str:
    """What `make` would do there."""
    done = subprocess.run(["make", "-n", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_an_environment_is_made_once_and_anew_where_the_clone_was_moved(clone: Path) -> None:
    assert "-m venv" not in planned(clone, "train")
    moved = clone.rename(clone.with_name("moved"))
    assert "-m venv --clear .venv" in planned(moved, "train")
    os.utime(moved / "requirements.txt")
    (moved / ".venv" / ".ready").write_text(f"{moved}\n", encoding="utf-8")
    os.utime(moved / ".venv" / ".ready", (2, 2))
    assert "-m venv  .venv" in planned(moved, "train")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_targets_do_not_run_beside_each_other(clone: Path) -> None:
    stub = clone / "stub" / "python"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\necho begin $2 >> log\nsleep 0.2\necho end $2 >> log\n", encoding="utf-8")
    stub.chmod(0o755)
    subprocess.run(["make", "-j4", "BIN=stub", "train", "check-data"], cwd=clone, capture_output=True, check=True)
    programs = ("pagesieve.train", "pagesieve.check_data")
    assert (clone / "log").read_text("utf-8").splitlines() == [f"{when} {program}" for program in programs for when in ("begin", "end")]
