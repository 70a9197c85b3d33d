"""What correcting pages is worth (`make label`, correct, `make train`), on real pages that the model has not seen.

    python benchmarks/loop.py sites ../shared/webpages            # pages of a site that fails, added one by one
    python benchmarks/loop.py order ../shared/webpages            # pages in the order of review against pages at random
    python benchmarks/loop.py corrections ../shared/webpages --unseen models/unseen   # how much there is to correct

`sites` and `order` start from the repository's written pages and take the labels of the folder for a person's corrections; text
dumps alone. `corrections` takes the fold models of `benchmarks/unseen.py`: a stretch of segments with one wrong role counts as
one correction, since a range is corrected at once. Several minutes each for the first two.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from pagesieve import corpus, evaluation, report, selection, training
from pagesieve.corpus import Document
from pagesieve.model import Model
from pagesieve.storage import load_model

SETTINGS = training.Settings()
SITES = 3
STEPS = (0, 10, 20, 40, 80)  # pages added in the order of review
DRAWS = 2  # random orders


def fitted(documents: list[Document]) -> Model:
    """An uncalibrated model of these pages with the settings of `make train`, pieces of articles left out."""
    samples = training.prepare(documents, SETTINGS)
    folds = training.assign_folds([s.site for s in samples], 5, 0)
    crossed = training.cross_fit(samples, folds, replace(SETTINGS, sequence=False), 0)
    return training.fit(samples, crossed, SETTINGS, 0)[0]


def scores(model: Model, pages: list[Document]) -> np.ndarray:
    """Confusion over segments and over words, shape (2, labels, labels)."""
    judged = evaluation.judge_documents(model, pages)
    return np.stack([evaluation.confusion(judged, by) for by in ("segments", "words")])


def macro(confusion: np.ndarray) -> str:
    right = np.diagonal(confusion)
    total = confusion.sum(0) + confusion.sum(1)
    return f"{np.mean(2 * right[total > 0] / total[total > 0]):.3f}"


def of_sites(written: list[Document], real: list[Document]) -> str:
    """The sites with three pages or more that the model of the written pages does worst on: each page judged after 0, 1, … others."""
    by_site: dict[str, list[Document]] = defaultdict(list)
    for document in real:
        by_site[document.site].append(document)
    first = fitted(written)
    many = {site: pages for site, pages in by_site.items() if len(pages) >= 3}
    worst = sorted(many, key=lambda site: macro(scores(first, many[site])[0]))[:SITES]
    jobs = [(site, k, i) for site in worst for k in range(1, len(many[site])) for i in range(len(many[site]))]

    def one(site: str, k: int, i: int) -> np.ndarray:
        pages = many[site]
        others = [pages[(i + step) % len(pages)] for step in range(1, k + 1)]
        return scores(fitted([*written, *others]), [pages[i]])

    found = Parallel(n_jobs=2, verbose=5)(delayed(one)(*job) for job in jobs)
    sums: dict[tuple[str, int], np.ndarray] = {(site, 0): scores(first, many[site]) for site in worst}
    for (site, k, _), confusion in zip(jobs, found, strict=True):
        sums[site, k] = sums.get((site, k), 0) + confusion
    rows = [[site, k, macro(sums[site, k][0]), macro(sums[site, k][1])] for site, k in sorted(sums)]
    return report.table(["site", "corrected pages", "macro F1 over segments, its other pages", "over words"], rows)


def of_order(written: list[Document], real: list[Document]) -> str:
    """A third of the sites is scored; pages of the others are added in the order of review, or at random."""
    folds = training.assign_folds([d.site for d in real], 3, 0)
    scored = [d for d, fold in zip(real, folds, strict=True) if fold == 0]
    pool = [d for d, fold in zip(real, folds, strict=True) if fold > 0]
    first = fitted(written)
    candidates = [
        selection.Candidate(d.page.name, d.site, first.predict(d.segments).confidence, selection.furniture(d.segments)) for d in pool
    ]
    by_name = {d.page.name: d for d in pool}
    orders = {"order of review": [[by_name[name] for name in selection.review_order(candidates)]]}
    orders["random"] = [[pool[i] for i in np.random.RandomState(seed).permutation(len(pool))] for seed in range(DRAWS)]
    jobs = [(how, k, pages[:k]) for how, several in orders.items() for pages in several for k in STEPS[1:]]
    found = Parallel(n_jobs=2, verbose=5)(delayed(_scored)([*written, *pages], scored) for _, _, pages in jobs)
    values: dict[tuple[str, int], list[float]] = defaultdict(list)
    for (how, k, _), confusion in zip(jobs, found, strict=True):
        values[how, k].append(float(macro(confusion[0])))
    start = macro(scores(first, scored)[0])
    rows = [["none", 0, start]] + [[how, k, f"{np.mean(some):.3f}"] for (how, k), some in values.items()]
    return report.table(["pages chosen by", "corrected pages", f"macro F1 over segments, {len(scored)} other pages"], rows)


def _scored(documents: list[Document], pages: list[Document]) -> np.ndarray:
    return scores(fitted(documents), pages)


def of_corrections(real: list[Document], unseen: Path) -> str:
    """Ten pages drawn at random, and all."""
    fold_of = json.loads((unseen / "folds.json").read_text("utf-8"))
    models = {fold: load_model(unseen / f"{fold}.npz") for fold in sorted(set(fold_of.values()))}
    counts = {}
    for document in real:
        wrong = models[fold_of[document.site]].predict(document.segments).roles != document.roles
        said = np.where(wrong, document.roles, -1)
        stretches = int(((said >= 0) & (said != np.concatenate([[-1], said[:-1]]))).sum())
        counts[document.page.name] = (len(wrong), int(wrong.sum()), stretches)
    names = sorted(counts)
    drawn = [names[i] for i in np.random.RandomState(0).permutation(len(names))[:10]]
    rows = []
    for title, some in (("ten pages drawn at random", drawn), (f"all {len(names)} pages", names)):
        segments, wrong, stretches = np.sum([counts[name] for name in some], axis=0)
        rows.append([title, segments, f"{100 * wrong / segments:.1f}", f"{100 * stretches / segments:.1f}"])
    return report.table(["pages", "segments", "segments with a wrong role, of 100", "corrections for 100 segments"], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("sites", "order", "corrections"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--unseen", type=Path, default=Path("models/unseen"))
    options = parser.parse_args()
    labelled = [d for d in corpus.read(options.folder) if d.segments]
    if options.part == "corrections":
        print(of_corrections(labelled, options.unseen))
    else:
        own = [d for d in corpus.read("data") if d.segments]
        print((of_sites if options.part == "sites" else of_order)(own, labelled))
    sys.stdout.flush()
