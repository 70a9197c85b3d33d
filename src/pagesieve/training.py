"""The trained side: labelled documents → `Model`, with scikit-learn. No module that uses a model imports this one.

The first pass is an ordinary scikit-learn `Pipeline` over rows (terms and layout of one segment): TF-IDF and binned
layout side by side, then a linear classifier. `_to_linear` copies the fitted numbers out, so that using a model needs no scikit-learn. The second pass
(`network`, `learning`) learns from the first pass's out-of-fold answers, since answers on pages it was fitted to would be better than any it meets in use.

Samples and answers lie on disk (`shelf`, `rows`) and are read a page at a time; what is in memory at once has a limit whatever the number
of pages (`rows.MOST`, `MOST_INPUTS`), and so has the work of a fit (`UPDATES`, `Settings.steps`).

Splits never put one site on two sides, and everything learned is learned inside the training part of a split.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer
from threadpoolctl import threadpool_limits

from pagesieve.calibration import Calibration, mean_chance
from pagesieve.corpus import Document
from pagesieve.features import GROUPS, MARKUP, layout, measure
from pagesieve.learning import ABSENT, LONGEST, Lessons, Pace, learned, rounded
from pagesieve.model import UNCALIBRATED, Linear, Model, Prediction, second_pass_inputs
from pagesieve.network import CLIP, Network, Reader
from pagesieve.page import Segment
from pagesieve.roles import LABEL_OF_ROLE, ROLES, label_matrix
from pagesieve.rows import Rows, Sample
from pagesieve.sequence import transition_scores
from pagesieve.shelf import Shelf
from pagesieve.words import Vocabulary

__all__ = [
    "CLASSIFIERS",
    "COLLAPSED",
    "SCRIPTS",
    "Calibrated",
    "CrossFit",
    "Sample",
    "Settings",
    "assign_folds",
    "calibrate",
    "cross_fit",
    "fit",
    "prepare",
    "sampled",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
UPDATES = 12_000_000  # segments that the first pass learns from, one after the other, when it has seen enough: more pages, fewer rounds
LEAST_ROUNDS = 2
MOST_INPUT = float(np.finfo(np.float16).max)  # beyond stands the length of a word that is none
MOST_INPUTS = 1_200_000  # segments a network learns from
MOST_PIECES = 2  # of a page
PIECE = 1 << 13  # segments, scaled at once
LEAST_VARIANCE = 1e-9  # of an input; one that varies less says nothing, in use neither
BODY = ROLES.index("body")
MOST_TEMPERED = 500_000  # segments that the temperature is chosen by
# Renderers of the pages that the second pass alone learns from: those in one line, and those with their scripts as text. The first knows no page, and learns less of others.
COLLAPSED, SCRIPTS = "collapsed", "scripts"
CLASSIFIERS = ("majority", "logistic", "sgd")
TEMPERATURES = [round(0.6 + 0.05 * i, 2) for i in range(29)]  # 0.6 to 2


@dataclass(frozen=True)
class Settings:
    """How a model is trained; the fields are those of `conf/model` and `conf/features`."""

    classifier: str = "sgd"
    sequence: bool = True  # whether the second pass and the transitions are used
    words: bool = True  # whether the TF-IDF is used
    groups: tuple[str, ...] = GROUPS  # layout groups in use
    C: float = 0.5  # inverse regularisation of the logistic regression
    alpha: float = 3e-6  # regularisation of SGD
    max_iter: int = 20  # rounds of the linear classifier, fewer of SGD on much data (see `UPDATES`); ending early regularises too
    min_df: int = 3  # segments a term must be in
    max_terms: int | None = None  # only so many, the most frequent ones
    layout_weight: float = 0.2  # weight of the layout's columns beside the TF-IDF's
    bins: int = 12  # per layout column, by quantiles
    most_of_page: int | None = 80  # segments that a page counts for in the second pass, at most: long pages, mostly menus, drown the others
    steps: int = 700  # batches each second-pass network learns from
    networks: int = 3  # second-pass networks that are averaged
    units: int = 64  # of each network
    states: int = 32  # that each network carries along a page forwards, and as many backwards
    readings: int = 2  # how often it does
    rate: float = 2e-3  # at which a network begins to learn
    decay: float = 5e-2  # of its weights at each step, as a share of the rate
    first_share: float = 0.3  # how much the first pass's answer counts beside the second's
    transition_weight: float = 0.3
    shape_share: float = 0.3  # how much counts what is said of a text dump's segments of the same shape
    html_shape_share: float = 0.5  # and of an HTML page's
    label_of_role: dict[str, str] = field(default_factory=lambda: dict(LABEL_OF_ROLE))

    def __post_init__(self) -> None:
        if self.classifier not in CLASSIFIERS:
            raise ValueError(f"model.classifier={self.classifier!r} is none of {', '.join(CLASSIFIERS)}")
        unknown = sorted(set(self.groups) - {*GROUPS, MARKUP})
        if unknown:
            raise ValueError(f"features.groups has the unknown {', '.join(unknown)}; known: {', '.join(GROUPS)}")
        if not self.words and not self.groups and self.classifier != "majority":
            raise ValueError("features: words and all layout groups are off, nothing is left to learn from")
        if self.sequence and self.networks < 1:
            raise ValueError(f"model.networks={self.networks}: the sequence layer needs at least 1; model=logistic does without it")


def prepare(documents: Iterable[Document], settings: Settings) -> Shelf[Sample]:
    """A `Sample` for each document that has a segment, in the same order."""
    return Shelf(
        sampled(d.site, d.page.name, d.segments, d.roles, settings, first=d.extra.get("renderer") not in (COLLAPSED, SCRIPTS))
        for d in documents
        if d.segments
    )


def sampled(site: str, name: str, segments: Sequence[Segment], roles: Ints, settings: Settings, first: bool = True) -> Sample:
    """A page with at least one segment and all its `roles` known, measured; `first` says whether the first pass learns from it."""
    measures = measure(segments)
    return Sample(site, name, measures, layout(measures, settings.groups), roles, first)


# ------------------------------------------------------------------------------------------------------ first pass


@dataclass(frozen=True, slots=True)
class Row:
    """One segment as the pipeline's input."""

    terms: list[str]
    columns: Floats


def _terms(row: Row) -> list[str]:
    return row.terms


def _columns(rows: Sequence[Row]) -> Floats:
    return np.stack([row.columns for row in rows])


def _fit_first(rows: Rows, places: Ints, settings: Settings, seed: int) -> Pipeline:
    """The first pass fitted to the rows at these places; what it takes is a sequence of `Row`."""
    truth = rows.truth[places].astype(np.int64)
    present = np.unique(truth).tolist()
    if len(present) < 2 and settings.classifier != "majority":
        raise ValueError(f"the pages to train on hold only the role {', '.join(ROLES[r] for r in present)}; at least two are needed")
    with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order, the same bytes on any number of cores
        warnings.simplefilter("ignore", ConvergenceWarning)  # ending early is a setting
        warnings.filterwarnings("ignore", message="Bins whose width are too small|Feature .* is constant")
        if settings.classifier == "majority":
            return Pipeline([("classifier", DummyClassifier(strategy="prior").fit(places, truth))])
        features, matrix = _features(rows, places, settings)
        return Pipeline([("features", features), ("classifier", _classifier(settings, len(places), seed).fit(matrix, truth))])


def _features(rows: Rows, places: Ints, settings: Settings) -> tuple[FeatureUnion, csr_matrix]:
    """TF-IDF and bins fitted to the rows at these places, and what they make of them: (rows, terms and bins of all columns)."""
    parts: list[tuple[str, Any]] = []
    kept, idf, size = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32), 0
    if settings.words:
        kept, idf, size = _frequent(rows, places, settings)
        terms = rows.terms[0]
        vocabulary = {terms[term]: number for number, term in enumerate(kept.tolist())}
        vectorizer = TfidfVectorizer(analyzer=_terms, vocabulary=vocabulary, sublinear_tf=True, dtype=np.float32)
        vectorizer.idf_ = idf
        parts.append(("words", vectorizer))
    if settings.groups:
        bins = KBinsDiscretizer(
            n_bins=settings.bins, encode="onehot", strategy="quantile", quantile_method="averaged_inverted_cdf", subsample=None
        ).fit(rows.columns[places])
        parts.append(("layout", Pipeline([("columns", FunctionTransformer(_columns)), ("bins", bins)])))
        size += len(places) * rows.columns.shape[1]
    weigh = TfidfTransformer(sublinear_tf=True)
    weigh.idf_ = idf
    data, indices, begin = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.int32), np.zeros(len(places) + 1, dtype=np.int32)
    row = entry = width = 0
    for some, counts in rows.pieces(places):  # written in place, for at no time is there room for two such matrices
        blocks = [weigh.transform(counts[:, kept].astype(np.float32), copy=False)] if settings.words else []
        if settings.groups:
            blocks.append(bins.transform(rows.columns[some]) * settings.layout_weight)
        piece = hstack(blocks, format="csr", dtype=np.float32)
        data[entry : entry + piece.nnz], indices[entry : entry + piece.nnz] = piece.data, piece.indices
        begin[row + 1 : row + len(some) + 1] = entry + piece.indptr[1:]
        row, entry, width = row + len(some), entry + piece.nnz, piece.shape[1]
    union = FeatureUnion(parts, transformer_weights={"layout": settings.layout_weight} if settings.groups else None)
    return union, csr_matrix((data, indices, begin), shape=(len(places), width))


def _frequent(rows: Rows, places: Ints, settings: Settings) -> tuple[Ints, Floats, int]:
    """The terms that enough of the rows at these places have, of these the most frequent; their inverse document frequencies; all their entries."""
    within, total = np.zeros((2, rows.width), dtype=np.int64)
    for _, counts in rows.pieces(places):
        within += np.bincount(counts.indices, minlength=rows.width)
        total += np.bincount(counts.indices, counts.data, minlength=rows.width).astype(np.int64)
    kept = np.flatnonzero(within >= settings.min_df)
    if settings.max_terms is not None:
        kept = np.sort(kept[np.argsort(-total[kept].astype(np.float32))[: settings.max_terms]])  # as scikit-learn does
    if not len(kept):
        raise ValueError(f"model.min_df={settings.min_df}: no term is in so many of the {len(places)} segments; lower it, or add pages")
    idf = np.log(np.float32(len(places) + 1) / (within[kept] + 1).astype(np.float32)) + np.float32(1)  # in scikit-learn's precision
    return kept, idf, int(within[kept].sum())


def _classifier(settings: Settings, segments: int, seed: int) -> Any:
    """The unfitted linear classifier for so many segments."""
    if settings.classifier == "logistic":
        return LogisticRegression(C=settings.C, max_iter=settings.max_iter, tol=1e-3)
    rounds = min(settings.max_iter, max(LEAST_ROUNDS, math.ceil(UPDATES / segments)))
    return SGDClassifier(loss="log_loss", alpha=settings.alpha, max_iter=rounds, tol=None, average=True, random_state=seed)


def _to_linear(pipeline: Pipeline, settings: Settings) -> Linear:
    """The fitted first pass as plain arrays. A role that training never saw gets a score that no other is below."""
    classifier = pipeline["classifier"]
    present = [int(role) for role in classifier.classes_]
    if settings.classifier == "majority":
        prior = np.full(len(ROLES), ABSENT, dtype=np.float32)
        prior[present] = np.log(np.maximum(classifier.class_prior_, 1e-13))
        return Linear.prior(prior, settings.groups)
    coefficients, intercept = _all_roles(classifier, present)
    union = dict(pipeline["features"].transformer_list)
    vocabulary = Vocabulary.of([])
    idf = np.zeros(0, dtype=np.float32)
    if settings.words:
        vectorizer = union["words"]
        vocabulary = Vocabulary.of(sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__))
        idf = rounded(vectorizer.idf_)
    edges: tuple[NDArray[Any], ...] = ()
    if settings.groups:
        edges = tuple(np.asarray(e, dtype=np.float64)[1:-1] for e in union["layout"]["bins"].bin_edges_)
    layout_rows = coefficients[len(vocabulary) :] * np.float32(settings.layout_weight)
    return Linear(
        vocabulary=vocabulary,
        idf=idf,
        word_weights=rounded(coefficients[: len(vocabulary)]),
        edges=edges,
        layout_weights=np.ascontiguousarray(layout_rows) if settings.groups else np.zeros((0, len(ROLES)), dtype=np.float32),
        intercept=intercept,
        groups=settings.groups,
        one_vs_rest=settings.classifier == "sgd",
    )


def _all_roles(classifier: Any, present: Sequence[int]) -> tuple[Floats, Floats]:
    """Coefficients (features, roles) and intercepts (roles,) over all roles, whatever roles were in the data."""
    coef, bias = np.asarray(classifier.coef_), np.asarray(classifier.intercept_)
    if len(coef) == 1:  # scikit-learn keeps one row for two classes: the second one's
        other = -1.0 if isinstance(classifier, SGDClassifier) else 0.0
        coef, bias = np.vstack([other * coef, coef]), np.concatenate([other * bias, bias])
    coefficients = np.zeros((coef.shape[1], len(ROLES)), dtype=np.float32)
    intercept = np.full(len(ROLES), ABSENT, dtype=np.float32)
    coefficients[:, present] = coef.T
    intercept[present] = bias
    return coefficients, intercept


# ----------------------------------------------------------------------------------------------------- second pass


def _first_answers(linear: Linear, samples: Iterable[Sample]) -> list[Floats]:
    return [linear.probabilities(s.measures, s.columns) for s in samples]


def _pieces(samples: Sequence[Sample], seed: int) -> Ints:
    """What the second pass learns from, shape (pieces, 3): of which sample, from which segment to which.

    Each sample is cut into equal pieces of at most `LONGEST` segments; of a long page `MOST_PIECES` are taken, and of all pages as many as have `MOST_INPUTS` segments.
    """
    names, lengths = zip(*((sample.name, len(sample.roles)) for sample in samples), strict=True)
    random = np.random.default_rng(seed)
    found: list[tuple[int, int, int]] = []
    for number in sorted(range(len(names)), key=names.__getitem__):  # so that the samples' order does not tell in the result
        pieces = list(pairwise(np.linspace(0, lengths[number], math.ceil(lengths[number] / LONGEST) + 1).astype(int).tolist()))
        found += [(number, *pieces[place]) for place in sorted(random.permutation(len(pieces))[:MOST_PIECES].tolist())]
    chosen: Ints = np.array(found)
    order = random.permutation(len(chosen))
    sizes = (chosen[:, 2] - chosen[:, 1])[order]
    kept = np.sort(order[np.cumsum(sizes) <= max(MOST_INPUTS, sizes[0])])
    return chosen.take(kept, axis=0)


def _lessons(samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings, seed: int) -> tuple[Floats, Floats, Lessons]:
    """What the second pass learns from, and by which mean and scale its inputs are scaled."""
    pieces = _pieces(samples, seed)
    page, begins, ends = pieces.T
    bounds, of_page = np.concatenate([[0], np.cumsum(ends - begins)]), np.bincount(page, ends - begins)
    weights = np.minimum(1, (settings.most_of_page or math.inf) / of_page[page]).astype(np.float32)
    roles, inputs = np.empty(bounds[-1], dtype=np.int8), np.empty((0, 0), dtype=np.float16)
    last = -1
    for (number, begin, end), start in zip(pieces.tolist(), bounds.tolist(), strict=False):
        if number != last:  # a page's pieces follow each other
            sample, last = samples[number], number
            found: Floats = second_pass_inputs(sample.measures, sample.columns, answers[number], settings.groups)
        if not start:
            inputs = np.empty((len(roles), found.shape[1]), dtype=np.float16)
        own = slice(start, start + end - begin)
        inputs[own], roles[own] = np.clip(found[begin:end], -MOST_INPUT, MOST_INPUT), sample.roles[begin:end]
    mean, scale = _standardised(inputs)
    return mean, scale, Lessons(inputs, roles, bounds, weights)


def _fit_network(samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings, seed: int, n_jobs: int) -> Network:
    """The second pass, from answers of first passes that have not seen the samples' sites."""
    mean, scale, lessons = _lessons(samples, answers, settings, seed)
    pace = Pace(settings.units, settings.states, settings.readings, settings.steps, settings.rate, settings.decay)
    readers = Parallel(n_jobs=n_jobs)(delayed(_learned)(lessons, pace, seed + i) for i in range(settings.networks))
    return Network(mean, scale, tuple(readers), settings.first_share)


def _learned(lessons: Lessons, pace: Pace, seed: int) -> Reader:
    with threadpool_limits(1):  # the same sums whatever the number of processors
        return learned(lessons, pace, seed)


def _standardised(inputs: NDArray[np.float16]) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of each column, by which `inputs` are scaled in place and then clipped: a piece at a time."""
    pieces = [inputs[start : start + PIECE] for start in range(0, len(inputs), PIECE)]
    mean = sum(piece.sum(0, dtype=np.float64) for piece in pieces) / len(inputs)
    variance = sum(((piece - mean) ** 2).sum(0) for piece in pieces) / len(inputs)
    centre = mean.astype(np.float32)
    scale = np.where(variance > LEAST_VARIANCE, np.sqrt(variance), np.inf).astype(np.float32)
    for piece in pieces:
        piece[:] = np.clip((piece - centre) / scale, -CLIP, CLIP)
    return centre, scale


def _assemble(
    linear: Linear, samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings, seed: int, n_jobs: int = 1
) -> Model:
    """The whole model from its first pass and the out-of-fold first-pass answers for the samples it was fitted to."""
    if not settings.sequence:
        return Model(linear, label_of_role=settings.label_of_role)
    transitions = transition_scores([s.roles for s in samples]) * np.float32(settings.transition_weight)
    shape_share = settings.html_shape_share if MARKUP in settings.groups else settings.shape_share
    network = _fit_network(samples, answers, settings, seed, n_jobs)
    return Model(linear, network, transitions, settings.label_of_role, shape_share)


# ------------------------------------------------------------------------------------------------- splits and fits


def assign_folds(keys: Sequence[str], folds: int, seed: int, fixed: Mapping[str, int] | None = None) -> NDArray[np.int64]:
    """A fold number (0 … folds - 1) for each entry of `keys`; equal keys get the same fold, and folds equally many keys, give or take one.

    Depends on the set of keys, not on their order. Keys that have a `fixed` fold stay in it, the others are dealt out. Raises `ValueError`
    for fewer than two folds, for fewer different keys than folds, and where `fixed` leaves a fold empty.
    """
    if folds < 2:
        raise ValueError(f"cv.folds={folds}: nothing would be left to train on; give at least 2 (3 for a model with a sequence layer)")
    distinct = sorted(set(keys))
    if len(distinct) < folds:
        raise ValueError(
            f"{len(distinct)} sites cannot be split into {folds} folds; add sites, or lower cv.folds (below 3 with model=sgd alone)"
        )
    fixed = fixed or {}
    dealt = [key for key in distinct if key not in fixed]
    order = np.random.RandomState(seed).permutation(len(dealt))
    fold_of = {**fixed, **{dealt[place]: i % folds for i, place in enumerate(order.tolist())}}
    found = np.array([fold_of[key] for key in keys], dtype=np.int64)
    empty = sorted({*range(folds)} - {*found.tolist()})
    if empty:
        raise ValueError(f"cv.fixed: leaves no site to fold {', '.join(map(str, empty))} of {folds}; fix fewer sites, or lower cv.folds")
    return found


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Out-of-fold answers: for each sample the `predictions` of a model, and the first pass's `answers`, that never saw its fold.

    `models` are these models, one a fold.
    """

    folds: NDArray[np.int64]
    predictions: Sequence[Prediction]
    answers: Sequence[Floats]
    models: list[Model]


Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


def _no_progress(work: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return work


def cross_fit(
    samples: Sequence[Sample],
    folds: Ints,
    settings: Settings,
    seed: int,
    n_jobs: int = 1,
    progress: Progress = _no_progress,
) -> CrossFit:
    """Judge every sample with a model trained without the samples of its fold.

    The second pass of the model for fold j needs first-pass answers for the other folds by first passes that saw
    neither them nor j. A first pass without the folds i and j serves both the model without i and the one without j, so
    k folds take k first passes without one fold and k(k-1)/2 without two.
    """
    k = int(folds.max()) + 1
    if settings.sequence and k < 3:
        raise ValueError(
            f"cv.folds={k}: a model with a sequence layer needs at least 3, two parts to learn from and one to judge; with two sites take model=sgd"
        )
    shelf = Shelf.of(samples)
    first = _FirstPasses.of(shelf, folds, settings, seed, n_jobs, progress)
    jobs = []
    for j in range(k):
        inside = np.flatnonzero(folds != j).tolist()
        nested = first.answers_without(inside, [j] * len(inside)) if settings.sequence else Shelf[Floats]()
        outside = shelf.take(np.flatnonzero(folds == j).tolist())
        jobs.append(delayed(_judge_fold)(first.linears[j], shelf.take(inside), nested, outside, settings, seed))
    predictions: Shelf[Prediction] = Shelf()
    judged: list[int] = []
    models: list[Model] = []
    for j, (model, said) in enumerate(progress(Parallel(n_jobs=n_jobs, return_as="generator")(jobs), k, "second pass")):
        for prediction in said:
            predictions.append(prediction)
        judged += np.flatnonzero(folds == j).tolist()
        models.append(model)
    answers = first.answers_without(range(len(folds)), folds.tolist())
    return CrossFit(folds, predictions.take(np.argsort(judged).tolist()), answers, models)


@dataclass(frozen=True, slots=True)
class _FirstPasses:
    """The first passes of a cross-validation: `linears` are those without one fold, by its number; `answers` those of all, for the folds left out.

    `place` says where among them the one for a sample stands, by its number and the other fold left out, its own where no other was.
    """

    linears: dict[int, Linear]
    answers: Shelf[Floats]
    place: dict[tuple[int, int], int]

    @classmethod
    def of(cls, samples: Shelf[Sample], folds: Ints, settings: Settings, seed: int, n_jobs: int, progress: Progress) -> _FirstPasses:
        """Those that a model without each of the `folds` (samples,) asks for."""
        k = int(folds.max()) + 1
        without = [(j,) for j in range(k)] + (list(combinations(range(k), 2)) if settings.sequence else [])
        first = cls({}, Shelf(), {})
        with tempfile.TemporaryDirectory(prefix="pagesieve-") as folder:
            rows = _rows(samples, Path(folder), settings, seed)
            work = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
                delayed(_answers_without)(left_out, samples, rows, folds, settings, seed) for left_out in without
            )
            for left_out, linear, answers in progress(work, len(without), "first pass"):
                if linear is not None:
                    first.linears[left_out[0]] = linear
                for sample, answer in answers.items():
                    first.place[sample, left_out[0] if folds[sample] == left_out[-1] else left_out[-1]] = len(first.answers)
                    first.answers.append(answer)
        return first

    def answers_without(self, samples: Iterable[int], others: Iterable[int]) -> Shelf[Floats]:
        """The answer for each of these samples by the first pass that saw neither its fold nor the other one beside it."""
        return self.answers.take(self.place[key] for key in zip(samples, others, strict=True))


def _rows(samples: Sequence[Sample], folder: Path, settings: Settings, seed: int) -> Rows:
    words = settings.words and settings.classifier != "majority"
    return Rows.of(samples, folder, settings.min_df if words else None, seed)


def _answers_without(
    left_out: tuple[int, ...], samples: Shelf[Sample], rows: Rows, folds: Ints, settings: Settings, seed: int
) -> tuple[tuple[int, ...], Linear | None, dict[int, Floats]]:
    """A first pass without some folds (None where it is without two: nobody needs it), and its answers for their samples, by number."""
    out = np.isin(folds, left_out)
    linear = _to_linear(_fit_first(rows, np.flatnonzero(~out[rows.sample]), settings, seed), settings)
    outside = np.flatnonzero(out).tolist()
    answers = _first_answers(linear, samples.take(outside))
    return left_out, linear if len(left_out) == 1 else None, dict(zip(outside, answers, strict=True))


def _judge_fold(
    linear: Linear, inside: Shelf[Sample], nested: Shelf[Floats], outside: Shelf[Sample], settings: Settings, seed: int
) -> tuple[Model, list[Prediction]]:
    """The model from the samples `inside`, and what it says of those `outside`, in their order."""
    model = _assemble(linear, inside, nested, settings, seed)
    return model, [model.judge(sample.measures) for sample in outside]


# ----------------------------------------------------------------------------------------------------- calibration


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Out-of-fold answers made honest: what each fold's answers are calibrated by (what the others ask for), the answers, those
    for pages without their article, and the calibration that all of them ask for.
    """

    without: list[Calibration]
    predictions: Sequence[Prediction]
    rests: Sequence[Prediction]
    last: Calibration


def calibrate(
    samples: Sequence[Sample], crossed: CrossFit, settings: Settings, pages: int | None = None, rests: Sequence[Sample] = ()
) -> Calibrated:
    """The answers for the first `pages` of `samples` (None: for all) calibrated, each by what the other folds' answers ask for, so that scores are honest.

    `samples` are those that `crossed` was made of; behind the pages may be pieces and other renderings of them. From all of them, and from `rests`, pages without
    their article, is learned what tells whether there is one; without `rests` it is not. The name of a rest is that of its page, one of the samples, with "@" and more behind.
    """
    fold_of = {sample.name: fold for sample, fold in zip(samples, crossed.folds.tolist(), strict=True)}
    fold_of_rest = np.array([fold_of[rest.name.rpartition("@")[0]] for rest in rests], dtype=np.int64)
    answered = Shelf(_Answered.of(sample, answer) for sample, answer in zip(samples, crossed.predictions, strict=True))
    cut = Shelf(_Answered.of(s, crossed.models[fold].judge(s.measures)) for s, fold in zip(rests, fold_of_rest.tolist(), strict=True))
    folds, whole = crossed.folds[:pages], answered[:pages]

    def asked(without: int | None) -> Calibration:
        """The calibration that all folds but this one ask for."""
        own, every, others = (np.flatnonzero(of != without).tolist() for of in (folds, crossed.folds, fold_of_rest))
        calibration = _calibration([*whole.take(own)], settings)
        if not rests:
            return calibration
        return replace(calibration, article=_article(chain(answered.take(every), cut.take(others)), settings, calibration))

    def honest(answers: Sequence[_Answered], folds: Ints) -> Shelf[Prediction]:
        return Shelf(page.calibrated(settings, without[fold]) for page, fold in zip(answers, folds.tolist(), strict=True))

    without = [asked(fold) for fold in range(len(crossed.models))]
    return Calibrated(without, honest(whole, folds), honest(cut, fold_of_rest), asked(None))


@dataclass(frozen=True, slots=True)
class _Answered:
    """What calibration asks of a page: arrays with one entry a segment, `probabilities` those of its out-of-fold answer."""

    words: Floats
    cues: Floats  # (segments, cues)
    roles: NDArray[np.int64]
    probabilities: Floats

    @classmethod
    def of(cls, sample: Sample, answer: Prediction) -> _Answered:
        return cls(sample.measures.words, sample.measures.cues, sample.roles, answer.probabilities)

    @property
    def has_article(self) -> bool:
        """Whether there is a word of an article's body on the page."""
        return bool(self.words[self.roles == BODY].sum())

    def calibrated(self, settings: Settings, calibration: Calibration) -> Prediction:
        return Prediction.of(self.probabilities, self.words, settings.label_of_role, calibration, cues=self.cues)


def _article(pages: Iterable[_Answered], settings: Settings, calibration: Calibration) -> Floats:
    """What `Calibration.article` is to be: a logistic regression on the pages that get a body. All pages with an article count as much as all without one.

    (0,) where only one kind gets any.
    """
    signs, there = [], []
    count = [0, 0]  # of pages without and with an article, whether they get a body or not
    for page in pages:
        has_article = page.has_article
        count[has_article] += 1
        own = page.calibrated(settings, calibration).signs
        if len(own):
            signs.append(own)
            there.append(has_article)
    if len({*there}) < 2:
        return Calibration().article
    weight = np.array([sum(count) / 2 / count[kind] for kind in there])
    fitted = LogisticRegression().fit(np.stack(signs), there, sample_weight=weight)
    return np.concatenate([fitted.coef_[0], fitted.intercept_]).astype(np.float32)


def _calibration(pages: Sequence[_Answered], settings: Settings) -> Calibration:
    matrix = label_matrix(settings.label_of_role)
    roles = np.concatenate([page.roles for page in pages])
    truth = matrix.argmax(1)[roles]
    probabilities = np.concatenate([page.probabilities for page in pages])
    some = np.arange(0, len(truth), 1 + len(truth) // MOST_TEMPERED)
    losses = []
    for temperature in TEMPERATURES:
        shares = Calibration(temperature).tempered(probabilities[some]) @ matrix
        losses.append(-np.log(np.maximum(shares[np.arange(len(some)), truth[some]], 1e-6)).mean())
    calibration = Calibration(TEMPERATURES[int(np.argmin(losses))])
    factors = []
    for has in np.concatenate([page.cues for page in pages]).T > 0:
        expected = calibration.tempered(probabilities[has]).sum(0)
        found = np.bincount(roles[has], minlength=len(ROLES))
        factors.append((found + 1) / (expected + 1))  # one more: few segments say little
    calibration = replace(calibration, cues=np.stack(factors).astype(np.float32))
    said, right = [], []
    for page in pages:
        judged = page.calibrated(settings, calibration)
        said.append(mean_chance(judged.chances, page.words))
        right.append(mean_chance((judged.labels == matrix.argmax(1)[page.roles]).astype(np.float32), page.words))
    curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(said, right)
    return replace(calibration, said=curve.X_thresholds_.astype(np.float32), true=curve.y_thresholds_.astype(np.float32))


def fit(
    samples: Sequence[Sample],
    crossed: CrossFit,
    settings: Settings,
    seed: int,
    calibration: Calibration = UNCALIBRATED,
    info: dict[str, Any] | None = None,
    n_jobs: int = 1,
) -> tuple[Model, Pipeline]:
    """The model trained on all samples, and its first pass as a scikit-learn pipeline.

    `crossed` is their `cross_fit`, `calibration` what `calibrate` makes of it.
    """
    with tempfile.TemporaryDirectory(prefix="pagesieve-") as folder:
        rows = _rows(samples, Path(folder), settings, seed)
        pipeline = _fit_first(rows, np.arange(len(rows.truth)), settings, seed)
    model = _assemble(_to_linear(pipeline, settings), samples, crossed.answers, settings, seed, n_jobs)
    return replace(model, calibration=calibration, info=info or {}), pipeline
