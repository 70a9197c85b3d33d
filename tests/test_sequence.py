from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pagesieve.features import Measures, measure, measure_pages
from pagesieve.html import read_html
from pagesieve.page import split
from pagesieve.roles import ROLES
from pagesieve.sequence import (
    CONTEXT_NAMES,
    FAR,
    LEAST_ALIKE,
    MARKUP_NAMES,
    MOSTLY,
    Context,
    InStep,
    decode,
    main_stretch,
    of_likes,
    transition_scores,
)

Floats = NDArray[np.float32]
BODY, BOILERPLATE, HEADLINE, TEASER_HEADING = (ROLES.index(r) for r in ("body", "boilerplate", "headline", "teaser_heading"))
seeds = st.integers(0, 2**32 - 1)


def chances(seed: int, n: int, k: int = len(ROLES)) -> Floats:
    return np.random.RandomState(seed).dirichlet(np.ones(k), size=n).astype(np.float32)


def sure(*roles: int, of: float = 1.0) -> Floats:
    """Probabilities `of` for these roles, one a segment, the rest evenly spread."""
    out = np.full((len(roles), len(ROLES)), (1 - of) / (len(ROLES) - 1), dtype=np.float32)
    out[np.arange(len(roles)), list(roles)] = of
    return out


# ---------------------------------------------------------------------------------------------------------- decode


def brute_force(probabilities: Floats, transitions: Floats) -> NDArray[np.float64]:
    """Each segment's role probabilities by summing over every sequence of roles."""
    n, k = probabilities.shape
    out = np.zeros((n, k))
    for roles in itertools.product(range(k), repeat=n):
        weight = np.prod([float(probabilities[i, r]) for i, r in enumerate(roles)])
        weight *= np.exp(sum(float(transitions[a, b]) for a, b in itertools.pairwise(roles)))
        out[np.arange(n), list(roles)] += weight
    return out / out.sum(1, keepdims=True)


@given(seeds, st.integers(1, 6), st.integers(2, 4), st.sampled_from([0.1, 1.0, 4.0]))
def test_decoding_equals_the_sums_over_all_role_sequences(seed: int, n: int, k: int, strength: float) -> None:
    probabilities = chances(seed, n, k)
    transitions = (np.random.RandomState(seed).randn(k, k) * strength).astype(np.float32)
    np.testing.assert_allclose(decode(probabilities, transitions), brute_force(probabilities, transitions), atol=1e-5)


def test_a_long_page_is_decoded_as_if_it_were_scaled_segment_by_segment() -> None:
    probabilities, transitions = chances(0, 2_000), np.random.RandomState(0).randn(8, 8).astype(np.float32)
    steps = np.exp(transitions.astype(np.float64))
    passed = []
    for likely, step in ((probabilities, steps), (probabilities[::-1], steps.T)):
        state, states = np.ones(8), []
        for own in likely.astype(np.float64):
            state = own * (state @ step if states else state)
            state /= state.sum()
            states.append(state)
        passed.append(np.array(states))
    expected = passed[0] * passed[1][::-1] / probabilities
    np.testing.assert_allclose(decode(probabilities, transitions), expected / expected.sum(1, keepdims=True), atol=1e-6)


@given(seeds, st.integers(0, 20))
def test_transitions_of_nought_leave_each_segment_its_own_probabilities(seed: int, n: int) -> None:
    probabilities = chances(seed, n)
    np.testing.assert_array_equal(decode(probabilities, np.zeros((8, 8), dtype=np.float32)), probabilities)


@given(seeds, st.integers(2, 20), st.floats(-5, 5))
def test_transitions_that_favour_nothing_change_nothing(seed: int, n: int, constant: float) -> None:
    probabilities = chances(seed, n)
    found = decode(probabilities, np.full((8, 8), constant, dtype=np.float32))
    np.testing.assert_allclose(found, probabilities, atol=1e-4)


def test_a_doubtful_segment_takes_the_role_of_its_sure_neighbours() -> None:
    stay = np.eye(8, dtype=np.float32) * 2
    doubtful = sure(BODY, BOILERPLATE, BODY, of=0.9)
    doubtful[1, [BODY, BOILERPLATE]] = 0.4, 0.5
    assert decode(doubtful, stay).argmax(1).tolist() == [BODY, BODY, BODY]
    assert decode(doubtful, -stay).argmax(1).tolist() == [BODY, BOILERPLATE, BODY]


def test_an_empty_page_and_a_single_segment_are_decoded() -> None:
    transitions = chances(1, 8)
    assert decode(np.zeros((0, 8), dtype=np.float32), transitions).shape == (0, 8)
    np.testing.assert_allclose(decode(chances(2, 1), transitions), chances(2, 1), atol=1e-6)


@pytest.mark.parametrize("strength", [1, 8])
def test_a_long_page_of_impossible_roles_neither_underflows_nor_overflows(strength: float) -> None:
    certain = sure(*np.random.RandomState(0).randint(0, 8, 20_000).tolist())
    found = decode(certain, (np.random.RandomState(1).randn(8, 8) * strength).astype(np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


# ----------------------------------------------------------------------------------------------------- transitions


def test_roles_that_follow_each_other_more_than_by_chance_score_above_nought() -> None:
    scores = transition_scores([np.array([0, 1] * 40), np.array([1, 0] * 40)])
    assert scores.shape == (8, 8)
    assert scores[0, 1] > 0.5
    assert scores[1, 0] > 0.5
    assert scores[0, 0] < -0.5


def test_pages_without_a_pair_leave_every_transition_at_nought() -> None:
    np.testing.assert_allclose(transition_scores([]), 0, atol=1e-6)
    np.testing.assert_allclose(transition_scores([np.array([3]), np.array([], dtype=np.int64)]), 0, atol=1e-6)


@given(st.lists(st.lists(st.integers(0, 7), max_size=12), max_size=5))
def test_transition_scores_are_the_log_ratio_of_counts_plus_one_to_chance(pages: list[list[int]]) -> None:
    counts = np.ones((8, 8))
    for page in pages:
        for a, b in itertools.pairwise(page):  # never across pages
            counts[a, b] += 1
    share = counts / counts.sum()
    expected = np.log(share / (share.sum(1)[:, None] * share.sum(0)[None, :]))
    np.testing.assert_allclose(transition_scores([np.array(p, dtype=np.int64) for p in pages]), expected, atol=1e-5)


# ------------------------------------------------------------------------------------------------------- main text


def words(*counts: float) -> Floats:
    return np.array(counts, dtype=np.float32)


def test_the_main_stretch_is_the_run_with_most_body_words() -> None:
    roles = sure(BOILERPLATE, BODY, BOILERPLATE, BODY, BODY, BOILERPLATE)
    assert main_stretch(roles, words(5, 20, 60, 30, 30, 5)) == (3, 5)


def test_the_main_stretch_spans_a_short_interruption() -> None:
    roles = sure(BOILERPLATE, BODY, BOILERPLATE, BODY, BOILERPLATE)
    assert main_stretch(roles, words(9, 20, 3, 20, 9)) == (1, 4)


def test_a_page_of_nothing_but_body_is_all_main_text() -> None:
    assert main_stretch(sure(BODY, BODY, BODY), words(10, 1, 10)) == (0, 3)


def test_a_page_without_body_or_without_segments_has_no_main_stretch() -> None:
    assert main_stretch(sure(BOILERPLATE, TEASER_HEADING), words(10, 10)) == (0, 0)
    assert main_stretch(np.zeros((0, 8), dtype=np.float32), words()) == (0, 0)


@pytest.mark.parametrize(("likely", "found"), [(0.45, (0, 0)), (0.55, (0, 2))])
def test_segments_less_likely_body_than_not_are_no_main_text(likely: float, found: tuple[int, int]) -> None:
    assert main_stretch(sure(BODY, BODY, of=likely), words(10, 10)) == found


def test_one_endless_segment_does_not_outweigh_an_article() -> None:
    roles = sure(BODY, BOILERPLATE, *[BODY] * 5)
    assert main_stretch(roles, words(5000, 200, 50, 50, 50, 50, 50)) == (2, 7)


@given(seeds, st.integers(1, 12))
def test_the_main_stretch_lies_on_the_page_and_begins_and_ends_with_likely_body(seed: int, n: int) -> None:
    probabilities = chances(seed, n)
    probabilities[:, BODY] += np.random.RandomState(seed + 1 & 0xFFFF).rand(n)
    probabilities /= probabilities.sum(1, keepdims=True)
    start, stop = main_stretch(probabilities, words(*np.random.RandomState(seed).randint(1, 80, n)))
    assert 0 <= start <= stop <= n
    if stop:
        least = min(probabilities[i, BODY] + 0.5 * probabilities[i, HEADLINE] for i in (start, stop - 1))
        assert least > 0.3
    else:
        assert (probabilities[:, BODY] <= 0.5).all()


# --------------------------------------------------------------------------------------------------------- context

TEXT = "Home\n\nTortoise crosses the county in nine days\n\n" + "".join(
    f"The tortoise walked past the {place} and nobody stopped it, which surprised everyone.\n\n" for place in ("mill", "dairy", "chapel")
)
ON_PAGE = (BOILERPLATE, HEADLINE, BODY, BODY, BODY)


@pytest.fixture
def page() -> Measures:
    return measure(split(TEXT))


def context(measures: Measures, probabilities: Floats) -> Floats:
    """The whole table."""
    return joined(Context.of(measures, probabilities), 0, len(measures))


def joined(found: Context, begin: int, end: int) -> Floats:
    return np.concatenate([part.reshape(end - begin, -1) for part in found.columns(begin, end)], axis=1, dtype=np.float32)


def column(table: Floats, name: str) -> list[float]:
    return [round(value, 4) for value in table[:, CONTEXT_NAMES.index(name)].tolist()]


def test_the_context_has_a_row_a_segment_and_a_column_a_name(page: Measures) -> None:
    table = context(page, sure(*ON_PAGE))
    assert table.shape == (5, len(CONTEXT_NAMES))
    assert table.dtype == np.float32
    assert len(set(CONTEXT_NAMES)) == len(CONTEXT_NAMES)
    assert np.isfinite(table).all()


@given(
    st.lists(st.sampled_from([TEXT, "• Ash\n• Elm\n1. Oak\n\n2. Fir\nA line\n", "", "Alone"]), max_size=4), seeds, st.booleans(), st.data()
)
def test_the_context_of_some_segments_is_that_of_all_to_the_last_bit(
    texts: list[str], seed: int, markup: bool, data: st.DataObject
) -> None:
    lines = [[f"<div><p>{line}</p></div>" for line in text.split("\n")] for text in texts]
    pages = [read_html("<html>" + "".join(of_page)).segments for of_page in lines] if markup else list(map(split, texts))
    measures = measure_pages(pages)
    n = len(measures)
    found = Context.of(measures, chances(seed, n))
    table = joined(found, 0, n) if n else np.zeros((0, len(CONTEXT_NAMES) + len(MARKUP_NAMES) * markup), dtype=np.float32)
    begin = data.draw(st.integers(0, n))
    end = data.draw(st.integers(begin, n))
    if begin < end:
        assert joined(found, begin, end).tobytes() == table[begin:end].tobytes()
    place = 0
    for page in pages:  # and of one page that of several
        if len(page):
            alone = measure(page)
            of_page = Context.of(alone, found.probabilities[place : place + len(page)])
            assert joined(of_page, 0, len(page)).tobytes() == table[place : place + len(page)].tobytes()
        place += len(page)


def test_a_segment_is_told_where_the_main_text_lies(page: Measures) -> None:
    table = context(page, sure(BOILERPLATE, BOILERPLATE, BODY, BODY, BOILERPLATE))
    assert column(table, "before_main") == [1, 1, 0, 0, 0]
    assert column(table, "after_main") == [0, 0, 0, 0, 1]
    assert column(table, "to_main") == pytest.approx(np.log1p([2, 1, 0, 0, 0]), abs=1e-3)
    assert column(table, "from_main") == pytest.approx(np.log1p([0, 0, 0, 0, 1]), abs=1e-3)
    assert column(table, "body_so_far") == pytest.approx([0, 0, 0.5, 1, 1], abs=0.05)


def test_landmarks_count_from_the_segment_after_them_and_are_far_where_there_are_none(page: Measures) -> None:
    table = context(page, sure(BOILERPLATE, HEADLINE, BODY, TEASER_HEADING, BODY))
    assert column(table, "since_headline") == pytest.approx([FAR, FAR, *np.log1p([1, 2, 3])], abs=1e-3)
    assert column(table, "since_teaser_heading") == pytest.approx([FAR, FAR, FAR, FAR, np.log1p(1)], abs=1e-3)
    assert column(table, "until_teaser_heading") == pytest.approx([*np.log1p([3, 2, 1]), FAR, FAR], abs=1e-3)
    assert column(table, "since_comment") == [FAR] * 5


def test_likeness_is_the_share_of_long_words_that_other_main_text_has(page: Measures) -> None:
    likeness = column(context(page, sure(*ON_PAGE)), "likeness")
    assert likeness[0] == -1  # "Home" has no long word
    assert likeness[1] == pytest.approx(1 / 3, abs=1e-3)  # of tortoise, crosses and county only the tortoise walks on below
    assert likeness[2] == 1  # "mill" is short, all its long words come again
    assert 0.8 < likeness[4] < 1  # the chapel comes once
    assert column(context(page, sure(*[BOILERPLATE] * 5)), "likeness") == [-1, 0, 0, 0, 0]


def test_small_words_tell_how_a_segment_speaks() -> None:
    page = measure(split("The mill is old and it has a bell.\nThe bell is old and it has a rope.\nWe ask you to join our mill.\n"))
    likeness = column(context(page, sure(BODY, BODY, BOILERPLATE)), "likeness_small")
    assert likeness[0] == pytest.approx(8 / 9, abs=1e-3)  # "mill" is nowhere else in the main text
    assert likeness[2] == pytest.approx(1 / 7, abs=1e-3)  # of we, ask, you, to, join, our, mill one


def test_a_single_segment_has_a_context() -> None:
    table = context(measure(split("Alone")), sure(BODY))
    assert table.shape == (1, len(CONTEXT_NAMES))
    assert np.isfinite(table).all()


def test_a_run_is_told_its_mean_and_its_size() -> None:
    page = split("A line before\n• Ash\n• Elm\nA line after\n")
    probabilities = sure(HEADLINE, BODY, BOILERPLATE, TEASER_HEADING)
    found = dict(zip(CONTEXT_NAMES, context(measure(page), probabilities).T.tolist(), strict=True))
    assert found["body_in_run"][1] == found["boilerplate_in_run"][2] == 0.5
    assert found["log_headline"][0] == pytest.approx(0, abs=0.01)
    np.testing.assert_allclose(found["size_in_run"], np.log1p([1, 2, 2, 1]), rtol=1e-6)


# ----------------------------------------------------------------------------------------------------------- steps


@given(st.lists(st.integers(0, 9), max_size=6), seeds)
def test_pages_in_step_come_back_as_they_were(sizes: list[int], seed: int) -> None:
    steps = InStep.of(np.cumsum([0, *sizes]))
    values = np.random.RandomState(seed).rand(sum(sizes), 4).astype(np.float32)
    np.testing.assert_array_equal(steps.back(steps.both(values)), values)
    assert sum(own.stop - own.start for _, own in steps.steps()) == sum(max(size - 1, 0) for size in sizes)


@given(st.lists(st.integers(0, 9), max_size=6), seeds)
def test_what_is_kept_runs_along_each_page_both_ways(sizes: list[int], seed: int) -> None:
    bounds = np.cumsum([0, *sizes])
    steps = InStep.of(bounds)
    keep, values, slopes = np.random.RandomState(seed).rand(3, sum(sizes), 2).astype(np.float32)
    kept, found = steps.both(keep), steps.both(values)
    steps.run(kept.copy(), found)
    expected = values.copy()
    for begin, end in itertools.pairwise(bounds.tolist()):
        for place in range(begin + 1, end):
            expected[place, 0] += keep[place, 0] * expected[place - 1, 0]
        for place in range(end - 2, begin - 1, -1):
            expected[place, 1] += keep[place, 1] * expected[place + 1, 1]
    found = steps.back(found)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    of_values = steps.both(slopes)
    steps.run_back(kept, of_values)
    assert float((slopes * found).sum()) == pytest.approx(float((steps.back(of_values) * values).sum()), rel=1e-4)


# ----------------------------------------------------------------------------------------------------------- likes


@given(seeds, st.lists(st.integers(0, 3), max_size=12))
def test_those_that_look_the_same_get_their_mean_and_a_few_keep_their_own(seed: int, shapes: list[int]) -> None:
    number = np.unique(np.array(shapes, dtype=np.int64), return_inverse=True)[1]
    probabilities = chances(seed, len(shapes))
    found = of_likes(probabilities, number)
    assert found.shape == probabilities.shape
    for place, own in enumerate(number):
        likes = probabilities[number == own]
        told = len(likes) >= LEAST_ALIKE and likes[:, [BODY, HEADLINE]].sum(1).mean() < MOSTLY
        expected = likes.mean(0) if told else probabilities[place]
        np.testing.assert_allclose(found[place], expected, rtol=1e-5)


@given(seeds, st.integers(0, 6), st.integers(0, 6))
def test_what_is_said_of_likes_does_not_depend_on_other_pages(seed: int, n: int, more: int) -> None:
    both, number = chances(seed, n + more), np.array([0] * n + [int(n > 0)] * more, dtype=np.int64)
    np.testing.assert_array_equal(of_likes(both, number)[:n], of_likes(both[:n], number[:n]))
