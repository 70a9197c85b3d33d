"""Step 4 of a page's way: role scores of single segments → what their places in the page say.

A teaser's summary reads like an article's paragraph, and a reader's comment like an opinion; only the neighbourhood
betrays them. Two things live here, both plain numpy and both the same in training and in use:

- `context`: features made of the first pass's role probabilities around a segment and over the page (where the main
  text lies, how far the last teaser heading is, likeness to the main text), the input of the second pass;
- `decode`: each segment's probabilities given all others', from how often roles follow each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pagesieve.features import LEVELS, Measures, mean_around, shifted
from pagesieve.roles import ROLES

__all__ = ["CONTEXT_NAMES", "MARKUP_NAMES", "context", "decode", "main_stretch", "transition_scores"]

Floats = NDArray[np.float32]

HEADLINE, BODY, TEASER_HEADING, COMMENT = (ROLES.index(r) for r in ("headline", "body", "teaser_heading", "comment"))
NEAR = (-3, -2, -1, 0, 1, 2, 3)  # places whose role probabilities a segment is told
AROUND = ((-6, -1), (1, 6), (-15, -1), (1, 15))  # stretches whose mean probabilities it is told
FLOOR = 1e-3  # probabilities below are all the same to the second pass
FAR = 9.0  # log distance that stands for "none on this page"
MARK_AT = {TEASER_HEADING: 0.3, HEADLINE: 0.3, COMMENT: 0.4}  # probability from which a segment counts as a landmark
MOST_INDENT, MOST_BLANK = 10, 3  # columns and lines of difference beyond which it makes none
HEAVIEST = 60.0  # words; a longer segment says no more about where the main text lies

CONTEXT_NAMES: tuple[str, ...] = (
    *(f"{role}_at_{by}" for by in NEAR for role in ROLES),
    *(f"{role}_in_{low}_{high}" for low, high in AROUND for role in ROLES),
    "before_main", "after_main", "to_main", "from_main", "into_main", "body_so_far", "likeness", "likeness_small",
    "indent_unlike_main", "blank_unlike_main", "length_unlike_main", "bullet_unlike_main",
    *(f"since_{ROLES[role]}" for role in MARK_AT),
    "until_teaser_heading",
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


def _since(marks: NDArray[np.bool_]) -> Floats:
    """Log distance to the last marked segment strictly before, `FAR` where there is none."""
    place = np.arange(len(marks))
    last = np.maximum.accumulate(np.where(marks, place, -1))
    last = np.concatenate([[-1], last[:-1]])
    return np.where(last >= 0, np.log1p(place - last), FAR).astype(np.float32)


def _likeness(vocabulary: Sequence[frozenset[str]], inside: NDArray[np.bool_]) -> Floats:
    """Share of a segment's words that other segments of the main text have too; -1 for one without words."""
    bag: Counter[str] = Counter()
    for i in np.flatnonzero(inside).tolist():
        bag.update(vocabulary[i])
    out = np.full(len(vocabulary), -1.0, dtype=np.float32)
    for i, (words, own) in enumerate(zip(vocabulary, inside.tolist(), strict=True)):
        if words:
            out[i] = sum(bag[word] > own for word in words) / len(words)
    return out


def _unlike_main(measures: Measures, inside: NDArray[np.bool_]) -> list[Floats]:
    """How a segment's indentation, blank lines above, length and bullet differ from what is usual in the main text."""
    indent, blank = measures.indent, np.minimum(measures.blank, MOST_BLANK)
    length, bullet = np.log1p(measures.words), (measures.bullet > 0).astype(np.float32)
    if not inside.any():
        return [indent * 0, blank * 0, length * 0, bullet * 0]
    return [
        np.clip(indent - np.median(indent[inside]), -MOST_INDENT, MOST_INDENT),
        blank - np.median(blank[inside]),
        length - np.median(length[inside]),
        bullet - bullet[inside].mean(),
    ]


def _alike(groups: NDArray[np.int64], values: Floats) -> Floats:
    """Mean of `values` (segments, …) over the segments of the same group, for each segment."""
    count = np.maximum(np.bincount(groups), 1)
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, groups, values)
    return np.asarray((total / count[:, None])[groups], dtype=np.float32)


def markup_context(measures: Measures, probabilities: Floats) -> Floats:
    """What the first pass says of the segments in the same containers and of the same shape, shape (segments, len(MARKUP_NAMES))."""
    markup = measures.markup
    assert markup is not None
    body = probabilities[:, BODY] * np.maximum(measures.words, 1)
    total = max(float(body.sum()), 1e-9)
    groups = [*markup.containers.T, markup.shape]
    shares = [np.bincount(group, body)[group] / total for group in groups]
    return np.concatenate([*(_alike(group, probabilities) for group in groups), np.stack(shares, 1)], axis=1).astype(np.float32)


def context(measures: Measures, probabilities: Floats) -> Floats:
    """The second pass's features, shape (segments, len(CONTEXT_NAMES)), from the first pass's role probabilities.

    On an HTML page those of `markup_context` follow them.
    """
    n = len(measures)
    place = np.arange(n)
    words = np.maximum(measures.words, 1)
    log = np.log(probabilities + FLOOR)
    start, stop = main_stretch(probabilities, words)
    inside = (place >= start) & (place < stop) & (probabilities[:, BODY] > 0.5)
    body_words = np.cumsum(probabilities[:, BODY] * words)
    until = _since((probabilities[:, TEASER_HEADING] > MARK_AT[TEASER_HEADING])[::-1])[::-1]
    single = [
        place < start,
        place >= stop,
        np.log1p(np.maximum(start - place, 0)),
        np.log1p(np.maximum(place - stop + 1, 0)),
        np.log1p(np.maximum(np.minimum(place - start, stop - 1 - place), -1) + 1),
        body_words / max(float(body_words[-1]), 1e-9) if n else body_words,
        _likeness(measures.vocabulary, inside),  # what it is about
        _likeness(measures.small_words, inside),  # how it speaks: a notice says "we" and "you", a report doesn't
        *_unlike_main(measures, inside),
        *(_since(probabilities[:, role] > least) for role, least in MARK_AT.items()),
        until,
    ]
    found = np.concatenate(
        [
            *(shifted(log, by, float(np.log(FLOOR))) for by in NEAR),
            *(mean_around(probabilities, low, high) for low, high in AROUND),
            np.stack(single, 1),
        ],
        axis=1,
    ).astype(np.float32)
    return found if measures.markup is None else np.concatenate([found, markup_context(measures, probabilities)], axis=1)


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


def decode(probabilities: Floats, transitions: Floats) -> Floats:
    """Each segment's role probabilities given the whole page (forward-backward), shape (segments, roles).

    `probabilities` holds those given the segment's own features, shape (segments, roles); `transitions` (roles, roles) log
    weights of one role following another. All-zero transitions change nothing; zero segments give an empty array.
    """
    n = len(probabilities)
    if n < 2 or not transitions.any():
        return probabilities
    likely = np.maximum(probabilities, 1e-6).astype(np.float64)
    forth = np.exp(transitions.astype(np.float64))
    steps = np.stack([forth, forth.T])
    # Forward from the first segment and backward from the last go in one loop; each holds its segment's own likelihood.
    both = np.stack([likely, likely[::-1]], axis=1)[:, :, None, :]
    state = both[0]
    for i in range(1, n):
        state = np.matmul(state, steps)
        state *= both[i]
        state /= state.sum(axis=2, keepdims=True)
        both[i] = state
    marginals = both[:, 0, 0] * both[::-1, 1, 0] / likely
    return np.asarray(marginals / marginals.sum(1, keepdims=True), dtype=np.float32)
