"""`pagesieve.calibration`: tempered probabilities, the confidence curve, the dial."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pagesieve.calibration import (
    DIAL,
    LEAST_HEADLINE,
    LEAST_SHARE,
    MOST_CAUTION,
    SIGNS,
    Calibration,
    article_signs,
    caution_of,
    decide,
    least_share,
    mean_chance,
    title_first,
    with_headline,
)
from pagesieve.roles import ROLES

rows = arrays(np.float32, st.tuples(st.integers(0, 6), st.just(3)), elements=st.floats(0.015625, 1, width=32)).map(
    lambda a: a / a.sum(1, keepdims=True)
)


@given(rows, st.sampled_from([0.6, 1.0, 1.5]))
def test_tempering_keeps_rows_probabilities_and_the_order_within_a_row(shares: np.ndarray, temperature: float) -> None:
    found = Calibration(temperature).tempered(shares)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    for before, after in zip(shares, found, strict=True):
        assert after[before.argmax()] == pytest.approx(after.max(), abs=1e-6)


def test_a_high_temperature_makes_unsure_and_a_low_one_sure() -> None:
    shares = np.array([[0.8, 0.15, 0.05]], dtype=np.float32)
    assert Calibration(2.0).tempered(shares)[0, 0] < 0.8 < Calibration(0.5).tempered(shares)[0, 0]
    np.testing.assert_array_equal(Calibration(1.0).tempered(shares), shares)


def test_confidence_is_read_from_the_curve_and_weighs_words() -> None:
    curve = Calibration(1.0, np.array([0.5, 1.0], dtype=np.float32), np.array([0.2, 0.9], dtype=np.float32))
    assert curve.confidence(np.array([1.0, 0.5]), np.array([30.0, 10.0])) == pytest.approx(0.2 + 0.7 * (0.875 - 0.5) / 0.5)
    assert curve.confidence(np.array([0.1]), np.array([5.0])) == pytest.approx(0.2)


def test_a_page_without_words_is_sure() -> None:
    assert mean_chance(np.zeros(0), np.zeros(0)) == mean_chance(np.array([0.3]), np.array([0.0])) == 1.0
    assert Calibration().confidence(np.zeros(0), np.zeros(0)) == Calibration().confidence(np.ones(1), np.zeros(1)) == 0.0


def signs(own: list[float], body: list[bool], words: list[float], headline: float = 0.5) -> np.ndarray:
    likely = np.array(own, dtype=np.float32)
    return article_signs(
        likely, np.full(len(own), headline, dtype=np.float32), np.array(body, dtype=bool), np.array(words, dtype=np.float32)
    )


def test_the_signs_of_an_article_are_how_sure_its_body_and_headline_are_and_its_share_of_the_page() -> None:
    found = signs([0.9, 0.7, 0.1], [True, True, False], [30, 10, 40])
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), [0.85, 0.5, 0.5], atol=1e-6)
    assert found.shape == (SIGNS,)
    assert np.isfinite(signs([1.0], [True], [5], 0.0)).all()


@pytest.mark.parametrize(("body", "words"), [([], []), ([False, False], [3, 4]), ([True, False], [0, 4])])
def test_a_page_without_words_in_a_body_has_no_article(body: list[bool], words: list[float]) -> None:
    none = signs([0.9] * len(body), body, words)
    assert none.shape == (0,)
    learned = Calibration(article=np.array([1, 1, 1, 9], dtype=np.float32))
    assert learned.has_article(none) == Calibration().has_article(none) == 0.0


def test_whether_there_is_an_article_follows_from_its_signs() -> None:
    learned = Calibration(article=np.array([1.0, 0.5, 0.0, -1.0], dtype=np.float32))
    assert learned.has_article(np.array([2.0, 2.0, 7.0], dtype=np.float32)) == pytest.approx(1 / (1 + np.exp(-2)))
    assert 0 <= learned.has_article(np.full(3, -9.0, dtype=np.float32)) < 1e-5
    assert Calibration().has_article(np.full(3, -9.0, dtype=np.float32)) == 1.0


def decided(shares: list[list[float]], words: list[float], caution: float = 1.0, dial: float = DIAL) -> list[int]:
    given_ = np.array(shares, dtype=np.float32).reshape(-1, 3)
    least = least_share(given_[:, 0], np.array(words))
    return decide(given_, least, np.full(len(given_), caution, dtype=np.float32), 0, 2, dial).tolist()


@given(rows, st.floats(1, 20))
def test_turning_the_dial_up_never_takes_a_segment_from_the_body(shares: np.ndarray, caution: float) -> None:
    bodies = [np.array(decided(shares.tolist(), [9.0] * len(shares), caution, dial)) == 0 for dial in (0, 0.25, DIAL, 0.75, 1)]
    for less, more in itertools.pairwise(bodies):
        assert (less <= more).all()


def test_body_must_be_so_many_times_as_likely_as_teaser_and_what_is_not_is_the_likelier_of_the_others() -> None:
    sure = [1.0, 0.0, 0.0]
    shares = [[0.6, 0.35, 0.05], [0.6, 0.25, 0.15], [0.6, 0.1, 0.3], [0.2, 0.5, 0.3], sure]
    assert decided(shares, [10] * 5) == [0, 0, 0, 1, 0]
    assert decided(shares, [10] * 5, caution=5) == [0, 1, 2, 1, 0]


def test_caution_falls_with_the_number_of_words_but_not_for_a_headline() -> None:
    words = np.array([0, 3, 20, 50, 1000], dtype=np.float32)
    assert caution_of(words, np.zeros(5, dtype=np.bool_), 9000.0).tolist() == pytest.approx([MOST_CAUTION, MOST_CAUTION, 6, 2.4, 1])
    assert caution_of(words, np.ones(5, dtype=np.bool_), 9000.0).tolist() == [1] * 5


def test_where_the_body_is_short_itself_there_is_less_caution() -> None:
    words = np.array([0, 3, 20, 50, 1000], dtype=np.float32)
    assert caution_of(words, np.zeros(5, dtype=np.bool_), 240.0).tolist() == pytest.approx([MOST_CAUTION, 20, 3, 1.2, 1])
    assert caution_of(words, np.zeros(5, dtype=np.bool_), 0.0).tolist() == [1] * 5


@given(rows, st.data())
def test_on_a_page_of_which_little_is_sure_the_body_is_what_makes_its_expected_f1_largest(shares: np.ndarray, data: st.DataObject) -> None:
    words = np.array(data.draw(st.lists(st.integers(1, 99), min_size=len(shares), max_size=len(shares))), dtype=np.float64)
    own = shares[:, 0].astype(np.float64)

    def expected_f1(body: np.ndarray) -> float:
        return float(2 * (words * own)[body].sum() / max(words[body].sum() + (words * own).sum(), 1e-9))

    best = max((expected_f1(own >= least) for least in own), default=1.0)
    body = np.array(decided(shares.tolist(), words.tolist(), caution=0.0), dtype=np.int64) == 0
    for chance, chosen in zip(own, body, strict=True):
        least = min(max(best / 2, LEAST_SHARE), 0.5) if own.max() >= 0.5 else 0.5
        assert chosen == (chance >= least) or chance == pytest.approx(least, abs=1e-5)


def test_without_segments_or_words_nothing_is_decided_by_the_page() -> None:
    assert decided([], []) == []
    assert decided([[0.6, 0.4, 0.0], [0.45, 0.3, 0.25]], [0, 0]) == [0, 1]


def test_a_segment_that_is_unlikely_body_is_none_however_little_else_the_page_has() -> None:
    assert decided([[0.5, 0.3, 0.2], [0.35, 0.5, 0.15], [0.2, 0.7, 0.1]], [9, 4000, 40]) == [0, 0, 1]


def test_a_page_on_which_no_segment_is_as_likely_body_as_not_has_no_body_unless_the_dial_is_turned_up() -> None:
    shares = [[0.45, 0.3, 0.25], [0.45, 0.5, 0.05], [0.4, 0.2, 0.4]]
    assert decided(shares, [40, 400, 4000]) == [1, 1, 2]
    assert decided(shares, [40, 400, 4000], dial=0.6) == [0, 0, 0]


@pytest.mark.parametrize("dial", [-0.01, 1.01, float("nan")])
def test_a_dial_beyond_its_ends_is_refused(dial: float) -> None:
    with pytest.raises(ValueError, match=r"dial=.*from 0 .* to 1"):
        decided([[0.3, 0.3, 0.4]], [1], dial=dial)


def test_a_cue_counts_where_a_segment_has_it_and_nowhere_else() -> None:
    caption, teaser = ROLES.index("caption"), ROLES.index("teaser")
    factors = np.ones((2, len(ROLES)), dtype=np.float32)
    factors[0, caption] = 0.1
    factors[1, teaser] = 3
    shares = np.full((4, len(ROLES)), 0.5 / (len(ROLES) - 1), dtype=np.float32)
    shares[:, caption] = 0.5
    found = Calibration(cues=factors).tempered(shares, np.array([[1, 0], [0, 0], [0, 1], [1, 1]], dtype=np.float32))
    assert found[0, caption] == pytest.approx(0.05 / 0.55)
    np.testing.assert_allclose(found[1], shares[1])
    assert found[2, teaser] == pytest.approx(3 * shares[2, teaser] / (1 + 2 * shares[2, teaser]))
    assert found[3, teaser] / found[3, caption] == pytest.approx(30 * shares[3, teaser] / shares[3, caption], rel=1e-5)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(Calibration(cues=factors).tempered(shares), shares)


def test_what_only_caution_keeps_from_the_body_is_no_unlikely_teaser() -> None:
    shares = np.array([[0.84, 0.07, 0.09], [0.6, 0.05, 0.35], [0.3, 0.3, 0.4]], dtype=np.float32)
    labels = decide(shares, 0.5, np.full(3, 20, dtype=np.float32), 0, 2, 0.5)
    assert labels.tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("body", "headline", "lowered"),
    [
        ("..bb", "hh..", [1]),  # the likeliest above the body
        ("..b.", "h..h", [0]),  # and above it alone
        (".bbb", ".hh.", []),  # there is one already, however far below
        ("....", "hhhh", []),  # a page without a body needs none
        ("bb..", "..hh", []),  # nothing stands above
        ("..bb", "....", []),  # nothing that could be one
        ("", "", []),
    ],
)
def test_a_page_with_a_body_has_a_headline(body: str, headline: str, lowered: list[int]) -> None:
    size = len(body)
    alone = [0, size]
    least = np.full(size, 0.4, dtype=np.float32)
    of = np.array([c == "b" for c in body], dtype=np.bool_), np.array([c == "h" for c in headline], dtype=np.bool_)
    chance = np.array([0.2, 0.3, 0.1, 0.9][:size], dtype=np.float32)
    found = with_headline(least, *of, chance, alone)
    assert np.flatnonzero(found != least).tolist() == lowered
    assert (found[lowered] == np.float32(LEAST_HEADLINE)).all()
    twice = with_headline(*(np.tile(array, 2) for array in (least, *of, chance)), [0, size, 2 * size])
    assert twice.tolist() == [*found, *found]  # page by page


@pytest.mark.parametrize(
    ("body", "told", "words", "chance", "headline"),
    [
        (".bb.", "....", 12, 0.15, 1),
        (".bb.", "....", 13, 0.15, None),  # too long
        (".bb.", "....", 12, 0.14, None),  # too unlikely
        (".bb.", "..h.", 12, 0.15, None),  # there is one already
        (".bb.", "h...", 12, 0.15, 1),  # which is none of the body's
        (".b..", "....", 12, 0.15, None),  # nothing would be left
        ("....", "....", 12, 0.15, None),
        ("", "", 0, 0.0, None),
    ],
)
def test_a_body_begins_with_its_title(body: str, told: str, words: int, chance: float, headline: int | None) -> None:
    size = len(body)
    roles = np.array([c == "h" for c in told], dtype=np.int64)
    own = np.array([c == "b" for c in body], dtype=np.bool_)
    of = np.full(size, chance, dtype=np.float32), np.full(size, words, dtype=np.float32)
    found = title_first(roles, own, 1, *of, [0, size])
    assert np.flatnonzero(found != roles).tolist() == ([] if headline is None else [headline])
    twice = title_first(np.tile(roles, 2), np.tile(own, 2), 1, *(np.tile(array, 2) for array in of), [0, size, 2 * size])
    assert twice.tolist() == [*found, *found]  # page by page
