"""How good a model is: judged pages → scores with intervals, curves, and the baselines a model must beat.

Nothing here prints or draws (see `pagesieve.report`); every function returns values. Scores exist in two weightings,
since long menus dominate segment counts: each *segment* counts once, or each *word* does. Intervals are 95 % bootstrap
intervals over sites, because pages of one site share a template and are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.calibration import decide
from pagesieve.corpus import Document
from pagesieve.features import measure
from pagesieve.labeling import propose
from pagesieve.model import Model, Prediction
from pagesieve.roles import LABELS, ROLES, label_matrix

__all__ = [
    "ARTICLE_LIMITS",
    "BASELINES",
    "Interval",
    "Judged",
    "article_table",
    "baseline",
    "breakdown",
    "calibration",
    "comparison",
    "confidence_table",
    "confusion",
    "dial_table",
    "judge",
    "judge_documents",
    "precision_recall",
    "summary",
    "wrong_words",
]

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
RESAMPLES = 1000
CALIBRATION_BINS = 10
CONFIDENCE_BINS = 10
ARTICLE_LIMITS = (0.1, 0.5, 0.9)
DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
LENGTHS = ((0, 500), (500, 1500), (1500, 4000), (4000, None))  # words of a page, half-open
BODY, TEASER = (LABELS.index(name) for name in ("body", "teaser"))
COMMENT, ARTICLE = ROLES.index("comment"), ROLES.index("body")


@dataclass(frozen=True)
class Judged:
    """A page with its true roles and what was said of it. Arrays have one entry a segment.

    `labels` are places in `LABELS`; `shares` holds the probability of each label, shape (segments, labels), `least` and `caution` what `calibration.decide`
    wants to know beside them.
    """

    name: str
    site: str
    language: str
    words: Floats
    true_roles: Ints
    roles: Ints
    true_labels: Ints
    labels: Ints
    shares: Floats
    least: Floats
    caution: Floats
    renderer: str = "unknown"
    confidence: float = 1.0
    article: float = 1.0

    @property
    def has_article(self) -> bool:
        """Whether there is a word of an article's body on the page."""
        return bool(self.words[self.true_roles == ARTICLE].sum())


def judge(document: Document, words: Floats, said: Prediction, label_of_role: Mapping[str, str]) -> Judged:
    """`document`, with its segments' numbers of words, beside a model's prediction for its segments."""
    return Judged(
        document.page.name,
        document.site,
        document.language,
        words,
        document.roles,
        said.roles,
        label_matrix(label_of_role).argmax(1)[document.roles],
        said.labels,
        said.shares,
        said.least,
        said.caution,
        str(document.extra.get("renderer", "unknown")),
        said.confidence,
        said.article,
    )


def judge_documents(model: Model, documents: Iterable[Document]) -> list[Judged]:
    """Each document that has a segment beside the model's prediction."""
    judged = []
    for document in documents:
        if document.segments:
            measures = measure(document.segments)
            judged.append(judge(document, measures.words, model.judge(measures), model.label_of_role))
    return judged


# ------------------------------------------------------------------------------------------------------- baselines


def _majority(document: Document, words: Floats) -> Ints:
    return np.full(len(words), ROLES.index("boilerplate"), dtype=np.int64)


def _number_of_words(document: Document, words: Floats) -> Ints:
    """Content or not from the number of words of the previous, the current and the next segment.

    The decision tree over numbers of words and link density of Kohlschütter, Fankhauser and Nejdl, "Boilerplate
    Detection using Shallow Text Features" (WSDM 2010), with the link density of a text dump, which is nought.
    """
    before = np.concatenate([[0], words[:-1]])
    after = np.concatenate([words[1:], [0]])
    content = (words > 16) | (after > 15) | (before > 4)
    return np.where(content, ROLES.index("body"), ROLES.index("boilerplate"))


def _rules(document: Document, words: Floats) -> Ints:
    return propose(document.segments)


BASELINES = {"majority": _majority, "number of words (Kohlschütter 2010)": _number_of_words, "labelling rules": _rules}


def baseline(name: str, documents: Sequence[Document], label_of_role: Mapping[str, str]) -> list[Judged]:
    """The documents judged by the baseline `name`, which is always sure of itself."""
    label_of = label_matrix(label_of_role).argmax(1)
    judged = []
    for document in documents:
        if document.segments:
            words = measure(document.segments).words
            roles = BASELINES[name](document, words)
            sure, neutral = np.eye(len(LABELS), dtype=np.float32)[label_of[roles]], np.ones(len(roles), dtype=np.float32)
            half = np.full_like(neutral, 0.5)
            said = Prediction(np.eye(len(ROLES), dtype=np.float32)[roles], sure, label_of[roles], roles, half, neutral)
            judged.append(judge(document, words, said, label_of_role))
    return judged


# ---------------------------------------------------------------------------------------------------------- scores


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval (bootstrap over sites); all three are NaN where there was nothing to measure."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "–" if np.isnan(self.value) else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def confusion(judged: Sequence[Judged], by: str = "segments", of: str = "labels") -> Floats:
    """Confusion matrix, rows true, columns predicted, over `by` "segments" or "words", of "labels" or "roles"."""
    size = len(LABELS) if of == "labels" else len(ROLES)
    out = np.zeros((size, size))
    for page in judged:
        out += _page_confusion(page, by, of)
    return out


def _page_confusion(page: Judged, by: str, of: str) -> Floats:
    size = len(LABELS) if of == "labels" else len(ROLES)
    true, said = (page.true_labels, page.labels) if of == "labels" else (page.true_roles, page.roles)
    weights = page.words if by == "words" else None
    return np.bincount(true * size + said, weights=weights, minlength=size * size).reshape(size, size).astype(float)


def _f1(matrices: Floats) -> Floats:
    """F1 per class from confusion matrices (…, k, k) → (…, k); NaN for a class that is neither there nor said."""
    right = np.diagonal(matrices, axis1=-2, axis2=-1)
    total = matrices.sum(-1) + matrices.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, 2 * right / total, np.nan)


def _resampled(judged: Sequence[Judged], per_page: Sequence[Floats], seed: int) -> Floats:
    """Sums of the pages' matrices over bootstrap resamples of their sites, shape (RESAMPLES, …)."""
    sites = sorted({page.site for page in judged})
    place = {site: i for i, site in enumerate(sites)}
    sums = np.zeros((len(sites), *per_page[0].shape))
    for page, matrix in zip(judged, per_page, strict=True):
        sums[place[page.site]] += matrix
    drawn = np.random.RandomState(seed).multinomial(len(sites), np.full(len(sites), 1 / len(sites)), size=RESAMPLES)
    return np.asarray(np.tensordot(drawn, sums, axes=1), dtype=float)


def _interval(value: float, resampled: Floats) -> Interval:
    known = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not len(known):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(float(value), float(low), float(high))


def _mean(values: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where all are."""
    known = ~np.isnan(values)
    count = known.sum(-1)
    return np.where(count > 0, np.where(known, values, 0).sum(-1) / np.maximum(count, 1), np.nan)


def summary(judged: Sequence[Judged], seed: int = 0) -> dict[str, Any]:
    """All scores of these pages with intervals.

    {"pages", "sites", "segments", "words": counts,
     "by_segments" / "by_words": {"macro": Interval, "f1" / "precision" / "recall": {label: Interval}, "roles": {role: F1 Interval}},
     "comment_as_body": Interval (share of comment words labelled body),
     "leaking_pages": Interval (share of pages with teasers that have one in the body),
     "needless_bodies": Interval (share of pages without an article that get a body all the same),
     "needless_words": Interval (share of these pages' words labelled body),
     "calibration_error": {label: float}}
    """
    if not judged:
        raise ValueError("no pages to score; data.held_out or data.statuses leave none, or the pages are empty")
    result: dict[str, Any] = {
        "pages": len(judged),
        "sites": len({page.site for page in judged}),
        "segments": int(sum(len(page.words) for page in judged)),
        "words": int(sum(page.words.sum() for page in judged)),
    }
    for by in ("segments", "words"):
        per_page = [_page_confusion(page, by, "labels") for page in judged]
        whole, drawn = np.sum(per_page, axis=0), _resampled(judged, per_page, seed)
        roles = [_page_confusion(page, by, "roles") for page in judged]
        role_f1, role_drawn = _f1(np.sum(roles, axis=0)), _f1(_resampled(judged, roles, seed))
        scores: dict[str, Any] = {"macro": _interval(float(_mean(_f1(whole))), _mean(_f1(drawn)))}
        for name, score in (("f1", _f1), ("precision", _precision), ("recall", _recall)):
            value, values = score(whole), score(drawn)
            scores[name] = {label: _interval(value[i], values[:, i]) for i, label in enumerate(LABELS)}
        scores["roles"] = {role: _interval(role_f1[i], role_drawn[:, i]) for i, role in enumerate(ROLES)}
        result[f"by_{by}"] = scores
    result["comment_as_body"] = _rate(judged, [_comment_words(page) for page in judged], seed)
    result["leaking_pages"] = _rate(judged, [_leak(page) for page in judged], seed)
    result["needless_bodies"] = _rate(judged, [_needless(page) for page in judged], seed)
    result["needless_words"] = _rate(judged, [_needless_words(page) for page in judged], seed)
    result["calibration_error"] = {label: calibration(judged, i)["error"] for i, label in enumerate(LABELS)}
    return result


def _precision(matrices: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diagonal(matrices, axis1=-2, axis2=-1) / matrices.sum(-2))


def _recall(matrices: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.diagonal(matrices, axis1=-2, axis2=-1) / matrices.sum(-1))


def _comment_words(page: Judged) -> Floats:
    """(comment words labelled body, comment words)."""
    comment = page.true_roles == COMMENT
    return np.array([page.words[comment & (page.labels == BODY)].sum(), page.words[comment].sum()])


def _leak(page: Judged) -> Floats:
    """(1 if a true teaser is labelled body, 1 if there is a true teaser)."""
    teaser = page.true_labels == TEASER
    return np.array([float((teaser & (page.labels == BODY)).any()), float(teaser.any())])


def _needless(page: Judged) -> Floats:
    """(1 if a page without an article gets a body, 1 if it has no article)."""
    return np.array([float((page.labels == BODY).any()), 1.0]) * _without(page)


def _needless_words(page: Judged) -> Floats:
    """(words labelled body, words), of a page without an article."""
    return np.array([page.words[page.labels == BODY].sum(), page.words.sum()]) * _without(page)


def _without(page: Judged) -> bool:
    return not (page.true_labels == BODY).any()


def _rate(judged: Sequence[Judged], counts: Sequence[Floats], seed: int) -> Interval:
    total, drawn = np.sum(counts, axis=0), _resampled(judged, counts, seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _interval(float(total[0] / total[1]) if total[1] else float("nan"), drawn[:, 0] / drawn[:, 1])


def comparison(before: Sequence[Judged], after: Sequence[Judged], seed: int = 0) -> dict[str, Any]:
    """What `after` gained over `before`, the same pages in the same order judged by another model.

    {"by_segments" / "by_words": {"macro": Interval, "f1": {label: Interval}} of the differences,
     "worse": [(label, "segments" or "words"), …] where the whole interval lies below nought,
     "pages": {name: words that are right now and were wrong, less those the other way round}, changed pages only, best first}
    The bootstrap is paired: both models are scored on the same resampled sites. Raises `ValueError` where the pages differ.
    """
    if [(p.name, p.true_labels.tolist()) for p in before] != [(p.name, p.true_labels.tolist()) for p in after]:
        raise ValueError("the models' pages differ, or their maps from role to label; only answers to the same question can be compared")
    result: dict[str, Any] = {"worse": []}
    for by in ("segments", "words"):
        sides = [[_page_confusion(page, by, "labels") for page in pages] for pages in (before, after)]
        old, new = (_f1(np.sum(matrices, axis=0)) for matrices in sides)
        old_drawn, new_drawn = (_f1(_resampled(before, matrices, seed)) for matrices in sides)
        gains = {label: _interval(new[i] - old[i], new_drawn[:, i] - old_drawn[:, i]) for i, label in enumerate(LABELS)}
        macro = _interval(float(_mean(new) - _mean(old)), _mean(new_drawn) - _mean(old_drawn))
        result[f"by_{by}"] = {"macro": macro, "f1": gains}
        result["worse"] += [(label, by) for label, gain in gains.items() if gain.high < 0]
    gained = {old.name: wrong_words(old) - wrong_words(new) for old, new in zip(before, after, strict=True)}
    result["pages"] = {name: gain for name, gain in sorted(gained.items(), key=lambda item: (-item[1], item[0])) if gain}
    return result


def breakdown(judged: Sequence[Judged], seed: int = 0) -> dict[str, dict[str, dict[str, Any]]]:
    """Scores by site, language, renderer and page length: {"site" | …: {group: {"pages", "macro", "f1", "wrong_words", "intervals"}}}.

    `macro` and `f1` are over segments, `wrong_words` is the share of words with the wrong label. `intervals` holds an `Interval` for "macro" and
    each label; {} for groups by site, since sites are what is drawn.
    """
    groups: dict[str, dict[str, list[Judged]]] = {"site": {}, "language": {}, "renderer": {}, "length": {}}
    for page in judged:
        groups["site"].setdefault(page.site, []).append(page)
        groups["language"].setdefault(page.language, []).append(page)
        groups["renderer"].setdefault(page.renderer, []).append(page)
        groups["length"].setdefault(_length(page), []).append(page)
    order = [_length_name(bounds) for bounds in LENGTHS]
    groups["length"] = {name: groups["length"][name] for name in order if name in groups["length"]}
    return {
        kind: {
            name: {**_plain_scores(pages), "intervals": {} if kind == "site" else _intervals(pages, seed)}
            for name, pages in (named.items() if kind == "length" else sorted(named.items()))
        }
        for kind, named in groups.items()
    }


def _length_name(bounds: tuple[int, int | None]) -> str:
    low, high = bounds
    return f"{low} words or more" if high is None else f"{low} to {high - 1} words"


def _length(page: Judged) -> str:
    words = page.words.sum()
    return next(_length_name((low, high)) for low, high in LENGTHS if words >= low and (high is None or words < high))


def _plain_scores(pages: Sequence[Judged]) -> dict[str, Any]:
    f1 = _f1(confusion(pages))
    by_words = confusion(pages, "words")
    total = by_words.sum()
    return {
        "pages": len(pages),
        "macro": float(_mean(f1)),
        "f1": {label: float(f1[i]) for i, label in enumerate(LABELS)},
        "wrong_words": float(1 - np.trace(by_words) / total) if total else 0.0,
    }


def _intervals(pages: Sequence[Judged], seed: int) -> dict[str, Interval]:
    """Of the macro-F1 over segments and of each label's F1."""
    per_page = [_page_confusion(page, "segments", "labels") for page in pages]
    f1, drawn = _f1(np.sum(per_page, axis=0)), _f1(_resampled(pages, per_page, seed))
    return {"macro": _interval(float(_mean(f1)), _mean(drawn)), **{label: _interval(f1[i], drawn[:, i]) for i, label in enumerate(LABELS)}}


def wrong_words(page: Judged) -> float:
    """Number of the page's words with the wrong label."""
    return float(page.words[page.labels != page.true_labels].sum())


def calibration(judged: Sequence[Judged], label: int) -> dict[str, Any]:
    """Reliability of the probabilities of a label (its place in `LABELS`), over segments, in equal bins of probability.

    {"error": expected calibration error, "bins": [{"said": mean probability, "true": share that was it, "count"}, …]}
    """
    said = np.concatenate([page.shares[:, label] for page in judged])
    true = np.concatenate([page.true_labels == label for page in judged])
    place = np.minimum((said * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins: list[Mapping[str, float]] = []
    error = 0.0
    for i in range(CALIBRATION_BINS):
        here = place == i
        count = int(here.sum())
        if count:
            bins.append({"said": float(said[here].mean()), "true": float(true[here].mean()), "count": count})
            error += count / len(said) * abs(bins[-1]["said"] - bins[-1]["true"])
    return {"error": error, "bins": bins}


def confidence_table(judged: Sequence[Judged]) -> dict[str, Any]:
    """How far pages' confidence holds: pages in `CONFIDENCE_BINS` groups of equal size by rising confidence.

    {"error": mean distance of said and true over the groups, "bins": [{"said", "true": mean share of right words, "pages"}, …]}
    """
    order = sorted(judged, key=lambda page: (page.confidence, page.name))
    true = [1 - wrong_words(page) / max(float(page.words.sum()), 1.0) for page in order]
    bins = []
    for group in np.array_split(np.arange(len(order)), min(CONFIDENCE_BINS, len(order))):
        said = float(np.mean([order[i].confidence for i in group]))
        bins.append({"said": said, "true": float(np.mean([true[i] for i in group])), "pages": len(group)})
    return {"error": sum(b["pages"] * abs(b["said"] - b["true"]) for b in bins) / len(order), "bins": bins}


def article_table(said: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """What pages of some kinds are said to have: {"kind", "pages", "at": [share of them whose `article` is at least each of `ARTICLE_LIMITS`]}.

    `said` gives the numbers by kind; kinds without a page are left out.
    """
    return [
        {"kind": kind, "pages": len(found), "at": [float(np.mean(np.array(found) >= limit)) for limit in ARTICLE_LIMITS]}
        for kind, found in said.items()
        if len(found)
    ]


def dial_table(judged: Sequence[Judged]) -> list[dict[str, float]]:
    """What the dial does, over words: {"dial", "body_precision", "body_recall", "teaser_precision", "teaser_recall", "leaking_pages"}."""
    rows = []
    for dial in DIALS:
        turned = [replace(page, labels=decide(page.shares, page.least, page.caution, BODY, TEASER, dial)) for page in judged]
        matrix = np.sum([_page_confusion(page, "words", "labels") for page in turned], axis=0)
        precision, recall = _precision(matrix), _recall(matrix)
        leaks = np.sum([_leak(page) for page in turned], axis=0)
        rows.append(
            {
                "dial": dial,
                "body_precision": float(precision[BODY]),
                "body_recall": float(recall[BODY]),
                "teaser_precision": float(precision[TEASER]),
                "teaser_recall": float(recall[TEASER]),
                "leaking_pages": float(leaks[0] / leaks[1]) if leaks[1] else float("nan"),
            }
        )
    return rows


def precision_recall(judged: Sequence[Judged], label: int) -> dict[str, list[float]]:
    """Precision and recall of a label (its place in `LABELS`) over segments at falling thresholds of its probability.

    Lists of equal length, thinned to at most 200 points; empty if the label is on no page.
    """
    said = np.concatenate([page.shares[:, label] for page in judged])
    true = np.concatenate([page.true_labels == label for page in judged])
    if not true.any():
        return {"threshold": [], "precision": [], "recall": []}
    order = np.argsort(-said, kind="stable")
    right = np.cumsum(true[order])
    last = np.flatnonzero(np.diff(said[order], append=-1.0))  # the last place of each threshold
    keep = last[np.unique(np.linspace(0, len(last) - 1, min(200, len(last))).astype(int))]
    return {
        "threshold": said[order][keep].tolist(),
        "precision": (right[keep] / (keep + 1)).tolist(),
        "recall": (right[keep] / right[-1]).tolist(),
    }
