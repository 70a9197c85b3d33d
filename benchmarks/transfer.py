"""What the written corpus is worth on real pages: train on one folder alone, score on another.

    .venv/bin/python benchmarks/transfer.py data ../shared/webpages [--curve] [--phenomena]

`--curve` trains on growing numbers of sites and pages; `--phenomena` leaves out the pages of one phenomenon at a time. Writes
`benchmarks/results/transfer.json`, with `--phenomena` `phenomena.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pagesieve import corpus, evaluation, report, training
from pagesieve.corpus import Document
from pagesieve.files import write_text
from pagesieve.training import Settings

FOLDS, SEED, JOBS = 5, 0, 2
SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
RESULTS = Path(__file__).parent / "results"


def score(train: Sequence[Document], test: Sequence[Document], settings: Settings) -> dict[str, Any]:
    samples = training.prepare(train, settings)
    folds = training.assign_folds([s.site for s in samples], FOLDS, SEED)
    answers = training.cross_fit(samples, folds, replace(settings, sequence=False), SEED, JOBS)  # the first pass's are all that a fit needs
    model, _ = training.fit(samples, answers, settings, SEED, n_jobs=JOBS)
    found = evaluation.summary(evaluation.judge_documents(model, test), SEED)
    return {"trained on": {"pages": len(train), "sites": len({d.site for d in train})}, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--phenomena", action="store_true")
    options = parser.parse_args()
    settings = Settings()
    train = [d for d in corpus.read(options.train) if d.segments]
    test = [d for d in corpus.read(options.test) if d.segments]
    runs = {"all": train}
    if options.curve:
        sites = np.random.RandomState(SEED).permutation(sorted({d.site for d in train})).tolist()
        for share in SHARES[:-1]:
            part = set(sites[: round(share * len(sites))])
            runs[f"{len(part)} sites"] = [d for d in train if d.site in part]
        for share in SHARES[:-1]:
            pages = np.random.RandomState(SEED).permutation(len(train))[: round(share * len(train))]
            runs[f"{len(pages)} pages"] = [train[i] for i in sorted(pages.tolist())]
    if options.phenomena:
        for name in sorted({p for d in train for p in d.extra.get("phenomena", [])}):
            runs[f"without {name}"] = [d for d in train if name not in d.extra.get("phenomena", [])]
    out = RESULTS / ("phenomena.json" if options.phenomena else "transfer.json")
    results = {}
    for name, documents in runs.items():
        scores = score(documents, test, settings)
        results[name] = report.plain(scores)
        write_text(out, json.dumps({"train": corpus.digest(train), "test": corpus.digest(test), "runs": results}, indent=1) + "\n")
        row = [
            name,
            *scores["trained on"].values(),
            scores["by_segments"]["macro"],
            *scores["by_segments"]["f1"].values(),
            scores["by_words"]["f1"]["body"],
        ]
        print(report.table(["run", "pages", "sites", "macro", "body", "boilerplate", "teaser", "body (words)"], [row]), flush=True)


if __name__ == "__main__":
    main()
