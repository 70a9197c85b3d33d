"""How well `make label ARGS="mode=doubt"` finds wrong labels: 2 % of the segments' labels changed at random, then looked for.

    python benchmarks/doubts.py [folder …]      # default: data

Each changed segment gets a role of another label. Models are trained fold by fold on the spoilt labels; the share of the
changed words (and segments) that stand in the first 5 % of the list of doubts is printed. About a minute for data/.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from pagesieve import corpus, report, selection, training
from pagesieve.corpus import Document, Label
from pagesieve.roles import LABEL_OF_ROLE, ROLES

CHANGED, LOOKED_AT = 0.02, 0.05


def spoilt(document: Document, random: np.random.RandomState) -> tuple[Document, set[int]]:
    """The document, some of its segments with a role of another label, and where these segments start."""
    labels, changed = [], set()
    for segment, place in zip(document.segments, document.roles.tolist(), strict=True):
        role = ROLES[place]
        if random.rand() < CHANGED:
            role = random.choice([r for r in ROLES if LABEL_OF_ROLE[r] != LABEL_OF_ROLE[role]])
            changed.add(segment.start)
        labels.append(Label(segment.start, segment.end, role))
    return replace(document, labels=tuple(labels)), changed


def main(folders: list[str]) -> None:
    rows = []
    for folder in folders:
        random = np.random.RandomState(0)
        pairs = [spoilt(d, random) for d in corpus.read(folder) if d.segments]
        documents = [d for d, _ in pairs]
        changed = {d.page.name: starts for d, starts in pairs}
        settings = training.Settings()
        samples = training.prepare(documents, settings)
        crossed = training.cross_fit(samples, training.assign_folds([s.site for s in samples], 5, 0), settings, 0, n_jobs=2)
        predictions = training.calibrate(samples, crossed, settings).predictions
        found = selection.doubts(documents, predictions)
        words = {
            (s.name, g.start): w
            for s, d in zip(samples, documents, strict=True)
            for g, w in zip(d.segments, s.measures.words.tolist(), strict=True)
        }
        sizes = np.array([words[d.page, d.start] for d in found])
        wrong = np.array([d.start in changed[d.page] for d in found])
        head = slice(0, int(LOOKED_AT * len(found)))
        rows.append(
            [
                folder,
                len(documents),
                len(found),
                int(wrong.sum()),
                f"{sizes[head][wrong[head]].sum() / sizes[wrong].sum():.3f}",
                f"{wrong[head].sum() / wrong.sum():.3f}",
            ]
        )
    print(report.table(["folder", "pages", "segments", "changed", "their words in the first 5 %", "themselves in the first 5 %"], rows))


if __name__ == "__main__":
    main(sys.argv[1:] or ["data"])
