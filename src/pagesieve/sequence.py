"""Step 4 of a page's way: role scores of single segments → what their places in the page say.

A teaser's summary reads like an article's paragraph, and a reader's comment like an opinion; only the neighbourhood
betrays them. What lives here is plain numpy and the same in training and in use:

- `Context`: features made of the first pass's role probabilities over the page (where the main text lies, how far the last teaser heading is,
  likeness to the main text) and of segments that stand together or look alike, the input of the second pass (`network`);
- `InStep`: how all pages are gone through at once, segment by segment;
- `decode`: each segment's probabilities given all others', from how often roles follow each other; `of_likes`: what is said of those that look the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.features import Measures, Words, lookalikes, pages_between, stretches
from pagesieve.page import LEVELS
from pagesieve.roles import ROLES

__all__ = ["CONTEXT_NAMES", "MARKUP_NAMES", "Context", "InStep", "decode", "main_stretch", "of_likes", "transition_scores"]

Floats = NDArray[np.float32]

HEADLINE, BODY, TEASER_HEADING, COMMENT = (ROLES.index(r) for r in ("headline", "body", "teaser_heading", "comment"))
LEAST_LIKELY = 1e-6  # a role's probability to the transitions, at the least
LARGEST = 300.0  # log of how much numbers may grow or shrink before they are scaled; that of the product of two of them may be 709
FLOOR = 1e-3  # probabilities below are all the same to the second pass
FAR = 9.0  # log distance that stands for "none on this page"
MARK_AT = {TEASER_HEADING: 0.3, HEADLINE: 0.3, COMMENT: 0.4}  # probability from which a segment counts as a landmark
MOST_INDENT, MOST_BLANK = 10, 3  # columns and lines of difference beyond which it makes none
LEAST_ALIKE = 3  # segments that look the same say something about each other if there are as many
MOSTLY = 0.5  # and if they are article text less than so often, by their mean probability
HEAVIEST = 60.0  # words; a longer segment says no more about where the main text lies

GROUPS_ALIKE = ("run", "block", "form", "beginning", "ending")  # see `features.stretches` and `features.lookalikes`

CONTEXT_NAMES: tuple[str, ...] = (
    *(f"log_{role}" for role in ROLES),
    "before_main", "after_main", "to_main", "from_main", "into_main", "body_so_far", "likeness", "likeness_small",
    "indent_unlike_main", "blank_unlike_main", "length_unlike_main", "bullet_unlike_main",
    *(f"since_{ROLES[role]}" for role in MARK_AT),
    "until_teaser_heading",
    *(f"{what}_in_{group}" for group in GROUPS_ALIKE for what in (*ROLES, "size")),
)  # fmt: skip
_ALIKE = (*(f"container_{level}" for level in range(LEVELS)), "shape")
MARKUP_NAMES: tuple[str, ...] = (*(f"{role}_in_{group}" for group in _ALIKE for role in ROLES), *(f"main_in_{group}" for group in _ALIKE))


def main_stretch(probabilities: Floats, words: Floats) -> tuple[int, int]:
    """The half-open range of segments that holds the main text: the one with most words more likely body than not.

    (0, 0) if no segment is. Found as the stretch with the largest sum of `words · (2·P(body) - 1)`, P counting half of
    a headline's probability.
    """
    body = probabilities[:, BODY] + 0.5 * probabilities[:, HEADLINE]
    gain = np.minimum(words * (2 * body - 1), HEAVIEST)
    total = np.concatenate([[0.0], np.cumsum(gain, dtype=np.float64)])
    lowest = np.minimum.accumulate(total)
    stop = int(np.argmax(total - lowest))
    start = int(np.argmax(total[: stop + 1] == lowest[stop]))
    return (start, stop) if stop > start else (0, 0)


def _since(marks: NDArray[np.bool_], first: NDArray[np.int64]) -> Floats:
    """Log distance to the last marked segment strictly before, `FAR` where there is none.

    `first` (segments,) is the place of the first segment of each one's page.
    """
    place = np.arange(len(marks))
    last = np.maximum.accumulate(np.where(marks, place, -1))
    last = np.concatenate([[-1], last[:-1]])
    return np.where(last >= first, np.log1p(np.maximum(place - last, 0)), FAR).astype(np.float32)


def _until(marks: NDArray[np.bool_], last: NDArray[np.int64]) -> Floats:
    """Log distance to the next marked segment, `FAR` where there is none; `last` is the place of the last segment of each one's page."""
    return _since(marks[::-1], (len(marks) - 1 - last)[::-1])[::-1]


def _likeness(words: Words, inside: NDArray[np.bool_]) -> Floats:
    """Share of a segment's words that other segments of the main text have too; -1 for one without words."""
    own = inside[words.row]
    bag = np.bincount(words.word, own)
    shared = np.bincount(words.row, bag[words.word] > own, minlength=len(inside))
    size = np.bincount(words.row, minlength=len(inside))
    return np.where(size > 0, shared / np.maximum(size, 1), -1).astype(np.float32)


def _medians(values: Floats, page: NDArray[np.int64], inside: NDArray[np.bool_], pages: int) -> Floats:
    """The median of the `values` inside on each page, shape (pages,); 0 for a page without any."""
    chosen = np.flatnonzero(inside)
    values = values[chosen[np.lexsort((values[chosen], page[chosen]))]]
    count = np.bincount(page[chosen], minlength=pages)
    first = np.cumsum(count) - count
    some = np.flatnonzero(count)
    out = np.zeros(pages, dtype=np.float32)
    out[some] = (values[first[some] + (count[some] - 1) // 2] + values[first[some] + count[some] // 2]) / 2
    return out


def _usual(measures: Measures, page: NDArray[np.int64], inside: NDArray[np.bool_]) -> Floats:
    """What is usual in each page's main text, shape (pages, 5): the `_habits` and, last, whether there is any main text.

    Of indentation, blank lines and length it is the median, of bullets the mean; 0 without any main text.
    """
    pages = len(measures.bounds) - 1
    count = np.bincount(page[inside], minlength=pages).astype(np.float32)
    *others, bullet = _habits(measures, slice(None))
    bullets = np.bincount(page[inside], bullet[inside], minlength=pages).astype(np.float32) / np.maximum(count, 1)
    return np.stack([*(_medians(values, page, inside, pages) for values in others), bullets, count > 0], axis=1)


def _habits(measures: Measures, rows: slice) -> tuple[Floats, Floats, Floats, Floats]:
    """Indentation, blank lines above, log of the number of words and whether there is a bullet, of the segments in these rows."""
    blank, words = np.minimum(measures.blank[rows], MOST_BLANK), np.log1p(measures.words[rows])
    return measures.indent[rows], blank, words, (measures.bullet[rows] > 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Segments that have something in common, and what the first pass says of them."""

    number: NDArray[np.int32]  # (segments,): the group of each
    size: NDArray[np.int64]  # (groups,)
    means: Floats  # (groups, roles): mean probabilities

    @classmethod
    def of(cls, number: NDArray[np.int64], probabilities: Floats) -> _Groups:
        """The groups whose `number` (segments,) is given; the numbers begin at 0."""
        size = np.bincount(number)
        means = np.empty((len(size), probabilities.shape[1]), dtype=np.float32)
        for role, column in enumerate(probabilities.T):
            means[:, role] = np.bincount(number, column) / np.maximum(size, 1)
        return cls(number.astype(np.int32), size, means)


@dataclass(frozen=True, slots=True)
class Context:
    """What the first pass says of each segment's page and of the segments that it stands with or looks like: the second pass's features.

    Held is what follows from whole pages; `columns` gives the features of any stretch of segments, so that those of an endless
    page are never there all at once.
    """

    measures: Measures
    probabilities: Floats  # (segments, roles)
    mains: NDArray[np.int64]  # (pages, 2): where the main text begins and ends
    usual: Floats  # (pages, 5): see `_usual`
    alone: tuple[Floats, ...]  # (segments,) each: features that follow from the page as a whole
    alike: tuple[_Groups, ...]  # of `GROUPS_ALIKE`
    marked: tuple[_Groups, ...]  # of `_ALIKE`; () for text dumps
    shares: tuple[Floats, ...]  # (groups,) each: the share of the page's body words in each group of `marked`

    @classmethod
    def of(cls, measures: Measures, probabilities: Floats) -> Context:
        """The context that follows from the first pass's role probabilities, shape (segments, roles)."""
        bounds, page = measures.bounds, measures.page
        first, last = bounds[:-1][page], bounds[1:][page] - 1
        words = np.maximum(measures.words, 1)
        so_far = probabilities[:, BODY] * words
        mains = np.zeros((len(bounds) - 1, 2), dtype=np.int64)
        inside = probabilities[:, BODY] > 0.5
        for number, (begin, end) in enumerate(itertools.pairwise(bounds.tolist())):
            start, stop = main_stretch(probabilities[begin:end], words[begin:end])
            mains[number] = begin + start, begin + stop
            inside[begin : begin + start] = inside[begin + stop : end] = False
            so_far[begin:end] = np.cumsum(so_far[begin:end])
        headings = probabilities[:, TEASER_HEADING] > MARK_AT[TEASER_HEADING]
        alone = (
            so_far / np.maximum(so_far[last], np.float32(1e-9)),
            _likeness(measures.long_words, inside),  # what it is about
            _likeness(measures.small_words, inside),  # how it speaks: a notice says "we" and "you", a report doesn't
            *(_since(probabilities[:, role] > least, first) for role, least in MARK_AT.items()),
            _until(headings, last),
        )
        alike = tuple(_Groups.of(number, probabilities) for number in (*stretches(measures), *lookalikes(measures)))
        marked, shares = _marked(measures, probabilities)
        return cls(measures, probabilities, mains, _usual(measures, page, inside), alone, alike, marked, shares)

    def columns(self, begin: int, end: int) -> Iterator[NDArray[Any]]:
        """The features of the segments from `begin` to `end`, one or more columns at a time: those of `CONTEXT_NAMES`.

        On an HTML page those of `MARKUP_NAMES` follow them.
        """
        yield np.log(self.probabilities[begin:end] + FLOOR)
        page = pages_between(self.measures.bounds, begin, end)
        yield from self._single(page, begin, end)
        yield from self._together(begin, end)
        for groups in self.marked:
            yield groups.means.take(groups.number[begin:end], axis=0)
        for groups, share in zip(self.marked, self.shares, strict=True):
            yield share[groups.number[begin:end]]

    def _single(self, page: NDArray[np.int64], begin: int, end: int) -> Iterator[NDArray[Any]]:
        """Where the segments lie on their page, and how they differ from its main text."""
        place = np.arange(begin, end)
        start, stop = self.mains[page].T
        yield place < start
        yield place >= stop
        yield np.log1p(np.maximum(start - place, 0))
        yield np.log1p(np.maximum(place - stop + 1, 0))
        yield np.log1p(np.maximum(np.minimum(place - start, stop - 1 - place), -1) + 1)
        so_far, likeness, likeness_small, *landmarks = (column[begin:end] for column in self.alone)
        yield from (so_far, likeness, likeness_small)
        *usual, some = self.usual[page].T
        indent, *others = (own - of_main for own, of_main in zip(_habits(self.measures, slice(begin, end)), usual, strict=True))
        yield from (some * unlike for unlike in (np.clip(indent, -MOST_INDENT, MOST_INDENT), *others))
        yield from landmarks

    def _together(self, begin: int, end: int) -> Iterator[NDArray[Any]]:
        """What the first pass says of the segments that stand together or look alike: their mean probabilities and the log of their number.

        A story's kicker or the fortieth line of an article's table says little by itself; its likes do.
        """
        for groups in self.alike:
            number = groups.number[begin:end]
            yield groups.means.take(number, axis=0)
            yield np.log1p(groups.size[number])


def _marked(measures: Measures, probabilities: Floats) -> tuple[tuple[_Groups, ...], tuple[Floats, ...]]:
    """The segments in the same containers and of the same shape, and which share of its page's body words each such group has."""
    markup = measures.markup
    if markup is None:
        return (), ()
    body = probabilities[:, BODY] * np.maximum(measures.words, 1)
    total = np.maximum([float(body[begin:end].sum()) for begin, end in itertools.pairwise(measures.bounds.tolist())], 1e-9)
    page = measures.page
    groups = tuple(_Groups.of(number, probabilities) for number in (*markup.containers.T, markup.shape))
    shares = []
    for of in groups:
        page_of = np.zeros(len(of.size), dtype=np.int64)
        page_of[of.number] = page
        shares.append((np.bincount(of.number, body) / total[page_of]).astype(np.float32))
    return groups, tuple(shares)


def transition_scores(sequences: list[NDArray[np.int64]]) -> Floats:
    """Log ratio of how often one role follows another to how often it would by chance, shape (roles, roles).

    Learned from the true roles of training pages, one array a page, with one added to every count.
    """
    k = len(ROLES)
    pairs = np.ones((k, k))
    for roles in sequences:
        np.add.at(pairs, (roles[:-1], roles[1:]), 1)
    total = pairs.sum()
    chance = np.outer(pairs.sum(1), pairs.sum(0)) / total
    return np.asarray(np.log(pairs / chance), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class InStep:
    """How segments lie where all pages go in step: first stand the first segments of all pages, then the second ones, the longest page first.

    So those pages that still go on are the first ones of each step.
    """

    forward: NDArray[np.int64]  # (segments,): which segment stands there, on the pages' way forward
    backward: NDArray[np.int64]  # and backward
    begins: NDArray[np.int64]  # (steps + 1,): where each step begins, and where the last one ends

    @classmethod
    def of(cls, bounds: NDArray[np.int64]) -> InStep:
        """That of the pages with these bounds (see `Looks`)."""
        sizes = np.diff(bounds)
        order = np.argsort(-sizes, kind="stable")
        active = np.searchsorted(-sizes[order], -np.arange(sizes.max(initial=0)), side="left")  # pages longer than so many segments
        begin = np.concatenate([[0], np.cumsum(active)])
        step = np.repeat(np.arange(len(active)), active)
        page = order[np.arange(begin[-1]) - begin[step]]
        return cls(bounds[page] + step, bounds[page + 1] - 1 - step, begin)

    def steps(self) -> Iterator[tuple[slice, slice]]:
        """Of each step but the first, where the same pages' segments stand that come before, and where its own stand; one by one, an endless page has many."""
        begins = self.begins.tolist()
        for before, own, end in zip(begins, begins[1:], begins[2:], strict=False):
            yield slice(before, before + end - own), slice(own, end)

    def both(self, values: Floats) -> Floats:
        """`values` (segments, columns) in step, the first half of the columns on the way forward, the other one backward."""
        half = values.shape[1] // 2
        return np.concatenate([values[:, :half].take(self.forward, axis=0), values[:, half:].take(self.backward, axis=0)], axis=1)

    def back(self, values: Floats) -> Floats:
        """What `both` made as it was."""
        half = values.shape[1] // 2
        out = np.empty_like(values)
        out[self.forward, :half], out[self.backward, half:] = values[:, :half], values[:, half:]
        return out

    def run(self, keep: Floats, values: Floats) -> None:
        """Add to `values`, in their place, what is kept of those one step before. Uses `keep` up."""
        for before, own in self.steps():
            kept, state = keep[own], values[own]  # in the place of `keep`, too: what is made anew costs time
            kept *= values[before]
            state += kept

    def run_back(self, keep: Floats, values: Floats) -> None:
        """Add to `values`, in their place, what is kept of them one step later, from the last step on: how what `run` gives changes with what it is given.

        Uses `keep` up.
        """
        for before, own in reversed([*self.steps()]):
            kept, state = keep[own], values[before]
            kept *= values[own]
            state += kept


def decode(probabilities: Floats, transitions: Floats, bounds: NDArray[np.int64] | None = None) -> Floats:
    """Each segment's role probabilities given the whole page (forward-backward), shape (segments, roles).

    `probabilities` holds those given the segment's own features, shape (segments, roles); `transitions` (roles, roles) log
    weights of one role following another. All-zero transitions change nothing; zero segments give an empty array. `bounds`
    are those of the pages (see `Looks`); None for the segments of one.
    """
    n = len(probabilities)
    if not n or not transitions.any():
        return probabilities
    bounds = np.array([0, n]) if bounds is None else bounds
    likely = np.maximum(probabilities, LEAST_LIKELY).astype(np.float64)
    likely /= likely.max(1, keepdims=True)
    forth = np.exp(transitions.astype(np.float64))
    ways = np.stack([forth, forth.T])
    in_step = InStep.of(bounds)
    both = np.empty((n, 2, 1, probabilities.shape[1]), dtype=np.float64)  # beside a page's way forward goes that backward
    both[:, 0, 0], both[:, 1, 0] = likely[in_step.forward], likely[in_step.backward]
    unscaled = max(1, int(LARGEST / (np.abs(transitions).max() + math.log(len(transitions)))))
    for number, (before, own) in enumerate(in_step.steps(), 1):
        state = both[own]
        state *= np.matmul(both[before], ways)
        if number % unscaled == 0:
            state /= np.add.reduce(state, axis=3, keepdims=True)
    marginals = np.empty((n, probabilities.shape[1]), dtype=np.float64)
    marginals[in_step.forward] = both[:, 0, 0]
    marginals[in_step.backward] *= both[:, 1, 0]
    del both, in_step  # those of an endless page are large
    marginals /= likely
    marginals /= marginals.sum(1, keepdims=True)
    found = marginals.astype(np.float32)
    lone = bounds[:-1][np.diff(bounds) == 1]
    found[lone] = probabilities[lone]  # nothing follows it
    return found


def of_likes(probabilities: Floats, number: NDArray[np.int64]) -> Floats:
    """What is said of the segments that look like each one, itself included: their mean probabilities, shape (segments, roles).

    `number` (segments,) is alike for those that look the same and counts from 0. Of fewer than `LEAST_ALIKE` each keeps its own, and so do those that are
    article text on the whole: between paragraphs stand lines that point to other stories, in the same clothes.
    """
    alike = _Groups.of(number, probabilities)
    told = (alike.size >= LEAST_ALIKE) & (alike.means[:, BODY] + alike.means[:, HEADLINE] < MOSTLY)
    return np.where(told[number, None], alike.means[number], probabilities)
