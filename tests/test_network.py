"""`pagesieve.network`: readers against what they are said to be, segment by segment."""

from __future__ import annotations

import itertools
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pagesieve.network import CLIP, Network, Reader, gated, softmax
from pagesieve.roles import ROLES

Floats = NDArray[np.float32]
INPUTS, UNITS, STATES = 5, 6, 3


def reader(seed: int, inputs: int = INPUTS, units: int = UNITS, states: int = STATES) -> Reader:
    random = np.random.RandomState(seed)
    shapes = [(inputs, units), *[(units, 4 * states), (units + 2 * states, units)] * 2, (units, len(ROLES))]
    return Reader(tuple((random.randn(*shape).astype(np.float32), random.randn(shape[1]).astype(np.float32)) for shape in shapes))


def network(readers: int = 2) -> Network:
    random = np.random.RandomState(7)
    mean, scale = random.randn(INPUTS).astype(np.float32), random.rand(INPUTS).astype(np.float32) + 1
    return Network(mean, scale, tuple(map(reader, range(readers))))


def inputs_of(segments: int, seed: int = 0) -> Floats:
    return (np.random.RandomState(seed).randn(segments, INPUTS) * 3).astype(np.float32)


def one_by_one(network: Network, inputs: Floats) -> NDArray[np.float64]:
    """The chances on one page, from the definition."""
    scaled = np.clip((inputs - network.mean) / network.scale, -CLIP, CLIP)
    total = np.zeros((len(inputs), len(ROLES)))
    for own in network.readers:
        (enter, enter_bias), *between, (leave, leave_bias) = own.layers
        units = np.maximum(scaled @ enter + enter_bias, 0)
        for (gates, gates_bias), (join, join_bias) in zip(between[::2], between[1::2], strict=True):
            told = units @ gates + gates_bias
            share, seen = 1 / (1 + np.exp(-told[:, : 2 * STATES])), np.tanh(told[:, 2 * STATES :])
            states = np.zeros((len(inputs), 2 * STATES))
            for way, columns in ((range(len(inputs)), slice(STATES)), (range(len(inputs) - 1, -1, -1), slice(STATES, None))):
                state = np.zeros(STATES)
                for place in way:
                    state = (1 - share[place, columns]) * state + share[place, columns] * seen[place, columns]
                    states[place, columns] = state
            units = np.maximum(np.concatenate([units, states], axis=1) @ join + join_bias, 0)
        chances = np.exp(units @ leave + leave_bias)
        total += chances / chances.sum(1, keepdims=True)
    return total / len(network.readers)


@given(st.integers(0, 12), st.integers(1, 3), st.integers(0, 99))
def test_a_network_reads_a_page_both_ways(segments: int, readers: int, seed: int) -> None:
    inputs = inputs_of(segments, seed)
    expected = one_by_one(network(readers), inputs)
    np.testing.assert_allclose(network(readers).probabilities(inputs), expected, atol=1e-4)


@pytest.mark.parametrize("together", [1, 12, 1000])
def test_several_networks_read_several_pages(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    """However many of them side by side."""
    monkeypatch.setattr("pagesieve.network.SIDE_BY_SIDE", together)
    bounds = np.array([0, 3, 3, 4, 6])
    inputs = inputs_of(6)
    expected = [one_by_one(network(3), inputs[begin:end]) for begin, end in itertools.pairwise(bounds.tolist())]
    np.testing.assert_allclose(network(3).probabilities(inputs, bounds), np.concatenate(expected), atol=1e-4)


def test_an_endless_page_takes_no_more_memory_with_more_networks() -> None:
    peaks = []
    for readers in (1, 3):
        inputs = inputs_of(13_000)
        tracemalloc.start()
        network(readers).probabilities(inputs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8))
def test_pages_do_not_depend_on_each_other_to_the_last_bit(sizes: list[int]) -> None:
    """With numbers as many as the model's, for which BLAS adds in another order for another number of rows."""
    judge = Network(np.zeros(116, dtype=np.float32), np.ones(116, dtype=np.float32), (reader(0, 116, 64, 32), reader(1, 116, 64, 32)))
    bounds = np.cumsum([0, *sizes])
    inputs = np.random.RandomState(0).randn(bounds[-1], 116).astype(np.float32)
    with threadpool_limits(1):
        together = judge.probabilities(inputs.copy(), bounds)
        for begin, end in itertools.pairwise(bounds.tolist()):
            assert judge.probabilities(inputs[begin:end].copy()).tobytes() == together[begin:end].tobytes()


def test_what_stands_far_away_still_tells() -> None:
    inputs = inputs_of(40)
    other = inputs.copy()
    other[0] = 3
    one, another = network().probabilities(inputs), network().probabilities(other)
    assert np.abs(one[20] - another[20]).max() > 0


@pytest.mark.parametrize("gate", [-1e6, -90.0, 0.0, 90.0, 1e6])
def test_shares_are_from_nought_to_one_whatever_the_gate(gate: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        share, seen = (value.item() for value in gated(np.array([[gate, gate]], dtype=np.float32)))
    assert share == pytest.approx(float(gate > 0) if gate else 0.5, abs=1e-6)
    assert seen == pytest.approx(np.sign(gate), abs=1e-6)


@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=8))
def test_a_softmax_is_the_exponentials_over_their_sum(scores: list[float]) -> None:
    given_scores = np.array([scores], dtype=np.float32)
    assert softmax(given_scores).shape == (1, len(scores))
    np.testing.assert_array_equal(given_scores, np.array([scores], dtype=np.float32))  # as they were
    found = softmax(np.array([scores, scores], dtype=np.float32))
    weights = np.exp(np.array(scores) - max(scores))
    np.testing.assert_allclose(found, [weights / weights.sum()] * 2, atol=1e-4)
