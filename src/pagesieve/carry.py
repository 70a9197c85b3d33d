"""Beside a page's way: labels of one rendering of a page → the same labels on another rendering of it.

Labels belong to the text they were set on. Another program's dump of the same page, or its HTML view, holds the same
words in nearly the same order, with other line breaks and marks between them. So the two texts' words are aligned by
their longest common subsequence, and each word of the other rendering takes the role of the word it stands for. Programs
write words of neighbouring elements together or don't: such words are found, too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.corpus import Label
from pagesieve.page import Segment
from pagesieve.roles import ROLES

__all__ = ["WORD", "Carried", "aligned", "carry", "counterparts"]

UNKNOWN = -1
MOST_COMPARED = 1_000_000_000  # words of one text times words of the other; each costs a bit
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")


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
    source = [(match[0].lower(), match.start()) for match in WORD.finditer(text)]
    target, owner = _words(segments)
    pairs = aligned([word for word, _ in source], target)
    role_at = _roles_at(labels, [start for _, start in source])
    counts = np.zeros((len(segments), len(ROLES)))
    total = np.bincount(owner, minlength=len(segments))
    if len(pairs):
        np.add.at(counts, (owner[pairs[:, 1]], role_at[pairs[:, 0]]), 1)
    roles = np.where(counts.any(1), counts.argmax(1), UNKNOWN)
    known = np.bincount(owner[np.unique(pairs[:, 1])], minlength=len(segments))
    found = float(len(np.unique(pairs[:, 0])) / len(source)) if source else 1.0
    return Carried(_filled(roles), known / np.maximum(total, 1), found)


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
    found = [(match[0].lower(), number) for number, segment in enumerate(segments) for match in WORD.finditer(segment.text)]
    return [word for word, _ in found], np.fromiter((number for _, number in found), dtype=np.int64, count=len(found))


def aligned(source: Sequence[str], target: Sequence[str]) -> NDArray[np.int64]:
    """Pairs (place in `source`, place in `target`), in order, shape (pairs, 2): a longest common subsequence, and between its words
    those of which one text has as one what the other has as several ("allgemeine", "zeitungtesten").
    """
    pairs: list[tuple[int, int]] = []
    at, to = 0, 0  # what is dealt with of either text
    for begin, other, count in _same(source, target, (0, len(source)), (0, len(target))):
        pairs += _glued(source, target, (at, begin), (to, other))
        pairs += zip(range(begin, begin + count), range(other, other + count), strict=True)
        at, to = begin + count, other + count
    pairs += _glued(source, target, (at, len(source)), (to, len(target)))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _same(source: Sequence[str], target: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """What is the same in these stretches of both texts, in order: place in `source`, place in `target`, number of words.

    It is a longest common subsequence, whose memory grows with the product of both lengths. Where that is too much the words that each stretch has once and
    that follow each other alike stay in their place, and what lies between them is compared; nothing of it is the same where there are none.
    """
    from rapidfuzz.distance import LCSseq  # of the extra `train`

    if (left[1] - left[0]) * (right[1] - right[0]) <= MOST_COMPARED:
        for block in LCSseq.opcodes(source[slice(*left)], target[slice(*right)]):
            if block.tag == "equal":
                yield left[0] + block.src_start, right[0] + block.dest_start, block.src_end - block.src_start
        return
    anchors = _anchors(source, target, left, right)
    at, to = left[0], right[0]
    for place, other in anchors:
        yield from _same(source, target, (at, place), (to, other))
        yield place, other, 1
        at, to = place + 1, other + 1
    if anchors:
        yield from _same(source, target, (at, left[1]), (to, right[1]))


def _anchors(source: Sequence[str], target: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> list[tuple[int, int]]:
    """The longest row of words that stand once in each of the stretches, in the same order in both, by their places."""
    once = Counter(source[slice(*left)]), Counter(target[slice(*right)])
    other_of = {target[place]: place for place in range(*right) if once[1][target[place]] == 1}
    ends: list[int] = []  # of the best row of each length, the place of its last word in `target`
    rows: list[tuple[int, int, int]] = []  # by word: its places, and the row's word before it, -1 for none
    last: list[int] = []  # of these rows, their last word's number
    for place in range(*left):
        other = other_of.get(source[place])
        if other is not None and once[0][source[place]] == 1:
            length = bisect_left(ends, other)
            ends[length : length + 1], last[length : length + 1] = [other], [len(rows)]
            rows.append((place, other, last[length - 1] if length else -1))
    found = []
    number = last[-1] if last else -1
    while number >= 0:
        place, other, number = rows[number]
        found.append((place, other))
    return found[::-1]


def _glued(source: Sequence[str], target: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> list[tuple[int, int]]:
    """Pairs of words within these stretches of both texts of which one is made of several adjacent words of the other."""
    if left[0] == left[1] or right[0] == right[1]:
        return []
    found = [(whole, part) for whole, parts in _wholes(source, target, left, right) for part in parts]
    found += [(part, whole) for whole, parts in _wholes(target, source, right, left) for part in parts]
    return sorted(found)


def _wholes(wholes: Sequence[str], parts: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> Iterator[tuple[int, range]]:
    """The words of `wholes` between the places `left` that are several adjacent words of `parts` between the places `right`."""
    places: dict[str, list[int]] = {}
    for place in range(*right):
        places.setdefault(parts[place], []).append(place)
    longest = max(map(len, places), default=0)
    first = right[0]
    for whole in range(*left):
        word = wholes[whole]
        for size in range(1, min(len(word), longest + 1)):
            known = places.get(word[:size], [])
            nearest = bisect_left(known, first)
            if nearest == len(known):
                continue
            stop, length = known[nearest] + 1, size
            while stop < right[1] and length < len(word) and word.startswith(parts[stop], length):
                length += len(parts[stop])
                stop += 1
            if length == len(word):
                yield whole, range(known[nearest], stop)
                first = stop
                break


def _roles_at(labels: Sequence[Label], places: Sequence[int]) -> NDArray[np.int64]:
    """The role at each character place (in ascending order); boilerplate where no label is."""
    starts = np.array([label.start for label in labels], dtype=np.int64)
    which = np.searchsorted(starts, places, side="right") - 1
    roles = np.array([*(ROLES.index(label.role) for label in labels), ROLES.index("boilerplate")], dtype=np.int64)
    ends = np.array([*(label.end for label in labels), -1], dtype=np.int64)
    return np.asarray(np.where(np.asarray(places, dtype=np.int64) < ends[which], roles[which], ROLES.index("boilerplate")))


def _filled(roles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Unknown roles replaced: by that of the known neighbours before and after where they agree, else by boilerplate.

    Beyond the first and the last known one that is boilerplate: what a program adds there, such as a list of addresses.
    """
    known = np.flatnonzero(roles != UNKNOWN)
    around = np.pad(roles[known], 1, constant_values=ROLES.index("boilerplate"))
    place = np.searchsorted(known, np.arange(len(roles)))
    agreed = np.where(around[place] == around[place + 1], around[place], ROLES.index("boilerplate"))
    return np.asarray(np.where(roles == UNKNOWN, agreed, roles), dtype=np.int64)
