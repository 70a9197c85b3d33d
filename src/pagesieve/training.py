"""The trained side: labelled documents → `Model`, with scikit-learn. The only module that imports it.

The first pass is an ordinary scikit-learn `Pipeline` over rows (terms and layout of one segment): TF-IDF and binned
layout side by side, then a linear classifier. The second pass is a small `MLPClassifier` on the first pass's
out-of-fold answers, since answers on pages it was fitted to would be better than any it meets in use. `to_model` copies
the fitted numbers out, so that using a model needs no scikit-learn.

Splits never put one site on two sides, and everything learned is learned inside the training part of a split.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from threadpoolctl import threadpool_limits

from pagesieve.calibration import Calibration, mean_chance
from pagesieve.corpus import Document
from pagesieve.features import GROUPS, MARKUP, Measures, layout, measure
from pagesieve.model import CLIP, UNCALIBRATED, Linear, Model, Network, Prediction, second_pass_inputs
from pagesieve.roles import LABEL_OF_ROLE, ROLES, label_matrix
from pagesieve.sequence import transition_scores
from pagesieve.words import Vocabulary

__all__ = ["CLASSIFIERS", "CrossFit", "Sample", "Settings", "assign_folds", "calibrate", "cross_fit", "fit", "prepare"]

Floats = NDArray[np.float32]
BATCH = 256  # segments a network learns from at a time
CLASSIFIERS = ("majority", "logistic", "sgd")
TEMPERATURES = [round(0.6 + 0.05 * i, 2) for i in range(29)]  # 0.6 to 2
ABSENT = -1000.0  # score of a role that training never saw: below any other


@dataclass(frozen=True)
class Settings:
    """How a model is trained; the fields are those of `conf/model` and `conf/features`."""

    classifier: str = "sgd"
    sequence: bool = True  # whether the second pass and the transitions are used
    words: bool = True  # whether the TF-IDF is used
    groups: tuple[str, ...] = GROUPS  # layout groups in use
    C: float = 0.5  # inverse regularisation of the logistic regression
    alpha: float = 3e-6  # regularisation of SGD
    max_iter: int = 20  # rounds of the linear classifier; ending early regularises too
    min_df: int = 3  # segments a term must be in
    max_terms: int | None = None  # only so many, the most frequent ones
    layout_weight: float = 0.2  # weight of the layout's columns beside the TF-IDF's
    bins: int = 12  # per layout column, by quantiles
    hidden: tuple[int, ...] = (64,)  # units of the second pass's layers
    steps: int = 2500  # batches each second-pass network learns from; rounded up to whole passes over the data
    network_alpha: float = 0.3  # regularisation of the second pass
    networks: int = 3  # second-pass networks that are averaged
    offsets: tuple[int, ...] = (-2, -1, 1, 2)  # places whose layout the second pass is told
    first_share: float = 0.3  # how much the first pass's answer counts beside the second's
    transition_weight: float = 0.3
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


@dataclass(frozen=True, slots=True)
class Sample:
    """A document as the learner sees it: measures and layout of its segments and their true roles."""

    site: str
    name: str
    measures: Measures
    columns: Floats
    roles: NDArray[np.int64]


def prepare(documents: Sequence[Document], settings: Settings) -> list[Sample]:
    """A `Sample` for each document that has a segment, in the same order."""
    samples = []
    for document in documents:
        if document.segments:
            measures = measure(document.segments)
            samples.append(Sample(document.site, document.page.name, measures, layout(measures, settings.groups), document.roles))
    return samples


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


def _rows(samples: Sequence[Sample]) -> list[Row]:
    return [Row(terms, columns) for s in samples for terms, columns in zip(s.measures.terms, s.columns, strict=True)]


def make_pipeline(settings: Settings, seed: int) -> Pipeline:
    """The unfitted first pass; its input is a sequence of `Row`."""
    if settings.classifier == "majority":
        return Pipeline([("classifier", DummyClassifier(strategy="prior"))])
    parts: list[tuple[str, Any]] = []
    if settings.words:
        parts.append(
            (
                "words",
                TfidfVectorizer(
                    analyzer=_terms, min_df=settings.min_df, max_features=settings.max_terms, sublinear_tf=True, dtype=np.float32
                ),
            )
        )
    if settings.groups:
        bins = KBinsDiscretizer(
            n_bins=settings.bins, encode="onehot", strategy="quantile", quantile_method="averaged_inverted_cdf", subsample=None
        )
        parts.append(("layout", Pipeline([("columns", FunctionTransformer(_columns)), ("bins", bins)])))
    union = FeatureUnion(parts, transformer_weights={"layout": settings.layout_weight} if settings.groups else None)
    if settings.classifier == "sgd":
        classifier: Any = SGDClassifier(
            loss="log_loss", alpha=settings.alpha, max_iter=settings.max_iter, tol=None, average=True, random_state=seed
        )
    else:
        classifier = LogisticRegression(C=settings.C, max_iter=settings.max_iter, tol=1e-3)
    return Pipeline([("features", union), ("classifier", classifier)])


def _by_name(sample: Sample) -> str:
    """What samples are sorted by before a fit, so that their order does not tell in the result."""
    return sample.name


def _fit_first(samples: Sequence[Sample], settings: Settings, seed: int) -> Pipeline:
    samples = sorted(samples, key=_by_name)
    truth = np.concatenate([s.roles for s in samples])
    present = np.unique(truth).tolist()
    if len(present) < 2 and settings.classifier != "majority":
        raise ValueError(f"the pages to train on hold only the role {', '.join(ROLES[r] for r in present)}; at least two are needed")
    with warnings.catch_warnings(), threadpool_limits(1):  # one thread: sums in one order, the same bytes on any number of cores
        warnings.simplefilter("ignore", ConvergenceWarning)  # ending early is a setting
        warnings.filterwarnings("ignore", message="Bins whose width are too small|Feature .* is constant")
        return make_pipeline(settings, seed).fit(_rows(samples), truth)


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
        idf = _rounded(vectorizer.idf_)
    edges: tuple[NDArray[Any], ...] = ()
    if settings.groups:
        edges = tuple(np.asarray(e, dtype=np.float64)[1:-1] for e in union["layout"]["bins"].bin_edges_)
    layout_rows = coefficients[len(vocabulary) :] * np.float32(settings.layout_weight)
    return Linear(
        vocabulary=vocabulary,
        idf=idf,
        word_weights=_rounded(coefficients[: len(vocabulary)]),
        edges=edges,
        layout_weights=np.ascontiguousarray(layout_rows) if settings.groups else np.zeros((0, len(ROLES)), dtype=np.float32),
        intercept=intercept,
        groups=settings.groups,
        one_vs_rest=settings.classifier == "sgd",
    )


def _rounded(values: NDArray[np.floating]) -> Floats:
    """`values` at the precision at which the model file holds them, so that a saved model answers as the one in memory."""
    return np.ascontiguousarray(values.astype(np.float16).astype(np.float32))


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


def _first_answers(linear: Linear, samples: Sequence[Sample]) -> list[Floats]:
    return [linear.probabilities(s.measures, s.columns) for s in samples]


def _second_inputs(samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings) -> Floats:
    return np.concatenate(
        [second_pass_inputs(s.measures, s.columns, a, settings.groups, settings.offsets) for s, a in zip(samples, answers, strict=True)]
    )


def _fit_network(samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings, seed: int) -> Network:
    """The second pass, from answers of first passes that have not seen the samples' sites."""
    samples, answers = zip(*sorted(zip(samples, answers, strict=True), key=lambda pair: _by_name(pair[0])), strict=True)
    inputs = _second_inputs(samples, answers, settings)
    roles = np.concatenate([s.roles for s in samples])
    scaler = StandardScaler().fit(inputs)
    scaled = np.clip(scaler.transform(inputs), -CLIP, CLIP).astype(np.float32)
    fitted = []
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        for i in range(settings.networks):
            network = MLPClassifier(
                settings.hidden,
                alpha=settings.network_alpha,
                batch_size=min(BATCH, len(scaled)),
                max_iter=math.ceil(settings.steps * BATCH / max(len(scaled), BATCH)),
                n_iter_no_change=settings.steps,  # never stop early: the same work for the same data
                random_state=seed + i,
            )
            fitted.append(_layers(network.fit(scaled, roles)))
    return Network(scaler.mean_.astype(np.float32), scaler.scale_.astype(np.float32), tuple(fitted), settings.offsets, settings.first_share)


def _layers(network: MLPClassifier) -> tuple[tuple[Floats, Floats], ...]:
    """The network's weights, its outputs spread over all roles (a role it never saw gets no chance)."""
    layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in zip(network.coefs_, network.intercepts_, strict=True)]
    weights, bias = layers[-1]
    present = [int(role) for role in network.classes_]
    if weights.shape[1] == 1:  # two classes share one logistic output
        weights, bias = np.hstack([np.zeros_like(weights), weights]), np.concatenate([np.zeros_like(bias), bias])
    all_weights = np.zeros((len(weights), len(ROLES)), dtype=np.float32)
    all_bias = np.full(len(ROLES), ABSENT, dtype=np.float32)
    all_weights[:, present] = weights
    all_bias[present] = bias
    return (*layers[:-1], (all_weights, all_bias))


def _assemble(linear: Linear, samples: Sequence[Sample], answers: Sequence[Floats], settings: Settings, seed: int) -> Model:
    """The whole model from its first pass and the out-of-fold first-pass answers for the samples it was fitted to."""
    if not settings.sequence:
        return Model(linear, label_of_role=settings.label_of_role)
    transitions = transition_scores([s.roles for s in samples]) * np.float32(settings.transition_weight)
    return Model(linear, _fit_network(samples, answers, settings, seed), transitions, settings.label_of_role)


# ------------------------------------------------------------------------------------------------- splits and fits


def assign_folds(keys: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold number (0 … folds - 1) for each entry of `keys`; equal keys get the same fold, folds get as many keys.

    Depends on the set of keys, not on their order. Raises `ValueError` for fewer than two folds or fewer different keys than folds.
    """
    if folds < 2:
        raise ValueError(f"cv.folds={folds}: nothing would be left to train on; give at least 2 (3 for a model with a sequence layer)")
    distinct = sorted(set(keys))
    if len(distinct) < folds:
        raise ValueError(f"{len(distinct)} sites cannot be split into {folds} folds; add sites, or lower cv.folds")
    order = np.random.RandomState(seed).permutation(len(distinct))
    fold_of = {distinct[place]: i % folds for i, place in enumerate(order.tolist())}
    return np.array([fold_of[key] for key in keys], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Out-of-fold answers: for each sample the `predictions` of a model, and the first pass's `answers`, that never saw its fold.

    `models` are these models, one a fold.
    """

    folds: NDArray[np.int64]
    predictions: list[Prediction]
    answers: list[Floats]
    models: list[Model]


Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]


def _no_progress(work: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return work


def cross_fit(
    samples: Sequence[Sample], folds: NDArray[np.int64], settings: Settings, seed: int, n_jobs: int = 1, progress: Progress = _no_progress
) -> CrossFit:
    """Judge every sample with a model trained without the samples of its fold.

    The second pass of the model for fold j needs first-pass answers for the other folds by first passes that saw
    neither them nor j. A first pass without the folds i and j serves both the model without i and the one without j, so
    k folds take k first passes without one fold and k(k-1)/2 without two.
    """
    k = int(folds.max()) + 1
    if settings.sequence and k < 3:
        raise ValueError(f"cv.folds={k}: a model with a sequence layer needs at least 3, two parts to learn from and one to judge")
    without = [(i,) for i in range(k)] + (list(combinations(range(k), 2)) if settings.sequence else [])
    work = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        delayed(_answers_without)(left_out, samples, folds, settings, seed) for left_out in without
    )
    linears: dict[int, Linear] = {}
    answers: list[Floats] = [np.zeros((0, len(ROLES)), dtype=np.float32)] * len(samples)
    paired: dict[tuple[int, int], Floats] = {}  # (sample, other fold left out) → answers
    for left_out, linear, found in progress(work, len(without), "first pass"):
        if len(left_out) == 1:
            linears[left_out[0]] = linear
            for sample, answer in found.items():
                answers[sample] = answer
        else:
            for sample, answer in found.items():
                other = left_out[0] if folds[sample] == left_out[1] else left_out[1]
                paired[sample, other] = answer
    jobs = []
    for j in range(k):
        inside = np.flatnonzero(folds != j).tolist()
        outside = np.flatnonzero(folds == j).tolist()
        nested = [paired[i, j] for i in inside] if settings.sequence else []
        jobs.append(
            delayed(_judge_fold)(linears[j], [samples[i] for i in inside], nested, [samples[i] for i in outside], outside, settings, seed)
        )
    predictions: dict[int, Prediction] = {}
    models: list[Model] = []
    for model, judged in progress(Parallel(n_jobs=n_jobs, return_as="generator")(jobs), k, "second pass"):
        predictions.update(judged)
        models.append(model)
    return CrossFit(folds, [predictions[i] for i in range(len(samples))], answers, models)


def _answers_without(
    left_out: tuple[int, ...], samples: Sequence[Sample], folds: NDArray[np.int64], settings: Settings, seed: int
) -> tuple[tuple[int, ...], Linear, dict[int, Floats]]:
    """A first pass without some folds, and its answers for their samples by number."""
    inside = [s for s, fold in zip(samples, folds, strict=True) if fold not in left_out]
    linear = _to_linear(_fit_first(inside, settings, seed), settings)
    outside = [i for i, fold in enumerate(folds) if fold in left_out]
    return left_out, linear, dict(zip(outside, _first_answers(linear, [samples[i] for i in outside]), strict=True))


def _judge_fold(
    linear: Linear,
    inside: Sequence[Sample],
    nested: Sequence[Floats],
    outside: Sequence[Sample],
    numbers: Sequence[int],
    settings: Settings,
    seed: int,
) -> tuple[Model, dict[int, Prediction]]:
    model = _assemble(linear, inside, nested, settings, seed)
    return model, {number: model.judge(sample.measures) for number, sample in zip(numbers, outside, strict=True)}


# ----------------------------------------------------------------------------------------------------- calibration


def calibrate(samples: Sequence[Sample], crossed: CrossFit, settings: Settings) -> tuple[Calibration, list[Prediction]]:
    """The calibration that the out-of-fold answers for `samples` ask for, and these answers calibrated.

    Each answer is calibrated by what the other folds' answers ask for, so that scores of the result are honest. `samples`
    may be the first of those that `crossed` was made of.
    """
    folds = crossed.folds[: len(samples)]
    raw = list(zip(samples, crossed.predictions, strict=False))
    predictions: list[Prediction] = list(crossed.predictions[: len(samples)])
    for j in np.unique(folds).tolist():
        others = _calibration([answer for answer, fold in zip(raw, folds, strict=True) if fold != j], settings)
        for i in np.flatnonzero(folds == j).tolist():
            predictions[i] = _calibrated(samples[i], crossed.predictions[i], settings, others)
    return _calibration(raw, settings), predictions


def _calibrated(sample: Sample, answer: Prediction, settings: Settings, calibration: Calibration) -> Prediction:
    measures = sample.measures
    return Prediction.of(answer.probabilities, measures.words, settings.label_of_role, calibration, dateline=measures.dateline)


def _calibration(answers: Sequence[tuple[Sample, Prediction]], settings: Settings) -> Calibration:
    matrix = label_matrix(settings.label_of_role)
    roles = np.concatenate([s.roles for s, _ in answers])
    truth = matrix.argmax(1)[roles]
    probabilities = np.concatenate([p.probabilities for _, p in answers])
    place = np.arange(len(truth))
    losses = []
    for temperature in TEMPERATURES:
        shares = Calibration(temperature).tempered(probabilities) @ matrix
        losses.append(-np.log(np.maximum(shares[place, truth], 1e-6)).mean())
    calibration = Calibration(TEMPERATURES[int(np.argmin(losses))])
    begin = np.concatenate([s.measures.dateline for s, _ in answers]) > 0
    expected = calibration.tempered(probabilities[begin]).sum(0)
    found = np.bincount(roles[begin], minlength=len(ROLES))
    calibration = replace(calibration, datelines=((found + 1) / (expected + 1)).astype(np.float32))  # one more: few segments say little
    said, right = [], []
    for sample, answer in answers:
        judged = _calibrated(sample, answer, settings, calibration)
        words = sample.measures.words
        said.append(mean_chance(judged.shares.max(1), words))
        right.append(mean_chance((judged.labels == matrix.argmax(1)[sample.roles]).astype(np.float32), words))
    curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(said, right)
    return replace(calibration, said=curve.X_thresholds_.astype(np.float32), true=curve.y_thresholds_.astype(np.float32))


def fit(
    samples: Sequence[Sample],
    crossed: CrossFit,
    settings: Settings,
    seed: int,
    calibration: Calibration = UNCALIBRATED,
    info: dict[str, Any] | None = None,
) -> tuple[Model, Pipeline]:
    """The model trained on all samples, and its first pass as a scikit-learn pipeline.

    `crossed` is their `cross_fit`, `calibration` what `calibrate` makes of it.
    """
    pipeline = _fit_first(samples, settings, seed)
    model = _assemble(_to_linear(pipeline, settings), samples, crossed.answers, settings, seed)
    return replace(model, calibration=calibration, info=info or {}), pipeline
