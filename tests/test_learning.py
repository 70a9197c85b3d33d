"""`pagesieve.learning`: slopes against differences, and what a network can learn at all."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagesieve.learning import BATCH, LONGEST, Lessons, Pace, _Batch, _batch, _batches, _begun, _slopes, learned
from pagesieve.network import Layer, Network, Reader
from pagesieve.roles import ROLES

INPUTS = 4
PACE = Pace(units=8, states=4, readings=2, steps=150, rate=2e-2, decay=1e-3)


def lessons(sizes: list[int], seed: int = 0) -> Lessons:
    """Pieces of these sizes, whose first input tells nothing until a mark in the second, from which on it is the role."""
    random = np.random.RandomState(seed)
    bounds = np.cumsum([0, *sizes])
    inputs = random.randint(0, 2, (bounds[-1], INPUTS)).astype(np.float16)
    roles = np.zeros(bounds[-1], dtype=np.int8)
    for begin, end in itertools.pairwise(bounds.tolist()):
        inputs[begin:end, 1] = 0
        mark = random.randint(begin, end)
        inputs[mark, 1] = 1
        roles[mark:end] = inputs[mark:end, 0]
    return Lessons(inputs, roles, bounds, random.rand(len(sizes)).astype(np.float32) + np.float32(0.5))


def loss(layers: list[Layer], batch: _Batch) -> float:
    """The mean log loss of a network with these layers, by the network itself."""
    network = Network(np.zeros(INPUTS), np.ones(INPUTS), (Reader(tuple(layers)),))
    found = network.probabilities(batch.inputs.copy(), batch.bounds)
    return -float((np.log(found[np.arange(len(found)), batch.roles]) * batch.weights).sum())


@pytest.mark.parametrize(("sizes", "seed"), [([4], 0), ([5], 0), ([7, 3], 1), ([1, 1, 2], 0), ([6, 2, 7, 1], 0)])
def test_slopes_are_what_the_loss_changes_by(sizes: list[int], seed: int) -> None:
    made = lessons(sizes, seed)
    batch = _batch(made, list(range(len(sizes))))
    random = np.random.default_rng(seed)
    begun = [array for layer in _begun(INPUTS, PACE, random) for array in layer]
    arrays = [array + random.standard_normal(array.shape, dtype=np.float32) / 4 for array in begun]  # no unit at its kink
    layers = list(zip(arrays[::2], arrays[1::2], strict=True))
    slopes = _slopes(layers, batch)
    assert [slope.shape for slope in slopes] == [array.shape for array in arrays]
    for number, (array, slope) in enumerate(zip(arrays, slopes, strict=True)):
        direction = random.standard_normal(array.shape).astype(np.float32)
        direction /= np.sqrt((direction**2).sum())
        step = 3e-4  # few kinks lie as near as that
        changed = ([*arrays[:number], array + sign * step * direction, *arrays[number + 1 :]] for sign in (1, -1))
        ahead, behind = (loss(list(zip(those[::2], those[1::2], strict=True)), batch) for those in changed)
        assert (ahead - behind) / (2 * step) == pytest.approx(float((slope * direction).sum()), abs=1e-3)


def test_a_network_learns_to_keep_in_mind_what_it_has_read() -> None:
    made = lessons([12] * 40)
    network = Network(np.zeros(INPUTS, dtype=np.float32), np.ones(INPUTS, dtype=np.float32), (learned(made, replace(PACE, steps=400), 0),))
    fresh = lessons([12] * 20, seed=5)
    found = network.probabilities(fresh.inputs.astype(np.float32), fresh.bounds).argmax(1)
    assert (found == fresh.roles).mean() > 0.95


def test_the_same_lessons_and_seed_give_the_same_weights_and_another_seed_gives_others() -> None:
    made = lessons([3, 9, 40])
    one, same, other = (learned(made, replace(PACE, steps=5), seed) for seed in (0, 0, 1))
    for (weights, bias), (same_weights, same_bias), (other_weights, _) in zip(one.layers, same.layers, other.layers, strict=True):
        assert np.array_equal(weights, same_weights)
        assert np.array_equal(bias, same_bias)
        assert not np.array_equal(weights, other_weights)


def test_weights_decay() -> None:
    made = lessons([9] * 5)
    small, large = (
        sum(float((weights**2).sum()) for weights, _ in learned(made, replace(PACE, decay=decay), 0).layers) for decay in (0.5, 0.0)
    )
    assert small < 0.9 * large


def test_a_rate_that_is_too_high_is_an_error() -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"model\.rate=1000000\.0"):
        learned(lessons([9] * 5), replace(PACE, rate=1e6), 0)


def test_a_role_that_no_lesson_has_gets_no_chance() -> None:
    made = lessons([6] * 9)
    network = Network(np.zeros(INPUTS, dtype=np.float32), np.ones(INPUTS, dtype=np.float32), (learned(made, PACE, 0),))
    assert (network.probabilities(made.inputs.astype(np.float32), made.bounds)[:, 2:] == 0).all()


def test_a_piece_that_counts_more_is_learned_better() -> None:
    """Of two pieces that are alike but for their roles, a network learns that which counts more."""
    inputs = np.ones((8, INPUTS), dtype=np.float16)
    roles = np.array([0] * 4 + [1] * 4, dtype=np.int8)
    for heavy in (0, 1):
        made = Lessons(inputs, roles, np.array([0, 4, 8]), np.array([1, 9] if heavy else [9, 1], dtype=np.float32))
        network = Network(np.zeros(INPUTS, dtype=np.float32), np.ones(INPUTS, dtype=np.float32), (learned(made, PACE, 0),))
        assert (network.probabilities(inputs[:4].astype(np.float32)).argmax(1) == heavy).all()


@given(st.lists(st.integers(1, LONGEST), min_size=1, max_size=40))
@settings(max_examples=25)
def test_batches_hold_every_piece_once_a_round(sizes: list[int]) -> None:
    bounds = np.cumsum([0, *sizes])
    inputs = np.zeros((bounds[-1], 1), dtype=np.float16)
    inputs[:, 0] = np.repeat(np.arange(len(sizes)), sizes)
    made = Lessons(inputs, np.zeros(bounds[-1], dtype=np.int8), bounds, np.ones(len(sizes), dtype=np.float32))
    batches = _batches(made, np.random.default_rng(0))
    for _ in range(2):
        seen: list[float] = []
        while len(seen) < bounds[-1]:
            batch = next(batches)
            assert len(batch.roles) <= BATCH
            assert (np.diff(batch.bounds) > 0).all()
            assert batch.weights.sum() == pytest.approx(1, abs=1e-5)
            seen += batch.inputs[:, 0].tolist()
        assert sorted(seen) == sorted(inputs[:, 0].tolist())


def test_roles_are_as_many_as_a_network_scores() -> None:
    assert learned(lessons([4]), replace(PACE, steps=1), 0).layers[-1][0].shape == (PACE.units, len(ROLES))
