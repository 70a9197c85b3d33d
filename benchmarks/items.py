"""How well teaser segments are grouped into stories: `group_teasers` on the true labels against items marked by hand.

    .venv/bin/python benchmarks/items.py ../shared/webpages

`teaser_items.json` names each page by the sha256 of its raw file and holds nothing but offsets into its text: for each
item the ranges of its title, summary and details. Ranges are whole lines; an item is *found* when a story has exactly its
extent, and *exact* when title and summary are right, too. Intervals are bootstrapped over pages.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from pagesieve import corpus, report
from pagesieve.corpus import Document
from pagesieve.evaluation import Interval
from pagesieve.files import write_text
from pagesieve.roles import LABEL_OF_ROLE, ROLES
from pagesieve.segmentation import LabeledSegment, Teaser, group_teasers

HERE = Path(__file__).parent
RESAMPLES = 1000
Ranges = list[list[int]]


def labelled(document: Document) -> list[LabeledSegment]:
    """The page's segments with their true labels."""
    names = [ROLES[role] for role in document.roles.tolist()]
    return [
        LabeledSegment(s.text, s.start, s.end, LABEL_OF_ROLE[name], name, 1.0, s.bullet, s.indent, s.blank_before, s.inline)
        for s, name in zip(document.segments, names, strict=True)
    ]


def _words(text: str, ranges: Ranges) -> str:
    return " ".join(" ".join(text[start:end] for start, end in ranges).split())


def _bare(text: str) -> str:
    return text.lstrip("•*+-◦□■○●☆▪▸►0123456789.() ").strip()


def counts(document: Document, items: list[dict[str, Ranges]]) -> np.ndarray:
    """(stories, items, found, with the right title, exact)."""
    stories = {(t.start, t.end): t for t in group_teasers(labelled(document))}
    found = titled = exact = 0
    for item in items:
        places = [place for ranges in item.values() for place in ranges]
        story: Teaser | None = stories.get((min(p[0] for p in places), max(p[1] for p in places)))
        if story is None:
            continue
        text = document.page.text
        title = _bare(_words(text, item["title"])) == _bare(story.title)
        found, titled = found + 1, titled + title
        exact += title and _bare(_words(text, item.get("summary", []))) == _bare(story.summary)
    return np.array([len(stories), len(items), found, titled, exact], dtype=float)


def main() -> None:
    marked = json.loads((HERE / "teaser_items.json").read_text("utf-8"))
    documents = [d for d in corpus.read(sys.argv[1]) if d.sha256 in marked]
    pages = np.array([counts(d, marked[d.sha256]) for d in documents])
    drawn = np.random.RandomState(0).multinomial(len(pages), np.full(len(pages), 1 / len(pages)), size=RESAMPLES) @ pages
    rows, results = [], {}
    for place, name in ((2, "same extent"), (3, "and title"), (4, "and summary: exact")):
        figures = {}
        for what, of in (("precision", 0), ("recall", 1)):
            values = drawn[:, place] / drawn[:, of]
            low, high = np.quantile(values, [0.025, 0.975])
            figures[what] = Interval(float(pages[:, place].sum() / pages[:, of].sum()), float(low), float(high))
        results[name] = figures
        rows.append([name, figures["precision"], figures["recall"]])
    print(f"{len(pages)} pages, {int(pages[:, 1].sum())} items\n\n{report.table(['item', 'precision', 'recall'], rows)}")
    write_text(HERE / "results" / "items.json", json.dumps({"pages": len(pages), **report.plain(results)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
