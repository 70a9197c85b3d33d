"""`pagesieve.calibration`: tempered probabilities, the confidence curve, the dial."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pagesieve.calibration import CAUTION, DIAL, Calibration, decide, mean_chance
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
    assert Calibration().confidence(np.zeros(0), np.zeros(0)) == 1.0


@given(rows)
def test_turning_the_dial_up_never_takes_a_segment_from_the_body(shares: np.ndarray) -> None:
    bodies = [decide(shares, 0, 2, dial) == 0 for dial in (0, 0.25, DIAL, 0.75, 1)]
    for less, more in itertools.pairwise(bodies):
        assert (less <= more).all()


def test_the_likeliest_label_wins_but_the_body_only_where_teaser_is_much_less_likely() -> None:
    teaser = 0.6 / CAUTION
    shares = np.array([[0.6, 0.4, 0.0], [0.6, 0.38 - teaser, teaser + 0.02], [0.6, 0.42 - teaser, teaser - 0.02], [0.2, 0.5, 0.3]])
    assert decide(shares.astype(np.float32), 0, 2, DIAL).tolist() == [0, 2, 0, 1]


@pytest.mark.parametrize("dial", [-0.01, 1.01, float("nan")])
def test_a_dial_beyond_its_ends_is_refused(dial: float) -> None:
    with pytest.raises(ValueError, match=r"dial=.*from 0 .* to 1"):
        decide(np.ones((1, 3), dtype=np.float32) / 3, 0, 2, dial)


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
