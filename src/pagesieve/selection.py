"""What a person should look at first: which proposed pages, and which reviewed labels. Values in, values out.

Stands beside the way of a page: it reads a model's answers (`pagesieve.model.Prediction`) and label files' contents, and
makes the two lists that `pagesieve.label` writes for the reviewer (`pagesieve.desk`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pagesieve.corpus import Document
from pagesieve.model import Model, Prediction
from pagesieve.page import Segment
from pagesieve.roles import ROLES
from pagesieve.words import count_words

__all__ = ["Candidate", "Doubt", "by_page", "doubts", "furniture", "order_of", "review_order"]

ORDER, DOUBTS = "review_order.json", "doubts.json"  # files of a data folder: which pages first, which labels are doubted
SHORT = 8  # words up to which a segment counts as a page's furniture
ALIKE = 0.3  # share of furniture in common (Jaccard) from which two pages have one layout


@dataclass(frozen=True, slots=True)
class Candidate:
    """A page that waits for review: how sure the model is of it (0 to 1), and by what its layout is known."""

    page: str
    site: str
    confidence: float
    furniture: frozenset[str] = frozenset()


def furniture(segments: Sequence[Segment]) -> frozenset[str]:
    """A page's short segments, by which its layout is known: menus, headings and buttons are the same on pages of one template."""
    return frozenset(s.content for s in segments if count_words(s.content) <= SHORT)


def review_order(candidates: Sequence[Candidate]) -> list[str]:
    """The pages' names, least sure first, but a page waits a round for each less sure page of its site, and for each of its layout.

    So the first pages are of as many sites and layouts as there are, and ten pages of one template never stand in a row
    while other pages are left. Pages of equal confidence go by name.
    """
    of_site, of_layout = Counter[str](), Counter[int]()
    ranked: list[tuple[int, float, str]] = []
    waiting = sorted(candidates, key=lambda c: (c.confidence, c.page))
    for candidate, layout in zip(waiting, _layouts([c.furniture for c in waiting]), strict=True):
        ranked.append((of_site[candidate.site] + of_layout[layout], candidate.confidence, candidate.page))
        of_site[candidate.site] += 1
        of_layout[layout] += 1
    return [page for _, _, page in sorted(ranked)]


def order_of(proposed: Sequence[Document], model: Model | None) -> list[str]:
    """The names of proposed pages in the order of review, those without a segment left out; without a model all are equally sure."""
    waiting = [d for d in proposed if d.segments]
    said = model.predict_pages([d.segments for d in waiting]) if model else [None] * len(waiting)
    return review_order(
        [Candidate(d.page.name, d.site, p.confidence if p else 0.5, furniture(d.segments)) for d, p in zip(waiting, said, strict=True)]
    )


def _layouts(pages: Sequence[frozenset[str]]) -> list[int]:
    """The number of each page's layout: that of the first page of a layout before it that it is like, else a new one.

    Two sets that are alike share one of the rarest lines of either: of all but the share that must be common, and one more. So only pages that share one of these
    are compared (Chaudhuri, Ganti and Kaushik, "A Primitive Operator for Similarity Joins in Data Cleaning", 2006).
    """
    often = Counter(line for lines in pages for line in lines)
    known: list[frozenset[str]] = []
    having: dict[str, list[int]] = {}  # by line: the layouts of which it is one of the rarest
    found = []
    for lines in pages:
        rare = sorted(lines, key=lambda line: (often[line], line))[: len(lines) - int(ALIKE * len(lines)) + 1]
        near = sorted({layout for line in rare for layout in having.get(line, ())})
        layout = next((layout for layout in near if _alike(known[layout], lines)), len(known))
        if layout == len(known):
            known.append(lines)
            for line in rare:
                having.setdefault(line, []).append(layout)
        found.append(layout)
    return found


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    return common > 0 and common >= ALIKE * (len(one) + len(other) - common)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reviewed segment that a model which never saw its site may take for something else.

    `doubted` is one less the probability of the reviewed role, `said` the role the model takes it for.
    """

    page: str
    start: int
    end: int
    role: str
    said: str
    doubted: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        """The doubt as plain values, its text left out: it stands in the page."""
        return {"page": self.page, "start": self.start, "end": self.end, "role": self.role, "said": self.said, "doubted": round(self.doubted, 4)}  # fmt: skip


def doubts(documents: Sequence[Document], predictions: Sequence[Prediction]) -> list[Doubt]:
    """Every segment with its doubt, most doubted first.

    `predictions` are answers for the documents' segments by models that saw neither these labels nor their sites: a model
    that learned a wrong label would not doubt it. Roles tell more than labels here: of labels changed at random more are
    found at the head of the list (`benchmarks/doubts.py`).
    """
    found = []
    for document, said in zip(documents, predictions, strict=True):
        roles = document.roles.tolist()
        chances = said.probabilities[np.arange(len(roles)), roles].tolist()
        for segment, role, other, chance in zip(document.segments, roles, said.roles.tolist(), chances, strict=True):
            doubt = Doubt(document.page.name, segment.start, segment.end, ROLES[role], ROLES[other], 1 - chance, segment.content)
            found.append(doubt)
    return sorted(found, key=lambda d: (-d.doubted, d.page, d.start))


def by_page(found: Sequence[Doubt]) -> dict[str, list[Doubt]]:
    """The doubts of each page in the order of the text, pages in the order of their greatest doubt."""
    pages: dict[str, list[Doubt]] = {}
    for doubt in found:
        pages.setdefault(doubt.page, []).append(doubt)
    return {page: sorted(some, key=lambda d: d.start) for page, some in pages.items()}
