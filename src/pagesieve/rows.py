"""Beside a page's way: samples → the first pass's training rows, numbers on disk that all fits of a cross-validation share.

A segment's terms are counted once, by their hashes, and kept as numbers of a vocabulary that every fit takes its part of; strings are
made only of the terms that are frequent enough to be learned. Of more segments than `MOST` a random part is learned from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pagesieve.features import Measures
from pagesieve.shelf import Column, Shelf
from pagesieve.words import TermIndex, Vocabulary, hashes

__all__ = ["Rows", "Sample", "drawn"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
MOST = 1_500_000  # segments that first passes learn from
TOGETHER = 1 << 22  # hashes of terms counted at once
PIECE = 1 << 16  # rows whose matrix is made at once


@dataclass(frozen=True, slots=True)
class Sample:
    """A document as the learner sees it: measures and layout of its segments, their true roles, and whether the first pass learns from it."""

    site: str
    name: str
    measures: Measures
    columns: Floats
    roles: NDArray[np.int64]
    first: bool = True


def drawn(sizes: Sequence[int], most: int, seed: int) -> list[NDArray[np.bool_]]:
    """Which segments to learn from, of pages with so many: all; where that makes more than `most`, a random part of them."""
    used = np.ones(sum(sizes), dtype=np.bool_)
    used[np.random.RandomState(seed).permutation(len(used))[most:]] = False
    return np.split(used, np.cumsum(sizes)[:-1])


@dataclass(frozen=True)
class Rows:
    """Segments to learn from, page by page in the order of the pages' names. Arrays have one entry a row and lie on disk.

    `terms` holds one list, the strings of all `width` terms that may be learned, sorted; a term's number is its place there. Row i has the
    terms `numbers[begin[i]:begin[i + 1]]`, ascending, as often as `counts` says.
    """

    sample: NDArray[np.int32]  # number of the sample that it is a segment of
    truth: NDArray[np.int8]  # role
    columns: Floats  # (rows, layout columns)
    begin: NDArray[np.int64]  # (rows + 1,)
    numbers: NDArray[np.int32]
    counts: NDArray[np.uint16]
    width: int
    terms: Shelf[list[str]]

    @classmethod
    def of(cls, samples: Sequence[Sample], folder: Path, least: int | None, seed: int) -> Rows:
        """The rows of those samples that the first pass learns from, written to `folder`; terms are those that they hold `least` times, None for no terms."""
        names, lengths, first = zip(*((sample.name, len(sample.roles), sample.first) for sample in samples), strict=True)
        order = sorted(np.flatnonzero(first).tolist(), key=names.__getitem__)  # so that the samples' order does not tell in the result
        used = dict(zip(order, drawn([lengths[number] for number in order], MOST, seed), strict=True))
        terms = [] if least is None else _frequent(samples, order, used, least)
        index = TermIndex(Vocabulary.of(terms))
        sample = Column(folder / "sample", np.int32)
        truth = Column(folder / "truth", np.int8)
        columns = Column(folder / "columns", np.float32, (samples[0].columns.shape[1],))
        sizes, numbers, counts = (
            Column(folder / "sizes", np.int64),
            Column(folder / "numbers", np.int32),
            Column(folder / "counts", np.uint16),
        )
        for number in order:
            one, use = samples[number], used[number]
            sample.extend(np.full(int(use.sum()), number))
            truth.extend(one.roles[use])
            columns.extend(one.columns[use])
            places, found, count = index.counted(*_hashed(one.measures))
            sizes.extend(np.bincount(places, minlength=len(use))[use])
            numbers.extend(found[use[places]])
            counts.extend(count[use[places]])
        begin = np.concatenate([[0], np.cumsum(sizes.array())])
        return cls(
            sample.array(),
            truth.array(),
            columns.array(),
            begin,
            numbers.array(),
            counts.array(),
            len(terms),
            Shelf([terms]),
        )

    def pieces(self, places: Ints) -> Iterator[tuple[Ints, csr_matrix]]:
        """The rows at these places, some at a time, and how often each has each term: (places, (rows, terms) matrix of whole numbers)."""
        counts = csr_matrix((self.counts, self.numbers, self.begin), shape=(len(self.truth), self.width))
        for start in range(0, len(places), PIECE):
            some = places[start : start + PIECE]
            yield some, counts[some]


def _hashed(measures: Measures) -> tuple[Ints, Hashes]:
    """(segment, hash) of each term of a page."""
    pieces = list(measures.hashed_terms())
    return np.concatenate([piece.row + piece.begin for piece in pieces]), np.concatenate([piece.hash for piece in pieces])


def _frequent(samples: Sequence[Sample], order: Sequence[int], used: dict[int, NDArray[np.bool_]], least: int) -> list[str]:
    """The terms that the used segments hold at least so often, sorted."""

    def hashed(number: int) -> Hashes:
        rows, terms = _hashed(samples[number].measures)
        return terms[used[number][rows]]

    found, total, first = _counted((number, hashed(number)) for number in order)
    enough = np.flatnonzero(total >= least)
    if not len(enough):
        return []
    enough = enough[np.argsort(first[enough], kind="stable")]
    numbers, begin = np.unique(first[enough], return_index=True)
    terms: list[str] = []
    for number, wanted in zip(numbers.tolist(), np.split(found[enough], begin[1:]), strict=True):
        measures = samples[number].measures
        rows, hashed_terms = _hashed(measures)
        places = np.unique(rows[np.isin(hashed_terms, wanted)])
        candidates = list({term for place in places.tolist() for term in measures.terms_of(place)})
        terms += [candidates[i] for i in np.flatnonzero(np.isin(hashes(candidates), wanted)).tolist()]
    return sorted(terms)


def _counted(pages: Iterator[tuple[int, Hashes]]) -> tuple[Hashes, Ints, Ints]:
    """Each hash once, ascending, how often it is there, and the number of the first page that has it."""
    table = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    waiting = [table]
    size = 0
    for number, found in pages:
        waiting.append((found, np.ones(len(found), dtype=np.int64), np.full(len(found), number)))
        size += len(found)
        if size > max(TOGETHER, len(table[0])):
            table, size = _merged(waiting), 0
            waiting = [table]
    return _merged(waiting)


def _merged(tables: Sequence[tuple[Hashes, Ints, Ints]]) -> tuple[Hashes, Ints, Ints]:
    found, total, first = (np.concatenate(columns) for columns in zip(*tables, strict=True))
    order = np.argsort(found, kind="stable")  # so that the first page stays first
    begin = np.flatnonzero(np.concatenate([np.ones(min(len(found), 1), dtype=np.bool_), np.diff(found[order]) != 0]))
    if not len(begin):
        return found, total, first
    return found[order][begin], np.add.reduceat(total[order], begin), first[order][begin]
