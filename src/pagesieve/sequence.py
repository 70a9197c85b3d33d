"""Step 4 of a page's way: role scores of single segments → what their places in the page say.

A teaser's summary reads like an article's paragraph, and a reader's comment like an opinion; only the neighbourhood
betrays them. Two things live here, both plain numpy and both the same in training and in use:

- `context`: features made of the first pass's role probabilities around a segment and over the page (where the main
  text lies, how far the last teaser heading is, likeness to the main text), the input of the second pass;
- `decode`: each segment's probabilities given all others', from how often roles follow each other.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from pagesieve.features import Measures, Words, lookalikes, means_around, shifted, stretches
from pagesieve.page import LEVELS
from pagesieve.roles import ROLES

__all__ = ["CONTEXT_NAMES", "MARKUP_NAMES", "context", "context_blocks", "decode", "main_stretch", "transition_scores"]

Floats = NDArray[np.float32]

HEADLINE, BODY, TEASER_HEADING, COMMENT = (ROLES.index(r) for r in ("headline", "body", "teaser_heading", "comment"))
NEAR = (-3, -2, -1, 0, 1, 2, 3)  # places whose role probabilities a segment is told
AROUND = ((-6, -1), (1, 6), (-15, -1), (1, 15))  # stretches whose mean probabilities it is told
FLOOR = 1e-3  # probabilities below are all the same to the second pass
FAR = 9.0  # log distance that stands for "none on this page"
MARK_AT = {TEASER_HEADING: 0.3, HEADLINE: 0.3, COMMENT: 0.4}  # probability from which a segment counts as a landmark
MOST_INDENT, MOST_BLANK = 10, 3  # columns and lines of difference beyond which it makes none
HEAVIEST = 60.0  # words; a longer segment says no more about where the main text lies

GROUPS_ALIKE = ("run", "block", "form", "beginning", "ending")  # see `features.stretches` and `features.lookalikes`

CONTEXT_NAMES: tuple[str, ...] = (
    *(f"{role}_at_{by}" for by in NEAR for role in ROLES),
    *(f"{role}_in_{low}_{high}" for low, high in AROUND for role in ROLES),
    "before_main", "after_main", "to_main", "from_main", "into_main", "body_so_far", "likeness", "likeness_small",
    "indent_unlike_main", "blank_unlike_main", "length_unlike_main", "bullet_unlike_main",
    *(f"since_{ROLES[role]}" for role in MARK_AT),
    "until_teaser_heading",
    *(f"{what}_in_{group}" for group in GROUPS_ALIKE for what in (*ROLES, "size")),
    *(f"{what}_{group}" for group in GROUPS_ALIKE[:2] for what in (*(f"{role}_{side}" for side in ("before", "after") for role in ROLES), "into", "left_in")),
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


def _unlike_main(measures: Measures, page: NDArray[np.int64], inside: NDArray[np.bool_]) -> list[Floats]:
    """How a segment's indentation, blank lines above, length and bullet differ from what is usual in the main text."""
    pages = len(measures.bounds) - 1
    count = np.bincount(page[inside], minlength=pages).astype(np.float32)
    some = (count > 0)[page]
    indent, blank = measures.indent, np.minimum(measures.blank, MOST_BLANK)
    length, bullet = np.log1p(measures.words), (measures.bullet > 0).astype(np.float32)
    bullets = np.bincount(page[inside], bullet[inside], minlength=pages).astype(np.float32) / np.maximum(count, 1)
    return [
        some * np.clip(indent - _medians(indent, page, inside, pages)[page], -MOST_INDENT, MOST_INDENT),
        some * (blank - _medians(blank, page, inside, pages)[page]),
        some * (length - _medians(length, page, inside, pages)[page]),
        some * (bullet - bullets[page]),
    ]


def _alike(groups: NDArray[np.int64], values: Floats) -> Floats:
    """Mean of `values` (segments, columns) over the segments of the same group, for each segment."""
    count = np.maximum(np.bincount(groups), 1)
    total = np.stack([np.bincount(groups, column) for column in values.T], axis=1)
    return np.asarray((total / count[:, None]).take(groups, axis=0), dtype=np.float32)


def _together(measures: Measures, probabilities: Floats) -> list[Floats]:
    """What the first pass says of the segments that stand together or look alike, and of what surrounds where they stand.

    A story's kicker or the fortieth line of an article's table says little by itself; its likes do. For each group of `GROUPS_ALIKE` the
    mean probabilities and the log of its size; for the two that are stretches of a page the probabilities of the segments right before and
    right after (0 beyond the page's ends), and the log distances to the stretch's ends.
    """
    along = stretches(measures)
    columns: list[Floats] = []
    for group in (*along, *lookalikes(measures)):
        columns += [_alike(group, probabilities), np.log1p(np.bincount(group)[group])[:, None]]
    page, place = measures.page, np.arange(len(measures))
    for group in along:
        first, last = np.searchsorted(group, group), np.searchsorted(group, group, side="right") - 1
        for edge, by in ((first, -1), (last, 1)):
            beside = np.clip(edge + by, 0, len(measures) - 1)
            outside = (beside == edge) | (page[beside] != page)
            columns.append(np.where(outside[:, None], 0, probabilities[beside]))
        columns.append(np.log1p(np.stack([place - first, last - place], axis=1)))
    return columns


def _markup_context(measures: Measures, probabilities: Floats) -> list[Floats]:
    """What the first pass says of the segments in the same containers and of the same shape: columns of `MARKUP_NAMES`."""
    markup = measures.markup
    assert markup is not None
    body = probabilities[:, BODY] * np.maximum(measures.words, 1)
    sums = [float(body[begin:end].sum()) for begin, end in itertools.pairwise(measures.bounds.tolist())]
    total = np.maximum(sums, 1e-9)[measures.page]
    groups = [*markup.containers.T, markup.shape]
    shares = [np.bincount(group, body)[group] / total for group in groups]
    return [*(_alike(group, probabilities) for group in groups), np.stack(shares, 1)]


def context(measures: Measures, probabilities: Floats) -> Floats:
    """The second pass's features, shape (segments, len(CONTEXT_NAMES)), from the first pass's role probabilities.

    On an HTML page those of `MARKUP_NAMES` follow them.
    """
    return np.concatenate(context_blocks(measures, probabilities), axis=1, dtype=np.float32)


def context_blocks(measures: Measures, probabilities: Floats) -> list[Floats]:
    """The columns of `context` in blocks, shape (segments, some) each."""
    n, bounds, page = len(measures), measures.bounds, measures.page
    first, last = bounds[:-1][page], bounds[1:][page] - 1
    place = np.arange(n)
    words = np.maximum(measures.words, 1)
    log = np.log(probabilities + FLOOR)
    body_words = probabilities[:, BODY] * words
    mains = np.zeros((len(bounds) - 1, 2), dtype=np.int64)
    for number, (begin, end) in enumerate(itertools.pairwise(bounds.tolist())):
        mains[number] = main_stretch(probabilities[begin:end], words[begin:end])
        body_words[begin:end] = np.cumsum(body_words[begin:end])
    start, stop = (mains[page] + first[:, None]).T
    inside = (place >= start) & (place < stop) & (probabilities[:, BODY] > 0.5)
    headings = probabilities[:, TEASER_HEADING] > MARK_AT[TEASER_HEADING]
    single = [
        place < start,
        place >= stop,
        np.log1p(np.maximum(start - place, 0)),
        np.log1p(np.maximum(place - stop + 1, 0)),
        np.log1p(np.maximum(np.minimum(place - start, stop - 1 - place), -1) + 1),
        body_words / np.maximum(body_words[last], np.float32(1e-9)),
        _likeness(measures.long_words, inside),  # what it is about
        _likeness(measures.small_words, inside),  # how it speaks: a notice says "we" and "you", a report doesn't
        *_unlike_main(measures, page, inside),
        *(_since(probabilities[:, role] > least, first) for role, least in MARK_AT.items()),
        _since(headings[::-1], (n - 1 - last)[::-1])[::-1],
    ]
    found = [
        *(shifted(log, by, float(np.log(FLOOR)), bounds) for by in NEAR),
        *means_around(probabilities, AROUND, bounds),
        np.stack(single, 1),
        *_together(measures, probabilities),
    ]
    return found if measures.markup is None else [*found, *_markup_context(measures, probabilities)]


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


def decode(probabilities: Floats, transitions: Floats, bounds: NDArray[np.int64] | None = None) -> Floats:
    """Each segment's role probabilities given the whole page (forward-backward), shape (segments, roles).

    `probabilities` holds those given the segment's own features, shape (segments, roles); `transitions` (roles, roles) log
    weights of one role following another. All-zero transitions change nothing; zero segments give an empty array. `bounds`
    are those of the pages (see `Measures`); None for the segments of one.
    """
    n = len(probabilities)
    if not n or not transitions.any():
        return probabilities
    bounds = np.array([0, n]) if bounds is None else bounds
    likely = np.maximum(probabilities, 1e-6).astype(np.float64)
    forth = np.exp(transitions.astype(np.float64))
    steps = np.stack([forth, forth.T])
    # All pages go in step: row by row of `both` stand the first segments of all pages, then the second ones, the longest page
    # first, so that those which still go on are the first ones of each step. Beside a page's way forward goes that backward.
    sizes = np.diff(bounds)
    order = np.argsort(-sizes, kind="stable")
    active = np.searchsorted(-sizes[order], -np.arange(sizes.max()), side="left")  # pages longer than so many segments
    begin = np.concatenate([[0], np.cumsum(active)])
    step = np.repeat(np.arange(len(active)), active)
    page = order[np.arange(n) - begin[step]]
    forward, backward = bounds[page] + step, bounds[page + 1] - 1 - step
    both = np.stack([likely[forward], likely[backward]], axis=1)[:, :, None, :]
    state = both[: active[0]]
    for i in range(1, len(active)):
        state = np.matmul(state[: active[i]], steps)
        state *= both[begin[i] : begin[i + 1]]
        state /= state.sum(axis=3, keepdims=True)
        both[begin[i] : begin[i + 1]] = state
    ahead, behind = np.empty_like(likely), np.empty_like(likely)
    ahead[forward], behind[backward] = both[:, 0, 0], both[:, 1, 0]
    marginals = ahead * behind / likely
    found = np.asarray(marginals / marginals.sum(1, keepdims=True), dtype=np.float32)
    lone = bounds[:-1][sizes == 1]
    found[lone] = probabilities[lone]  # nothing follows it
    return found
