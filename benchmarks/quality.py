"""What each choice is worth: cross-validation by site of named variants on a folder of labelled pages.

    .venv/bin/python benchmarks/quality.py ../shared/webpages [variant …]

Writes `benchmarks/results/quality-<folder>.json` and prints the table that stands in `benchmarks/quality.md`.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from pagesieve import corpus, evaluation, report, training
from pagesieve.files import write_text
from pagesieve.training import Settings

FOLDS, SEED, JOBS = 5, 0, 2
DEFAULT = Settings()
VARIANTS: dict[str, Settings] = {
    "default": DEFAULT,
    "majority": replace(DEFAULT, classifier="majority", sequence=False),
    "logistic regression alone": replace(DEFAULT, classifier="logistic", max_iter=60, sequence=False),
    "logistic regression in the first pass": replace(DEFAULT, classifier="logistic", max_iter=60),
    "SGD alone": replace(DEFAULT, sequence=False),
    "no transitions": replace(DEFAULT, transition_weight=0.0),
    "no words": replace(DEFAULT, words=False),
    "no length": replace(DEFAULT, groups=tuple(g for g in DEFAULT.groups if g != "length")),
    "no characters": replace(DEFAULT, groups=tuple(g for g in DEFAULT.groups if g != "characters")),
    "no lines": replace(DEFAULT, groups=tuple(g for g in DEFAULT.groups if g != "lines")),
    "no repeats": replace(DEFAULT, groups=tuple(g for g in DEFAULT.groups if g != "repeats")),
    "alpha=1e-5": replace(DEFAULT, alpha=1e-5),
    "second pass's answer alone": replace(DEFAULT, first_share=0.0),
    "one network": replace(DEFAULT, networks=1),
    "more steps": replace(DEFAULT, steps=3 * DEFAULT.steps),
    "one reading": replace(DEFAULT, readings=1),
    "few states": replace(DEFAULT, states=DEFAULT.states // 4),
}


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    names = sys.argv[2:] or list(VARIANTS)
    documents = [d for d in corpus.read(root) if d.segments]
    out = Path(__file__).parent / "results" / f"quality-{root.resolve().name}.json"
    earlier = json.loads(out.read_text("utf-8")) if out.exists() else {"data": None}
    results = earlier["variants"] if earlier["data"] == corpus.digest(documents) else {}  # scores on other data are none beside these
    for name in names:
        started = time.perf_counter()
        settings = VARIANTS[name]
        samples = training.prepare(documents, settings)
        folds = training.assign_folds([s.site for s in samples], FOLDS, SEED)
        crossed = training.cross_fit(samples, folds, settings, SEED, JOBS)
        judged = [
            evaluation.judge(d, s.measures.words, p, settings.label_of_role)
            for d, s, p in zip(documents, samples, crossed.predictions, strict=True)
        ]
        scores = evaluation.summary(judged, SEED)
        results[name] = {**report.plain(scores), "seconds": round(time.perf_counter() - started)}
        text = json.dumps({"data": corpus.digest(documents), "folds": FOLDS, "seed": SEED, "variants": results}, indent=1)
        write_text(out, text + "\n")
        print(_table({name: results[name]}), flush=True)
    print(_table(results))


def _cell(interval: dict[str, float]) -> str:
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]" if interval["value"] is not None else "–"


def _table(results: dict[str, dict]) -> str:  # type: ignore[type-arg]
    rows = [
        [
            name,
            _cell(r["by_segments"]["macro"]),
            *(f"{r['by_segments']['f1'][label]['value']:.3f}" for label in ("body", "boilerplate", "teaser")),
            _cell(r["by_words"]["macro"]),
            *(f"{r['by_words']['f1'][label]['value']:.3f}" for label in ("body", "teaser")),
            _cell(r["comment_as_body"]),
        ]
        for name, r in results.items()
    ]
    head = ["variant", "macro (segments)", "body", "boilerplate", "teaser", "macro (words)", "body", "teaser", "comments as body"]
    return report.table(head, rows)


if __name__ == "__main__":
    main()
