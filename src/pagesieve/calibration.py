"""Step 4b of a page's way: probabilities as a model gives them → probabilities that hold, the page's confidence, and whether it has an article.

A model's probabilities are calibrated on its answers for pages whose sites it had not seen (`training.calibrate`). Four
things are learned there: one temperature for all role probabilities (Guo et al., "On Calibration of Modern Neural
Networks", ICML 2017), what cues too rare for the networks (`Measures.cues`) say of each role, how the mean probability over a
page's words translates into the share of its words with the right label, and what the body that was found says of whether there is an
article at all. The dial, which trades lost body lines for foreign ones, lives here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from pagesieve.roles import ROLES

__all__ = [
    "DIAL",
    "LEAST_SHARE",
    "SIGNS",
    "Calibration",
    "article_signs",
    "caution_of",
    "check_dial",
    "decide",
    "least_share",
    "mean_chance",
    "title_first",
    "with_headline",
]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
DIAL = 0.5  # the neutral place
# How many times as likely as teaser body must be: CAUTION over a segment's number of words, or this share of the body's words over it where that
# is less; at most MOST_CAUTION (see benchmarks/quality.md).
CAUTION, CAUTION_SHARE, MOST_CAUTION = 120.0, 0.25, 20.0
LEAST_TEASER = 0.3  # probability below which what is likely body, but not likely enough, is no teaser either
EVEN = 0.5  # as likely body as not
LEAST_SHARE = 0.3  # a segment that is less likely body than that is none, however little else the page has
LEAST_HEADLINE = 0.15  # but one that is the page's only headline is
TITLE_WORDS = 12  # a line with more is no title that the body begins with
REACH = 5.0  # log odds that the dial's ends add to or take from the body
TINY = 1e-7
SIGNS = 3  # of an article, see `article_signs`
FARTHEST = 1e-4  # a probability or share counts as no nearer to 0 or 1 than that where its log odds are asked for


def _silent() -> Floats:
    return np.ones((0, len(ROLES)), dtype=np.float32)


def _nothing() -> Floats:
    return np.zeros(0, dtype=np.float32)


def _knots() -> Floats:
    return np.array([0.0, 1.0], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`temperature` divides log probabilities; `said` and `true` (knots,) are the points of the confidence curve.

    `cues` (cues, roles) says how many times as often segments with a cue have each role as would be said of them; (0, roles) where
    nothing is known of any. `article` (signs + 1,) is what `article_signs` weigh and, last, a constant; (0,) where that was not learned.
    """

    temperature: float = 1.0
    said: Floats = field(default_factory=_knots)
    true: Floats = field(default_factory=_knots)
    cues: Floats = field(default_factory=_silent)
    article: Floats = field(default_factory=_nothing)

    def tempered(self, probabilities: Floats, cues: Floats | None = None) -> Floats:
        """Role probabilities (segments, roles) at this temperature, rows scaled to sum 1.

        `cues` (segments, cues) is 1 where a segment has one; None for none at all.
        """
        likely = probabilities if self.temperature == 1.0 else np.power(np.maximum(probabilities, TINY), 1 / self.temperature)
        if cues is not None:
            for has, factors in zip(cues.T, self.cues, strict=False):
                likely = np.where(has[:, None] > 0, likely * factors, likely)
        return np.asarray(likely / likely.sum(1, keepdims=True), dtype=np.float32)

    def confidence(self, chances: Floats, words: Floats) -> float:
        """The expected share of a page's words with the right label, 0..1; 0.0 for a page without words, of which nothing is known.

        `chances` (segments,) holds the probability of each segment's label, `words` (segments,) its number of words.
        """
        return float(np.clip(np.interp(mean_chance(chances, words), self.said, self.true), 0, 1)) if words.any() else 0.0

    def has_article(self, signs: Floats) -> float:
        """How likely a page with these `article_signs` has an article, 0..1, where pages with and without one count alike; 0.0 for a page without a body.

        1.0 for any other where nothing was learned of it.
        """
        if not len(signs):
            return 0.0
        return float(1 / (1 + np.exp(-float((signs * self.article[:-1]).sum() + self.article[-1])))) if len(self.article) else 1.0


def article_signs(own: Floats, headline: Floats, body: NDArray[np.bool_], words: Floats) -> Floats:
    """What tells whether what was taken for the body of a page is an article, shape (3,); (0,) for a page without words in a body.

    Log odds of: the mean probability of being body (`own`, (segments,)) over the words of the segments that are (`body`), the likeliest headline's
    probability of being that (`headline`), the share of the page's `words` that are in the body.
    """
    inside = float(words[body].sum())
    if not inside:
        return _nothing()
    found = np.array([float((own * words)[body].sum()) / inside, headline.max(), inside / float(words.sum())])
    found = np.clip(found, FARTHEST, 1 - FARTHEST)
    return np.asarray(np.log(found / (1 - found)), dtype=np.float32)


def mean_chance(chances: Floats, words: Floats) -> float:
    """Mean of `chances` over a page's words; 1.0 for a page without words."""
    total = float(words.sum())
    return float((chances * words).sum()) / total if total > 0 else 1.0


def check_dial(dial: float) -> None:
    """Raise `ValueError` for a dial that is no number from 0 to 1."""
    if not isinstance(dial, Real) or not 0 <= dial <= 1:
        raise ValueError(f"dial={dial!r}: give a number from 0 (no foreign line in the body) to 1 (no body line lost)")


def decide(shares: Floats, least: Floats | float, caution: Floats, body: int, teaser: int, dial: float) -> Places:
    """The label of each segment, from its label shares (segments, labels); `body` and `teaser` are these labels' places.

    At a `dial` of 0.5 a segment is body where its probability of that is at least `least` (`least_share` of its page, see `with_headline`), and at least `caution`
    times that of teaser. Any other gets the likelier of the other labels, but is no teaser where caution alone keeps it from the body and teaser
    is unlikely. Towards 0 a segment must be ever more surely body to be labelled so ("no foreign line in the body"), towards 1 ever less
    ("no body line lost"). Raises `ValueError` for a `dial` outside of 0..1.
    """
    check_dial(dial)
    own = shares[:, body]
    moved = own * np.float32(np.exp(REACH * (dial - DIAL) / DIAL))
    others = shares.copy()
    others[:, body] = -1
    likely, cautious = moved * (1 - least) >= least * (1 - own), moved >= caution * shares[:, teaser]
    others[likely & ~cautious & (shares[:, teaser] < LEAST_TEASER), teaser] = -1
    return np.where(likely & cautious, body, others.argmax(1))


def caution_of(words: Floats, headline: NDArray[np.bool_], body: Floats | float) -> Floats:
    """How many times as likely as teaser body must be, shape (segments,); 1 and more.

    `words` (segments,) are the segments' numbers of words, `headline` (segments,) says which would be the page's headline if they were
    body, `body` is the number of words to be expected in the page's body. A short line in doubt costs the body little, but may be the story
    that must not be in it; where the body itself is short, it costs more. A headline is short by nature.
    """
    most = np.minimum(CAUTION, CAUTION_SHARE * np.asarray(body))
    return np.where(headline, 1, np.clip(most / np.maximum(words, 1), 1, MOST_CAUTION)).astype(np.float32)


def least_share(own: Floats, words: Floats) -> float:
    """The probability of being body (`own`, (segments,)) from which a page's segments are to be body: 0.5, or less where little is sure.

    It is 0.5 where no segment is as likely body as not: such a page has no article, and gets no body. Else it is half of the largest F1 over
    words that can be expected, which is the threshold that reaches it (Lipton, Elkan and Naryanaswamy, "Optimal Thresholding of Classifiers
    to Maximize F1 Measure", 2014), with the ratio of expectations for the expectation of the ratio. 0.5 for a page without words, too.
    """
    order = np.argsort(-own, kind="stable")
    weights = words[order].astype(np.float64)
    hits = np.cumsum(weights * own[order])
    if not len(hits) or hits[-1] <= 0 or own[order[0]] < EVEN:
        return EVEN
    f1 = 2 * hits / (np.cumsum(weights) + hits[-1])
    return float(np.clip(f1.max() / 2, LEAST_SHARE, EVEN))


def with_headline(least: Floats, body: NDArray[np.bool_], headline: NDArray[np.bool_], chance: Floats, bounds: Sequence[int]) -> Floats:
    """`least` (segments,), lowered to `LEAST_HEADLINE` for the likeliest headline of each page that has a body, but no headline.

    An article has a title, and of the lines above it one is that, even if each of them by itself is likelier furniture. `body` (segments,) says which segments
    are body at a neutral dial, `headline` (segments,) which would be headlines if they were, `chance` (segments,) is their probability of that, `bounds`
    are those of the pages (see `Looks`). Looked through is what stands above a page's first body segment.
    """
    lowered: Floats = least.copy()
    told = body & headline
    for begin, end in pairwise(bounds):
        own = np.flatnonzero(body[begin:end])
        if not len(own) or told[begin:end].any():
            continue
        above = begin + np.flatnonzero(headline[begin : begin + own[0]])
        if len(above):
            lowered[above[chance[above].argmax()]] = LEAST_HEADLINE
    return lowered


def title_first(roles: Places, body: NDArray[np.bool_], headline: int, chance: Floats, words: Floats, bounds: Sequence[int]) -> Places:
    """`roles` (segments,), where the line that a page's body begins with is the headline if no other is, and it is short and may be one.

    So an article that comes with nothing around it keeps its title. `body` (segments,) says which segments are body, `headline` is that role's place, `chance`
    (segments,) is the probability of it, `words` (segments,) are the segments' numbers of words, `bounds` those of the pages (see `Looks`).
    """
    found: Places = roles.copy()
    told = body & (roles == headline)
    for begin, end in pairwise(bounds):
        first, *more = (begin + np.flatnonzero(body[begin:end])).tolist() or [-1]
        if more and not told[begin:end].any() and words[first] <= TITLE_WORDS and chance[first] >= LEAST_HEADLINE:
            found[first] = headline
    return found
