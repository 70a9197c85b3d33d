"""`Segmentation.explain`: what is said must be what the model computed."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from conftest import page_lines, page_text

from pagesieve.calibration import decide, least_share
from pagesieve.explain import _rule
from pagesieve.features import Terms, layout, measure
from pagesieve.model import Prediction
from pagesieve.page import split
from pagesieve.roles import LABELS, ROLES
from pagesieve.sieve import Sieve, load

PAGE = page_text(page_lines("larkrise", 7))


def test_words_and_cues_add_up_to_the_first_pass_score(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment(PAGE)
    measures = measure(split(PAGE))
    linear = tiny_sieve.model.linear
    columns = layout(measures, linear.groups)
    for place, segment in enumerate(result):
        why = result.explain(segment)
        role = ROLES.index(segment.role)
        _, numbers, weights = linear.weighted_terms(Terms.of_one(measures.terms[place]))
        scores = (linear.word_weights[numbers] * weights[:, None]).sum(0) + sum(linear.layout_scores(columns[place : place + 1]))[0]
        others = (scores.sum() - scores[role]) / (len(ROLES) - 1)
        assert sum(w for _, w in (*why.words, *why.cues)) == pytest.approx(scores[role] - others, abs=0.02)
        assert {term for term, _ in why.words} <= set(measures.terms[place])


def test_the_label_and_its_chances_are_those_of_the_result(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment(PAGE)
    for place, segment in enumerate(result):
        why = result.explain(place)
        assert (why.label, why.role) == (segment.label, segment.role)
        assert why.in_place[segment.label] == pytest.approx(segment.probability, abs=1e-5)
        assert list(why.alone) == list(LABELS)
        assert sum(why.alone.values()) == pytest.approx(1, abs=1e-5)
        if why.in_place[why.label] > why.alone[why.label] + 1e-3:
            assert why.neighbours > 0


def test_an_explanation_reads_as_text(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment(PAGE)
    text = str(result.explain(0))
    assert text.startswith(f"{result.segments[0].label} ({result.segments[0].role})")
    assert "words: " in text
    assert "cues: " in text
    assert "alone: body " in text


def test_what_cannot_be_explained_says_so(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment(PAGE)
    with pytest.raises(ValueError, match="holds no model"):
        replace(result, judge=None).explain(0)
    with pytest.raises(ValueError, match="no segment of this page"):
        result.explain(replace(result.segments[0], start=10**6))
    for place in (len(result), -len(result) - 1):
        with pytest.raises(ValueError, match=f"no segment at {place}; this page has {len(result)}"):
            result.explain(place)
    with pytest.raises(ValueError, match="no segment at 0; this page has 0"):
        tiny_sieve.segment("").explain(0)


def test_places_count_from_the_end_too(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment(PAGE)
    assert result.explain(-1) == result.explain(result.segments[-1]) == result.explain(len(result) - 1)
    assert result.explain(-len(result)) == result.explain(0)


def test_answers_of_other_processes_can_be_explained_and_travel_without_the_model(tiny_sieve: Sieve) -> None:
    one, two = tiny_sieve.segment_many([PAGE, PAGE], n_jobs=2)
    assert one == tiny_sieve.segment(PAGE)
    assert one.explain(0) == two.explain(0) == tiny_sieve.segment(PAGE).explain(0)
    assert len(pickle.dumps(replace(one, judge=None))) < 200_000


def test_a_word_the_model_never_saw_has_no_weight(tiny_sieve: Sieve) -> None:
    result = tiny_sieve.segment("Qwzx vbnmk")
    assert result.explain(0).words == ()
    assert np.isfinite(result.explain(0).neighbours)


def test_a_term_with_the_hash_of_another_is_named_as_it_stands_on_the_page() -> None:
    words = dict(load().segment("\0 Read more").explain(0).words)  # a NUL adds nothing to a hash: to the model the first term is "^"
    assert "^\0" in words
    assert "^" not in words


def test_where_another_label_is_likelier_the_rule_is_told(tiny_sieve: Sieve) -> None:
    for result in (tiny_sieve.segment(PAGE), tiny_sieve.segment("Qwzx vbnmk", dial=0.0), tiny_sieve.segment("Qwzx vbnmk", dial=1.0)):
        for place, segment in enumerate(result):
            why = result.explain(place)
            assert bool(why.rule) == (max(why.in_place, key=why.in_place.__getitem__) != segment.label)
            assert str(why).endswith(f"\n  but {why.rule}") == bool(why.rule)


@pytest.mark.parametrize(
    ("shares", "caution", "label", "told"),
    [
        ([0.6, 0.1, 0.3], 20, "teaser", "20 times as likely as teaser"),
        ([0.4, 0.45, 0.15], 2, "body", "lower probability"),
        ([0.6, 0.1, 0.3], 2, "teaser", "dial"),
        ([0.4, 0.3, 0.3], 1, "boilerplate", "likelier than not"),
        ([0.6, 0.1, 0.3], 2, "body", ""),
    ],
)
def test_the_rule_is_the_one_that_decided(shares: list[float], caution: float, label: str, told: str) -> None:
    own = np.array([shares], dtype=np.float32)
    asked = np.array([caution], dtype=np.float32)
    sure = 0.0 if label == "boilerplate" else 0.9  # another line of the page
    least = least_share(np.append(own[:, 0], sure), np.array([9, 9]))
    labels = decide(own, least, asked, LABELS.index("body"), LABELS.index("teaser"), 0.5)
    said = Prediction(np.zeros((1, len(ROLES)), dtype=np.float32), own, labels, labels, np.array([least]), asked)
    rule = _rule(said, 0, LABELS.index(label))
    assert told in rule
    assert bool(rule) == bool(told)
