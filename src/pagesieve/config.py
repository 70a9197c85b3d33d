"""The shapes of the Hydra configurations: a misspelt key or a word for a number fails before any work starts. And `run`,
with which the programs begin and end.

The values live in `conf/`; each group there (`data`, `features`, `model`, `labels`) fills one of these dataclasses.
Only the entry points (`train`, `evaluate`, `label`, `review`, `exchange`) import this module.
"""

from __future__ import annotations

import math
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from pagesieve.roles import check_label_map
from pagesieve.training import Settings

__all__ = [
    "EvaluateConfig",
    "ExchangeConfig",
    "LabelConfig",
    "ReviewConfig",
    "TrainConfig",
    "check_out",
    "check_values",
    "config_dir",
    "register",
    "run",
    "settings",
]


RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        (
            "data.one_line",
            "data.scripts",
            "data.excerpts",
            "data.bare",
            "data.remainders",
            "floor",
            "unsure",
            "model.first_share",
            "model.shape_share",
            "model.html_shape_share",
        ),
        (0, 1),
    ),
    **dict.fromkeys(
        (
            "data.times",
            "model.max_terms",
            "model.min_df",
            "model.max_iter",
            "model.most_of_page",
            "model.steps",
            "model.units",
            "model.states",
            "model.readings",
            "most",
        ),
        (1, math.inf),
    ),
    **dict.fromkeys(
        ("data.views", "data.threads", "worst", "model.layout_weight", "model.transition_weight", "model.decay"), (0, math.inf)
    ),
    "model.networks": (0, math.inf),
    "model.bins": (2, math.inf),
    "port": (0, 2**16 - 1),
    "seed": (0, 2**32 - 1),
}
POSITIVE = ("model.C", "model.alpha", "model.rate")  # with nought nothing can be fitted


def config_dir() -> str:
    """The folder of the configuration files: `conf/` of the checkout, or its copy in an installed package."""
    here = Path(__file__).resolve().parent
    for folder in (here.parents[1] / "conf", here / "conf"):
        if (folder / "train.yaml").is_file():
            return str(folder)
    raise FileNotFoundError(f"no configuration files: neither {here.parents[1] / 'conf'} nor {here / 'conf'} holds train.yaml")


@dataclass
class DataConfig:
    """conf/data/: which labelled pages."""

    root: str = MISSING  # folder that holds raw/ and labeled/
    also: list[str] = field(default_factory=list)  # more such folders to train on, or to score; what is held out is left out of them, too
    statuses: list[str] = field(default_factory=lambda: ["reviewed"])
    views: int = 0  # other renderings of each page to train on (see `pagesieve.renderings`)
    one_line: float = 0.0  # share of the pages that the second pass learns from collapsed into one line, too
    scripts: float = 0.0  # share of the pages that it learns from with scripts and style sheets taken for text, too
    excerpts: float = 0.5  # share of the pages of which a piece of the article alone is learned too (see `pagesieve.excerpts`)
    bare: float = 0.0  # share of these pieces that are nothing but headline and body
    remainders: float = 0.0  # share of the pages that are learned from without their article, too (see `pagesieve.excerpts`)
    threads: int = 0  # other looks of the thread on each page with readers' comments to train on, every second one in another rendering (see `pagesieve.threads`)
    times: int = 1  # how often each text dump of `root` counts beside those of `also`; HTML counts once
    html: bool = True  # whether the HTML beside the pages' text dumps is learned too
    held_out: list[str] = field(default_factory=list)  # sites that training never sees and evaluation scores; each must be there
    written: bool = False  # whether the data are written for this project (check-data then asks for more)


@dataclass
class FeaturesConfig:
    """conf/features/: what the model sees."""

    words: bool = True
    groups: list[str] = field(default_factory=list)


@dataclass
class ModelConfig:
    """conf/model/: what is fitted; the fields are explained at `training.Settings`."""

    classifier: str = "sgd"
    sequence: bool = True
    C: float = 0.5
    alpha: float = 3e-6
    max_iter: int = 20
    min_df: int = 3
    max_terms: int | None = None
    layout_weight: float = 0.2
    bins: int = 12
    most_of_page: int | None = 80
    steps: int = 700
    networks: int = 3
    units: int = 64
    states: int = 32
    readings: int = 2
    rate: float = 2e-3
    decay: float = 5e-2
    first_share: float = 0.3
    transition_weight: float = 0.3
    shape_share: float = 0.3
    html_shape_share: float = 0.5


@dataclass
class CvConfig:
    """How a training run scores itself."""

    folds: int = 5
    random_split: bool = True  # also score a split that ignores sites, to show how much it flatters
    fixed: str | None = None  # JSON file of sites' folds; other sites are dealt out
    keep: str | None = None  # folder to keep the folds' models in, to judge other pages of the same sites by


@dataclass
class TrainConfig:
    """conf/train.yaml."""

    data: DataConfig = MISSING
    features: FeaturesConfig = MISSING
    model: ModelConfig = MISSING
    labels: dict[str, str] = MISSING
    cv: CvConfig = field(default_factory=CvConfig)
    experiment: Any = None
    start: str | None = None  # folder of a model whose training pages are trained on too
    out: str = "models/default"
    overwrite: bool = False  # whether a model of other data, or of an earlier job of the sweep, is replaced in `out`
    seed: int = 0
    n_jobs: int = 2


@dataclass
class EvaluateConfig:
    """conf/evaluate.yaml."""

    data: DataConfig = MISSING
    model_path: str = "models/default"  # model folder or file; `model=` is the group of what is trained
    pages: str = "auto"  # "held_out": only data.held_out; "all": every page; "auto": held-out ones where there are any
    out: str = "reports/latest"
    worst: int = 10  # pages shown in full
    floor: float | None = None  # macro-F1 over segments below which the exit status is 1
    compare: str | None = None  # older model folder or file; exit status 1 where a label got worse beyond the interval, or HTML is lost
    baselines: bool = True
    learning_curve: bool = False
    seed: int = 0
    n_jobs: int = 2


@dataclass
class LabelConfig:
    """conf/label.yaml."""

    data: DataConfig = MISSING
    features: FeaturesConfig = MISSING  # these three: what mode=doubt trains
    model: ModelConfig = MISSING
    labels: dict[str, str] = MISSING
    mode: str = "propose"  # or "doubt": list the reviewed labels that models doubt
    pages: str | None = None  # page, folder, JSONL or WARC file to copy to data.root first
    site: str | None = None  # site of these pages, where it is not to be told from their address or folder
    labeler: str = "model"  # or "rules"
    model_path: str | None = None  # null: the model that comes with the package
    language: str = "und"  # of pages that do not state theirs
    overwrite: bool = False  # whether earlier proposals are made anew (reviewed labels never are)
    most: int = 40  # doubts that are printed
    cv: CvConfig = field(default_factory=CvConfig)
    seed: int = 0
    n_jobs: int = 2


@dataclass
class ReviewConfig:
    """conf/review.yaml."""

    data: DataConfig = MISSING
    model_path: str | None = None  # null: the model that comes with the package
    order: str = "unsure"  # or "names"
    unsure: float = 0.8  # probability of its role below which a segment is marked
    port: int = 8123  # 0: any free one


@dataclass
class ExchangeConfig:
    """conf/exchange.yaml."""

    data: DataConfig = MISSING
    out: str | None = None  # file to write
    read: str | None = None  # file to take labels from
    status: str | None = None  # of the pages that are written; that pages get
    overwrite: bool = False  # whether reviewed labels are replaced


def register() -> None:
    """Make the schemas known to Hydra under the names the primary files ask for."""
    store = ConfigStore.instance()
    store.store(name="train_schema", node=TrainConfig)
    store.store(name="evaluate_schema", node=EvaluateConfig)
    store.store(name="label_schema", node=LabelConfig)
    store.store(name="review_schema", node=ReviewConfig)
    store.store(name="exchange_schema", node=ExchangeConfig)
    store.store(group="data", name="schema", node=DataConfig)
    store.store(group="features", name="schema", node=FeaturesConfig)
    store.store(group="model", name="schema", node=ModelConfig)


def run(name: str, work: Callable[[Any], object]) -> None:
    """The program `name`: Hydra reads its configuration, `work` does the rest; what a person can put right is told in a line, exit status 1.

    One job of a sweep that cannot be done keeps no other from being done. Being terminated ends a program as Ctrl-C does, so that its
    temporary files go, with a line and exit status 143 (130 after Ctrl-C).
    """
    faults: list[str] = []

    def told(config: Any) -> None:
        try:
            check_values(config)
            work(config)
        except MissingMandatoryValue as error:
            faults.append(f"pagesieve.{name}: {error.full_key} is not given; say {error.full_key}=…")
        except (ValueError, OSError) as error:
            faults.append(f"pagesieve.{name}: {error}")

    told.__module__ = f"pagesieve.{name}"  # which Hydra names the program by, in its help and logs
    register()
    signal.signal(signal.SIGTERM, _terminated)
    try:
        hydra.main(version_base="1.3", config_path=config_dir(), config_name=name)(told)()
    except KeyboardInterrupt:
        print(f"pagesieve.{name}: interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except SystemExit as ended:
        if ended.code == 128 + signal.SIGTERM:
            print(f"pagesieve.{name}: terminated", file=sys.stderr)
        raise
    if faults:
        sys.exit("\n".join(faults))


def _terminated(number: int, _: object) -> None:
    """End the program, once: a second signal, which a group of processes often gets, would cut off the tidying up, as it would what
    joblib calls to end its workers and that inherits this.
    """
    signal.signal(number, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # joblib's of workers that ended amid their work, as they should
    threading.excepthook = lambda _: None  # and what its threads come upon then
    sys.exit(128 + number)


def check_values(config: Any) -> None:
    """`ValueError` for a number that is out of its range."""
    for key, (least, most) in RANGES.items():
        value = OmegaConf.select(config, key)
        if value is not None and not least <= value <= most:
            limits = f"at least {least}" if most == math.inf else f"from {least} to {most}"
            raise ValueError(f"{key}={value}: give a number {limits}")
    for key in POSITIVE:
        value = OmegaConf.select(config, key)
        if value is not None and not value > 0:
            raise ValueError(f"{key}={value}: give a number above 0")
    if OmegaConf.select(config, "n_jobs") == 0:
        raise ValueError("n_jobs=0: give a number of processes, or -1 for one on each core")


def check_out(key: str, path: Path | str) -> None:
    """`ValueError` if nothing can be written to the file or folder `path`, the value of the setting `key`; before hours of work, not after them."""
    there = next(folder for folder in (Path(path), *Path(path).absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryDirectory(dir=there):
            pass
    except OSError as error:
        raise ValueError(f"{key}={path}: cannot be written to ({there}: {error.strerror}); give another place") from error


def settings(config: TrainConfig | LabelConfig) -> Settings:
    """The configuration as the learner's `Settings`; `ValueError` names a value that cannot be."""
    model: dict[str, Any] = OmegaConf.to_container(config.model, resolve=True)  # type: ignore[assignment]
    return Settings(
        **model,
        words=config.features.words,
        groups=tuple(config.features.groups),
        label_of_role=check_label_map(dict(config.labels)),
    )
