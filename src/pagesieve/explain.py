"""Beside a page's way: one segment's label → the words and cues that pushed it there, and what its neighbours added.

The first pass is linear: its score of a role is the sum of what each term and each layout cue adds, so it can be told
exactly. The second pass reads the whole page with the first pass's answers; how far it moved the label says how
much the neighbours decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.calibration import LEAST_SHARE
from pagesieve.features import Terms, column_names, layout, measure
from pagesieve.model import BODY, TEASER, Model, Prediction
from pagesieve.page import Segment
from pagesieve.roles import LABELS, ROLES

__all__ = ["Explanation", "explain"]

Floats = NDArray[np.floating]
LEAST = 1e-6  # probability below which odds say no more


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a segment got its `label`.

    `words` and `cues` are (name, weight) in falling order of the weight's size: how much each term and each layout cue adds
    to the score of `role` beyond what it adds to the other roles on average. `alone` and `in_place` hold each label's
    probability, from the segment itself and given its neighbours; `neighbours` is by how much these moved the log odds of
    `label` (positive: towards it). `rule` tells why the label is not the likeliest one, "" where it is.
    """

    label: str
    role: str
    words: tuple[tuple[str, float], ...]
    cues: tuple[tuple[str, float], ...]
    alone: dict[str, float]
    in_place: dict[str, float]
    neighbours: float
    rule: str = ""

    def __str__(self) -> str:
        def listed(items: Sequence[tuple[str, float]]) -> str:
            return ", ".join(f"{name} {weight:+.2f}" for name, weight in items[:6]) or "none known"

        def shares(of: dict[str, float]) -> str:
            return ", ".join(f"{label} {chance:.2f}" for label, chance in of.items())

        return (
            f"{self.label} ({self.role})\n  words: {listed(self.words)}\n  cues: {listed(self.cues)}\n"
            f"  alone: {shares(self.alone)}\n  with its neighbours: {shares(self.in_place)} (log odds {self.neighbours:+.2f})"
            + (f"\n  but {self.rule}" if self.rule else "")
        )


def explain(model: Model, segments: Sequence[Segment], place: int, label: str, role: str) -> Explanation:
    """Why `model` gave `segments[place]`, one of a page's segments, this `label` and `role`."""
    measures = measure(segments)
    first, decoded = model.passes(measures)
    words = measures.words
    alone = Prediction.of(first, words, model.label_of_role, model.calibration, cues=measures.cues).shares[place]
    said = Prediction.of(decoded, words, model.label_of_role, model.calibration, cues=measures.cues)
    in_place = said.shares[place]
    which, chosen = ROLES.index(role), LABELS.index(label)
    linear = model.linear
    names = measures.terms_of(place)
    found = Terms.of_one(names)
    _, numbers, weights = linear.weighted_terms(found)
    name_of = dict(zip(linear.index(found.hash).tolist(), names, strict=True))  # by hash, as the model knows terms
    terms = _beyond(linear.word_weights[numbers] * weights[:, None], which)
    columns = layout(measures, linear.groups)[place : place + 1]
    cues: Floats = np.zeros(0)
    if linear.edges:
        cues = _beyond(np.concatenate(list(linear.layout_scores(columns))), which)
    return Explanation(
        label,
        role,
        _sorted([name_of[number] for number in numbers.tolist()], terms),
        _sorted([f"{name}={value:.3g}" for name, value in zip(column_names(linear.groups), columns[0].tolist(), strict=True)], cues),
        dict(zip(LABELS, alone.tolist(), strict=True)),
        dict(zip(LABELS, in_place.tolist(), strict=True)),
        float(_log_odds(in_place[chosen]) - _log_odds(alone[chosen])),
        _rule(said, place, chosen),
    )


def _rule(said: Prediction, place: int, label: int) -> str:
    """Why this label was chosen although another is likelier (see `calibration.decide`), "" where none is."""
    likeliest = int(said.shares[place].argmax())
    if likeliest == label:
        return ""
    if said.labels[place] != label:
        return "the dial was turned"
    if label == BODY and said.least[place] < LEAST_SHARE:
        return "above a body stands a headline, and no other line there is likelier to be it"
    if label == BODY:
        return "little on this page is sure, so that body counts from a lower probability on"
    if said.shares[place, BODY] >= said.caution[place] * said.shares[place, TEASER]:
        return "a line is body only where that is likelier than not"
    return f"a line like this is body only where that is {said.caution[place]:.0f} times as likely as teaser"


def _beyond(scores: Floats, role: int) -> Floats:
    """What each row of `scores` (rows, roles) adds to `role` beyond its mean over the other roles."""
    others = (scores.sum(1) - scores[:, role]) / (scores.shape[1] - 1)
    return np.asarray(scores[:, role] - others)


def _sorted(names: Sequence[str], weights: Floats) -> tuple[tuple[str, float], ...]:
    pairs = zip(names, weights.tolist(), strict=False)
    return tuple(sorted(((n, round(w, 4)) for n, w in pairs if w), key=lambda pair: (-abs(pair[1]), pair[0])))


def _log_odds(chance: float) -> float:
    chance = min(max(float(chance), LEAST), 1 - LEAST)
    return float(np.log(chance / (1 - chance)))
