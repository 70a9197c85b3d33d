"""How good the model that ships is on sites it has not seen: cross-validation of its own training, looked at from all sides.

    .venv/bin/python benchmarks/unseen.py [override …]      # needs ../shared/webpages and the extra `views`

Five models, each trained as `make ship` trains but without one fold of sites, judge the pages of that fold: the text dumps
as they are, every rendering of them, and their HTML. Writes `benchmarks/results/unseen.json`, prints the tables that stand in
`benchmarks/quality.md`, and keeps the five models in `models/unseen/`, where `benchmarks/peers.py` finds them.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from joblib import Parallel, delayed

from pagesieve import evaluation, report, training
from pagesieve.config import config_dir, register, settings
from pagesieve.corpus import Document
from pagesieve.features import MARKUP
from pagesieve.files import write_text
from pagesieve.model import Model
from pagesieve.renderings import FROM_HTML, FROM_TEXT, html_of, render, rendered
from pagesieve.storage import save_model
from pagesieve.train import _progress, gather
from pagesieve.training import Sample, Settings

OUT = Path(__file__).parent / "results" / "unseen.json"
MODELS = Path("models", "unseen")
TIMEOUT = 120  # seconds a program may take for a page


def _program(*command: str) -> Callable[[str], str | None]:
    def run(html: str) -> str | None:
        if shutil.which(command[0]) is None:
            return None
        done = subprocess.run(command, input=html.encode("utf-8", "replace"), capture_output=True, timeout=TIMEOUT, check=False)
        return re.sub(r"file:///", "https://www.site.example/", done.stdout.decode("utf-8", "replace"))

    return run


PROGRAMS = {
    "lynx": _program("lynx", "-dump", "-force_html", "-assume_charset=utf-8", "-display_charset=utf-8", "-stdin"),
    "elinks": _program(
        "elinks", "-dump", "-dump-charset", "utf-8", "-force-html", "-no-numbering", "-no-references",
        "-eval", 'set document.codepage.assume = "utf-8"',
    ),
}  # fmt: skip
RENDERINGS = ("w3m", *PROGRAMS, *FROM_HTML, *FROM_TEXT)


def _rendering(document: Document, name: str, root: Path) -> Document | None:
    if name == "w3m":
        return document
    html = html_of(root / "raw" / document.page.name)
    text = (PROGRAMS[name](html) if html is not None else None) if name in PROGRAMS else render(name, document.page.text, html)
    return None if text is None else rendered(document, name, text)


def judge_rendering(model: Model, documents: list[Document], name: str, root: Path) -> list[evaluation.Judged]:
    """Each page as `name` renders it, judged. Words that the labelled dump does not hold count as it labels their segment."""
    views = [view for view in (_rendering(d, name, root) for d in documents) if view is not None]
    return evaluation.judge_documents(model, views)


def cross_validated(
    documents: Sequence[Document], samples: Sequence[Sample], fold_of: dict[str, int], chosen: Settings, config: Any, name: str
) -> tuple[list[Model], list[evaluation.Judged]]:
    """A calibrated model a fold, and the documents (of which the first samples are) judged by the one that has not seen them."""
    folds = np.array([fold_of[s.site] for s in samples], dtype=np.int64)
    crossed = training.cross_fit(samples, folds, chosen, config.seed, config.n_jobs, _progress(name))
    calibration, predictions = training.calibrate(samples[: len(documents)], crossed, chosen)
    judged = [
        evaluation.judge(d, s.measures.words, p, chosen.label_of_role) for d, s, p in zip(documents, samples, predictions, strict=False)
    ]
    return [replace(model, calibration=calibration) for model in crossed.models], judged


def main() -> None:
    register()
    with initialize_config_dir(config_dir(), version_base="1.3"):
        config: Any = compose("train", ["experiment=shipped", *sys.argv[1:]])
    chosen, root = settings(config), Path(config.data.also[0])
    documents, views, html, *_ = gather(config)
    samples = training.prepare(itertools.chain(documents, views), chosen)
    folds = training.assign_folds([s.site for s in samples], config.cv.folds, config.seed)
    fold_of = dict(zip([s.site for s in samples], folds.tolist(), strict=True))
    models, judged = cross_validated(documents, samples, fold_of, chosen, config, "unseen sites")
    with_markup = replace(chosen, groups=(*chosen.groups, MARKUP))
    of_html, judged_html = cross_validated(html, training.prepare(html, with_markup), fold_of, with_markup, config, "unseen sites, HTML")
    for j, (model, other) in enumerate(zip(models, of_html, strict=True)):
        save_model(replace(model, html=other), MODELS / f"{j}.npz")
    write_text(MODELS / "folds.json", json.dumps(fold_of, indent=0, sort_keys=True) + "\n")

    def is_real(page: evaluation.Judged) -> bool:
        return (root / "raw" / page.name.partition("@")[0]).exists()

    judged, judged_html = [page for page in judged if is_real(page)], [page for page in judged_html if is_real(page)]
    results: dict[str, Any] = {"real pages": evaluation.summary(judged, config.seed), "dial": evaluation.dial_table(judged)}
    results["HTML"], results["dial, HTML"] = evaluation.summary(judged_html, config.seed), evaluation.dial_table(judged_html)
    results["confidence"] = evaluation.confidence_table(judged)
    results["breakdown"] = {key: value for key, value in evaluation.breakdown(judged).items() if key in ("language", "length")}
    for name in ("real pages", "HTML"):
        print(report.score_table({name: results[name]}), report.rates(results[name]), sep="\n\n", flush=True)
    for name in ("dial", "dial, HTML"):
        print(f"{name}\n{report.dial_table(results[name])}", flush=True)
    print(report.confidence_table(results["confidence"]), flush=True)

    rows, results["renderings"] = [], {}
    real = [d for d in documents if (root / "raw" / d.page.name).exists()]
    for name in RENDERINGS:
        parts = Parallel(config.n_jobs)(
            delayed(judge_rendering)(models[j], [d for d in real if fold_of[d.site] == j][part::4], name, root)
            for j in range(config.cv.folds)
            for part in range(4)
        )
        found = evaluation.summary([page for part in parts for page in part], config.seed)
        results["renderings"][name] = found
        by_words, by_segments = found["by_words"], found["by_segments"]
        rows.append([name, found["pages"], by_words["macro"], by_words["f1"]["body"], by_words["f1"]["teaser"], by_segments["macro"]])
    print(report.table(["rendering", "pages", "macro (words)", "body", "teaser", "macro (segments)"], rows), flush=True)
    write_text(OUT, json.dumps(report.plain(results), indent=1) + "\n")


if __name__ == "__main__":
    main()
