"""How good the model that ships is on sites it has not seen: cross-validation of its own training, looked at from all sides.

    .venv/bin/python benchmarks/unseen.py [override …]      # needs ../shared/webpages, the extras `views` and `bench`

Five models, each trained as `make ship` trains but without one fold of sites, judge the pages of that fold: the text dumps
as they are, every rendering of them, and the pages of `body_only`, of which the article's text is known. Writes
`benchmarks/results/unseen.json` and prints the tables that stand in `benchmarks/quality.md`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from joblib import Parallel, delayed

from pagesieve import evaluation, report, training
from pagesieve.config import config_dir, register, settings
from pagesieve.corpus import Document
from pagesieve.evaluation import Interval
from pagesieve.model import Model
from pagesieve.renderings import FROM_HTML, FROM_TEXT, html_of, render, rendered
from pagesieve.sieve import Sieve
from pagesieve.storage import write_text
from pagesieve.train import _progress, gather

OUT = Path(__file__).parent / "results" / "unseen.json"
TIMEOUT = 120  # seconds a program may take for a page
RESAMPLES = 1000
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")


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


def words(text: str) -> Counter[str]:
    return Counter(match[0].lower() for match in _WORD.finditer(text))


def word_f1(said: str, true: str) -> float:
    """F1 over the two texts' words, each as often as it stands there; 1 if both have none."""
    a, b = words(said), words(true)
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 1.0


def trafilatura_body(html: str) -> str:
    from trafilatura import extract

    return extract(html, include_comments=False) or ""


def body_scores(model: Model, records: list[tuple[Path, dict[str, Any]]]) -> list[tuple[str, float, float]]:
    """(site, pagesieve's word F1 on the text dump, trafilatura's on the HTML) for each page."""
    sieve, out = Sieve(model), []
    for path, record in records:
        said = sieve.segment(path.with_suffix(".txt").read_bytes(), "text").body
        html = html_of(path.with_suffix(".txt")) or ""
        out.append((record["site"], word_f1(said, record["body"]), word_f1(trafilatura_body(html), record["body"])))
    return out


def _interval(values: np.ndarray, sites: list[str]) -> Interval:
    """Mean of `values` with its interval by resampling sites."""
    names = sorted(set(sites))
    place = np.array([names.index(s) for s in sites])
    sums = np.stack([np.bincount(place, values, minlength=len(names)), np.bincount(place, minlength=len(names))])
    drawn = np.random.RandomState(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES) @ sums.T
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high))


def main() -> None:
    register()
    with initialize_config_dir(config_dir(), version_base="1.3"):
        config: Any = compose("train", ["experiment=shipped", *sys.argv[1:]])
    chosen, root = settings(config), Path(config.data.also[0])
    config.data.html = False
    documents, views, _, _ = gather(config)
    samples = training.prepare([*documents, *views], chosen)
    folds = training.assign_folds([s.site for s in samples], config.cv.folds, config.seed)
    fold_of = dict(zip([s.site for s in samples], folds.tolist(), strict=True))
    crossed = training.cross_fit(samples, folds, chosen, config.seed, config.n_jobs, _progress("unseen sites"))
    calibration, predictions = training.calibrate(samples[: len(documents)], crossed, chosen)
    models = [replace(model, calibration=calibration) for model in crossed.models]
    real = [i for i, d in enumerate(documents) if (root / "raw" / d.page.name).exists()]
    judged = [evaluation.judge(documents[i], samples[i].measures.words, predictions[i], chosen.label_of_role) for i in real]
    results: dict[str, Any] = {"real pages": evaluation.summary(judged, config.seed), "dial": evaluation.dial_table(judged)}
    results["confidence"] = evaluation.confidence_table(judged)
    results["breakdown"] = {key: value for key, value in evaluation.breakdown(judged).items() if key in ("language", "length")}
    print(report.score_table({"real pages": results["real pages"]}), report.rates(results["real pages"]), sep="\n\n", flush=True)
    print(report.dial_table(results["dial"]), report.confidence_table(results["confidence"]), sep="\n\n", flush=True)

    rows, results["renderings"] = [], {}
    for name in RENDERINGS:
        parts = Parallel(config.n_jobs)(
            delayed(judge_rendering)(models[j], [documents[i] for i in real if fold_of[documents[i].site] == j][part::4], name, root)
            for j in range(config.cv.folds)
            for part in range(4)
        )
        found = evaluation.summary([page for part in parts for page in part], config.seed)
        results["renderings"][name] = found
        by_words = found["by_words"]
        rows.append(
            [
                name,
                found["pages"],
                by_words["macro"],
                *(by_words["f1"][label] for label in ("body", "teaser")),
                found["by_segments"]["macro"],
            ]
        )
    print(report.table(["rendering", "pages", "macro (words)", "body", "teaser", "macro (segments)"], rows), flush=True)

    records = [(path, json.loads(path.read_text("utf-8"))) for path in sorted((root / "body_only").glob("*/*.json"))]
    by_fold: list[list[tuple[Path, dict[str, Any]]]] = [[] for _ in models]
    for number, record in enumerate(records):
        by_fold[fold_of.get(record[1]["site"], number % len(models))].append(record)
    scored = Parallel(config.n_jobs)(delayed(body_scores)(m, part[k::4]) for m, part in zip(models, by_fold, strict=True) for k in range(4))
    pages = [page for part in scored for page in part]
    ours, theirs = np.array([p[1] for p in pages]), np.array([p[2] for p in pages])
    sites = [p[0] for p in pages]
    results["body_only"] = {
        "pages": len(pages),
        "pagesieve, text dump": _interval(ours, sites),
        "trafilatura, HTML": _interval(theirs, sites),
        "difference": _interval(ours - theirs, sites),
    }
    print(
        report.table(["body of pages with known text", "word F1"], [[k, v] for k, v in results["body_only"].items() if k != "pages"]),
        flush=True,
    )
    write_text(OUT, json.dumps(report.plain(results), indent=1) + "\n")


if __name__ == "__main__":
    main()
