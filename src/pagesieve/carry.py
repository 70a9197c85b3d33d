"""Beside a page's way: labels of one rendering of a page → the same labels on another rendering of it.

Labels belong to the text they were set on. Another program's dump of the same page, or its HTML view, holds the same
words in nearly the same order, with other line breaks and marks between them. So the two texts' words are aligned by
their longest common subsequence, and each word of the other rendering takes the role of the word it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.corpus import Label
from pagesieve.page import Segment
from pagesieve.roles import ROLES

__all__ = ["Carried", "carry", "counterparts"]

UNKNOWN = -1
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")


@dataclass(frozen=True, slots=True)
class Carried:
    """Labels carried to another rendering: `roles` of its segments (places in `ROLES`), and how well the texts agree.

    `found` is the share of the labelled text's words that have their place in the other rendering, 1.0 if there are none.
    `known` (segments,) is the share of each segment's words that have one in the labelled text (0.0 without words); a segment
    without any takes the role of its neighbours where both have the same, else boilerplate.
    """

    roles: NDArray[np.int64]
    known: NDArray[np.float64]
    found: float


def carry(labels: Sequence[Label], text: str, segments: Sequence[Segment]) -> Carried:
    """The roles of `segments` of another rendering of the page whose `text` has these `labels`."""
    source = [(match[0].lower(), match.start()) for match in _WORD.finditer(text)]
    target, owner = _words(segments)
    pairs = aligned([word for word, _ in source], target)
    role_at = _roles_at(labels, [start for _, start in source])
    counts = np.zeros((len(segments), len(ROLES)))
    total = np.bincount(owner, minlength=len(segments))
    if len(pairs):
        np.add.at(counts, (owner[pairs[:, 1]], role_at[pairs[:, 0]]), 1)
    roles = np.where(counts.any(1), counts.argmax(1), UNKNOWN)
    found = float(len(pairs) / len(source)) if source else 1.0
    return Carried(_filled(roles), counts.sum(1) / np.maximum(total, 1), found)


def counterparts(source: Sequence[Segment], target: Sequence[Segment]) -> NDArray[np.int64]:
    """For each segment of one rendering the place of the one that holds most of its words in another, -1 for none; shape (source,)."""
    (words, owner), (others, other_owner) = _words(source), _words(target)
    found = np.full(len(source), UNKNOWN)
    pairs = aligned(words, others)
    if len(pairs):
        codes, counts = np.unique(owner[pairs[:, 0]] * len(target) + other_owner[pairs[:, 1]], return_counts=True)
        codes = codes[np.lexsort((-codes, counts))]  # most words last, of equals the first place
        found[codes // len(target)] = codes % len(target)
    return found


def _words(segments: Sequence[Segment]) -> tuple[list[str], NDArray[np.int64]]:
    """All words of the segments, and the number of each one's segment."""
    found = [(match[0].lower(), number) for number, segment in enumerate(segments) for match in _WORD.finditer(segment.text)]
    return [word for word, _ in found], np.fromiter((number for _, number in found), dtype=np.int64, count=len(found))


def aligned(source: Sequence[str], target: Sequence[str]) -> NDArray[np.int64]:
    """Pairs (place in `source`, place in `target`) of a longest common subsequence, in order, shape (pairs, 2)."""
    from rapidfuzz.distance import LCSseq  # of the extra `train`

    blocks = LCSseq.opcodes(source, target)
    runs = [np.stack([np.arange(b.src_start, b.src_end), np.arange(b.dest_start, b.dest_end)], 1) for b in blocks if b.tag == "equal"]
    return np.concatenate([np.zeros((0, 2), dtype=np.int64), *runs])


def _roles_at(labels: Sequence[Label], places: Sequence[int]) -> NDArray[np.int64]:
    """The role at each character place (in ascending order); boilerplate where no label is."""
    starts = np.array([label.start for label in labels], dtype=np.int64)
    which = np.searchsorted(starts, places, side="right") - 1
    roles = np.array([*(ROLES.index(label.role) for label in labels), ROLES.index("boilerplate")], dtype=np.int64)
    ends = np.array([*(label.end for label in labels), -1], dtype=np.int64)
    return np.asarray(np.where(np.asarray(places, dtype=np.int64) < ends[which], roles[which], ROLES.index("boilerplate")))


def _filled(roles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Unknown roles replaced: by that of the known neighbours before and after where they agree, else by boilerplate."""
    known = np.flatnonzero(roles != UNKNOWN)
    if not len(known):
        return np.full_like(roles, ROLES.index("boilerplate"))
    place = np.searchsorted(known, np.arange(len(roles)))
    before, after = roles[known[np.maximum(place - 1, 0)]], roles[known[np.minimum(place, len(known) - 1)]]
    agreed = np.where(before == after, before, ROLES.index("boilerplate"))
    return np.asarray(np.where(roles == UNKNOWN, agreed, roles), dtype=np.int64)
