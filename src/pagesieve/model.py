"""Step 3 of a page's way: features → role probabilities. The trained classifier as plain numpy arrays.

A `Model` is all that is needed to judge a page: the TF-IDF's vocabulary and weights, the linear classifier over words
and layout (first pass), the sequence layer's network over the first pass's answers (second pass, optional) and the
transitions between roles. Training (`pagesieve.training`) makes it with scikit-learn; using it needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain, pairwise
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.calibration import DIAL, Calibration, article_signs, caution_of, decide, least_share, title_first, with_headline
from pagesieve.features import LayoutRows, Measures, Terms, column_names, layout, measure_pages, nearby, shapes
from pagesieve.network import Network, softmax
from pagesieve.page import Segment, grouped
from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES, label_matrix
from pagesieve.sequence import CONTEXT_NAMES, MARKUP_NAMES, Context, decode, of_likes
from pagesieve.words import TermIndex, Vocabulary

__all__ = ["UNCALIBRATED", "Linear", "Model", "Prediction"]

Floats = NDArray[np.float32]
LEAST = -700.0  # score below which a role's chance could not be told from none in a float
TOGETHER = 500_000  # characters of pages judged at once: more take more memory and no less time
MOST_ROWS = 12_288  # segments of a page that the networks judge at once
REACH = 1 << 9  # segments before and behind such a piece of an endless page that the networks read, too
FEW_ROWS = 1 << 11  # segments of whole pages whose inputs are made at once, unless a single one has more
TINY = 1e-6  # added to a probability before its logarithm
BODY, TEASER, HEADLINE = LABELS.index("body"), LABELS.index("teaser"), ROLES.index("headline")
UNCALIBRATED = Calibration()


@dataclass(frozen=True)
class Linear:
    """The first pass: a linear classifier over TF-IDF-weighted terms and binned layout.

    `vocabulary[term]` is the term's row in `idf` and `word_weights`. A layout column with edges e₁ < … < eₘ has m + 1
    bins, its rows in `layout_weights` following those of the column before; a value equal to an edge is above it.
    """

    vocabulary: Vocabulary
    idf: Floats  # (terms,)
    word_weights: Floats  # (terms, roles)
    edges: tuple[NDArray[np.float64], ...]  # one array a layout column, ascending
    layout_weights: Floats  # (bins of all columns, roles)
    intercept: Floats  # (roles,)
    groups: tuple[str, ...]  # layout groups in use
    one_vs_rest: bool = False  # probabilities of one classifier a role, normalised (SGD), instead of a softmax

    @classmethod
    def prior(cls, scores: Floats, groups: tuple[str, ...] = ()) -> Linear:
        """A first pass that sees nothing and gives every segment the softmax of `scores`, shape (roles,)."""
        nothing = np.zeros((0, len(ROLES)), dtype=np.float32)
        return cls(Vocabulary("", 0), np.zeros(0, dtype=np.float32), nothing, (), nothing, scores, groups)

    def probabilities(self, measures: Measures, columns: Floats | LayoutRows) -> Floats:
        """Role probabilities, shape (segments, roles); `columns` is the layout matrix of `groups`."""
        out = np.empty((len(measures), len(ROLES)), dtype=np.float32)
        for terms in measures.hashed_terms():
            out[terms.begin : terms.end] = self._probabilities(terms, columns[terms.begin : terms.end])
        return out

    def _probabilities(self, terms: Terms, columns: Floats) -> Floats:
        scores: Floats = self.intercept + self._word_scores(terms)
        if self.edges:
            of_layout = np.zeros_like(scores)
            for of_column in self.layout_scores(columns):
                of_layout += of_column
            scores += of_layout
        if self.one_vs_rest:
            likely = 1.0 / (1.0 + np.exp(-np.maximum(scores.astype(np.float64), LEAST)))
            return np.asarray(likely / likely.sum(1, keepdims=True), dtype=np.float32)
        return softmax(scores)

    @cached_property
    def index(self) -> TermIndex:
        """The vocabulary for terms that are known by their hash."""
        return TermIndex(self.vocabulary)

    def weighted_terms(self, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """The TF-IDF matrix of these terms in coordinates: (row, term number, weight), unknown terms left out.

        Weights are (1 + log count) · idf, each row scaled to length 1, as scikit-learn's `TfidfVectorizer` has them.
        """
        rows, numbers, count = self.index.counted(terms.row, terms.hash)
        weights = (1.0 + np.log(count)) * self.idf[numbers]
        length = np.sqrt(np.bincount(rows, weights**2, minlength=terms.end - terms.begin))
        return rows, numbers, np.asarray(weights / np.maximum(length[rows], 1e-12), dtype=np.float32)

    def _word_scores(self, terms: Terms) -> Floats:
        out = np.zeros((terms.end - terms.begin, len(ROLES)), dtype=np.float32)
        if not len(self.idf):
            return out
        rows, numbers, weights = self.weighted_terms(terms)
        if len(rows):
            products = self.word_weights.take(numbers, axis=0)  # rows of a matrix, taken much faster than by an index
            products *= weights[:, None]
            first = np.flatnonzero(np.diff(rows, prepend=-1))
            out[rows[first]] = np.add.reduceat(products, first, axis=0)
        return out

    def layout_scores(self, columns: Floats) -> Iterator[Floats]:
        """What the value of each column in turn weighs, shape (segments, roles); (1, roles) of a column whose values are all in one bin."""
        begin = 0
        for column, edges in zip(np.ascontiguousarray(columns.T), self.edges, strict=True):
            own = self.layout_weights[begin : begin + len(edges) + 1]
            begin += len(own)
            yield own.take(edges.searchsorted(column, side="right"), axis=0) if len(edges) else own


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of a page's segments, given the whole page.

    `probabilities` (segments, roles) and `shares` (segments, labels) hold the probability of each role and of each label,
    the sum over its roles. `labels` (segments,) are the labels chosen (`calibration.decide`), `roles` (segments,) the
    likeliest roles among those of that label (but see `calibration.title_first`), as places in `LABELS` and `ROLES`; `least` (segments,) is how likely body had to be, `caution`
    (segments,) how many times as likely as teaser. `confidence` is the expected share of the page's words with the right label, `signs` (3,)
    are what tells whether the page has an article (`calibration.article_signs`, whatever the dial; (0,) without a body), `article` is how likely it has.
    """

    probabilities: Floats
    shares: Floats
    labels: NDArray[np.int64]
    roles: NDArray[np.int64]
    least: Floats
    caution: Floats
    confidence: float = 1.0
    signs: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    article: float = 1.0

    @classmethod
    def of(
        cls,
        probabilities: Floats,
        words: Floats,
        label_of_role: Mapping[str, str],
        calibration: Calibration = UNCALIBRATED,
        dial: float = DIAL,
        cues: Floats | None = None,
    ) -> Prediction:
        """The prediction that follows from uncalibrated role probabilities (segments, roles) and numbers of words (segments,).

        `cues` (segments, cues) is 1 where a segment has one (see `Measures.cues`); None for none at all.
        """
        return cls.of_pages(probabilities, words, [0, len(words)], label_of_role, calibration, dial, cues)[0]

    @classmethod
    def of_pages(
        cls,
        probabilities: Floats,
        words: Floats,
        bounds: Sequence[int],
        label_of_role: Mapping[str, str],
        calibration: Calibration,
        dial: float,
        cues: Floats | None,
    ) -> list[Prediction]:
        """`of` for each of some pages, whose `bounds` are given (see `Looks`): the same to the last bit."""
        of_label = label_matrix(label_of_role).T > 0
        probabilities = calibration.tempered(probabilities, cues)
        shares = np.zeros((len(words), len(LABELS)), dtype=np.float32)
        for label, roles in enumerate(of_label):
            # In one order; a product of matrices would add in another for other numbers of rows.
            for role in np.flatnonzero(roles).tolist():
                shares[:, label] += probabilities[:, role]
        own = shares[:, BODY]
        pages = [(own[a:b], words[a:b]) for a, b in pairwise(bounds)]
        least, body = np.repeat([(least_share(likely, size), (likely * size).sum()) for likely, size in pages], np.diff(bounds), axis=0).T
        headline = np.where(of_label[BODY], probabilities, -1).argmax(1) == HEADLINE
        caution = caution_of(words, headline, body)
        neutral = decide(shares, least, caution, BODY, TEASER, DIAL)
        least = with_headline(least, neutral == BODY, headline, probabilities[:, HEADLINE], bounds)
        labels = decide(shares, least, caution, BODY, TEASER, dial)
        roles = np.where(of_label[labels], probabilities, -1).argmax(1)
        if of_label[BODY, HEADLINE]:
            roles = title_first(roles, labels == BODY, HEADLINE, probabilities[:, HEADLINE], words, bounds)
        said = cls(probabilities, shares, labels, roles, least, caution)
        chances = said.chances
        found = []
        for a, b in pairwise(bounds):
            signs = article_signs(own[a:b], probabilities[a:b, HEADLINE], neutral[a:b] == BODY, words[a:b])
            confidence, article = calibration.confidence(chances[a:b], words[a:b]), calibration.has_article(signs)
            found.append(
                cls(probabilities[a:b], shares[a:b], labels[a:b], roles[a:b], least[a:b], caution[a:b], confidence, signs, article)
            )
        return found

    @property
    def chances(self) -> Floats:
        """The probability of each segment's label, shape (segments,)."""
        return self.shares[np.arange(len(self.labels)), self.labels]


@dataclass(frozen=True, slots=True)
class Model:
    """A trained classifier. `info` carries what is known of its making: versions, data digest, scores (JSON values).

    `shape_share` (0 to 1) is how much counts what is said of the segments of the same shape (see `sequence.of_likes`). `html` is the
    classifier for HTML pages that was trained beside it, from the same pages; None where there was no HTML.
    """

    linear: Linear
    network: Network | None = None
    transitions: Floats = field(default_factory=lambda: np.zeros((len(ROLES), len(ROLES)), dtype=np.float32))
    label_of_role: Mapping[str, str] = field(default_factory=lambda: dict(LABEL_OF_ROLE))
    shape_share: float = 0.0
    calibration: Calibration = UNCALIBRATED
    info: Mapping[str, Any] = field(default_factory=dict)
    html: Model | None = None

    def predict(self, segments: Sequence[Segment], dial: float = DIAL) -> Prediction:
        """What is to be said of one page's segments, all of them, in order (see `Prediction`); empty arrays for none."""
        return self.predict_pages([segments], dial)[0]

    def predict_pages(self, pages: Sequence[Sequence[Segment]], dial: float = DIAL) -> list[Prediction]:
        """`predict` for all of these pages at once: the same to the last bit, whatever pages are judged together; [] for none."""
        found: list[Prediction] = []
        for group in grouped(pages, (page[-1].end if page else 0 for page in pages), TOGETHER):
            measures = measure_pages(group)
            decoded = self.passes(measures)[1] if len(measures) else np.zeros((0, len(ROLES)), dtype=np.float32)
            bounds = measures.bounds.tolist()
            found += Prediction.of_pages(decoded, measures.words, bounds, self.label_of_role, self.calibration, dial, measures.cues)
        return found

    def judge(self, measures: Measures, dial: float = DIAL) -> Prediction:
        """`predict` for a page that is measured already; it must have a segment."""
        _, decoded = self.passes(measures)
        return Prediction.of(decoded, measures.words, self.label_of_role, self.calibration, dial, measures.cues)

    def passes(self, measures: Measures) -> tuple[Floats, Floats]:
        """Role probabilities (segments, roles), not calibrated: of the first pass alone, and given the whole page."""
        groups = self.linear.groups
        with _ONE_THREAD:
            columns = layout(measures, groups) if len(measures) <= MOST_ROWS else LayoutRows(measures, groups)
            first = self.linear.probabilities(measures, columns)
            both = first if self.network is None else self._second(self.network, measures, columns, first)
            return first, self.in_place(both, measures)

    def in_place(self, probabilities: Floats, measures: Measures) -> Floats:
        """Role probabilities (segments, roles) of both passes given those of the others on the page."""
        decoded = decode(probabilities, self.transitions, measures.bounds)
        return _blend(decoded, of_likes(decoded, shapes(measures)), self.shape_share) if self.shape_share else decoded

    def _second(self, network: Network, measures: Measures, columns: Floats | LayoutRows, first: Floats) -> Floats:
        """Both passes' role probabilities together; the second pass's inputs are made and used a stretch at a time."""
        context = Context.of(measures, first)
        out = np.empty_like(first)
        for begin, end in _stretches(measures.bounds.tolist()):
            low, high, bounds = _reached(measures.bounds, begin, end)
            inputs = _input_rows(context, columns, self.linear.groups, low, high)
            second = network.probabilities(inputs, bounds)[begin - low : end - low]
            out[begin:end] = _blend(second, first[begin:end], network.first_share)
        return out


class _OneThread:
    """While anybody is within, products of matrices take one thread.

    Those of a page are too small for several, which spin while they wait for each other, for other processes' above all: a page took 50 times as long
    with two busy processes on two cores. And last digits would depend on their number.
    """

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._limits: AbstractContextManager[Any] = nullcontext()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._limits = _pools().limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limits.__exit__(None, None, None)


_ONE_THREAD = _OneThread()


@cache
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def second_pass_inputs(measures: Measures, columns: Floats, probabilities: Floats, groups: Sequence[str]) -> Floats:
    """The network's input rows of pages: layout of the segments, and the `sequence.Context`."""
    return _input_rows(Context.of(measures, probabilities), columns, groups, 0, len(measures))


def _input_rows(context: Context, columns: Floats | LayoutRows, groups: Sequence[str], begin: int, end: int) -> Floats:
    """The network's input rows of the segments from `begin` to `end`."""
    width = len(column_names(groups)) + len(CONTEXT_NAMES) + len(MARKUP_NAMES) * bool(context.marked)
    out = np.empty((end - begin, width), dtype=np.float32)
    place = 0
    for some in chain([columns[begin:end]], context.columns(begin, end)):
        block = some.reshape(end - begin, -1)
        out[:, place : place + block.shape[1]] = block
        place += block.shape[1]
    return out


def _reached(bounds: NDArray[np.int64], begin: int, end: int) -> tuple[int, int, NDArray[np.int64]]:
    """From where to where the networks read for the segments from `begin` to `end`, and the pages' bounds there: up to `REACH` beyond on the same page."""
    first, last = bounds.searchsorted([begin, end - 1], side="right")
    low, high = max(begin - REACH, int(bounds[first - 1])), min(end + REACH, int(bounds[last]))
    return low, high, nearby(bounds, low, high, 0)[2]


def _stretches(bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Begin and end of as many whole pages as have `FEW_ROWS` segments together, of an endless page in pieces of `MOST_ROWS`."""
    begin = 0
    for page, end in pairwise(bounds):
        if begin < page and end - begin > FEW_ROWS:
            yield begin, page
            begin = page
        while end - begin > MOST_ROWS:
            yield begin, begin + MOST_ROWS
            begin += MOST_ROWS
    if begin < bounds[-1]:
        yield begin, bounds[-1]


def _blend(second: Floats, first: Floats, share: float) -> Floats:
    """Two answers' weighted geometric mean, scaled to sum 1: the second pass alone is too sure where it saw little."""
    return softmax((1 - share) * np.log(second + TINY) + share * np.log(first + TINY))
