"""Beside a page's way: how a network learns: the slope of its errors over whole pages, and steps down that (`network` says what it computes).

Steps are those of Adam (Kingma and Ba, 2015) with weights that decay apart from them (Loshchilov and Hutter, 2019). Plain numpy; in one thread, as
`training` runs it, the same data and seed give the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.network import Layer, Reader, gated, softmax
from pagesieve.roles import ROLES
from pagesieve.sequence import InStep

__all__ = ["ABSENT", "BATCH", "LONGEST", "Lessons", "Pace", "learned", "rounded"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
BATCH = 3072  # segments learned from at a time, at most
LONGEST = 512  # segments of a piece of a page; of a longer one several pieces are learned from
MEAN, SQUARE = 0.9, 0.999  # how much of the slopes' means Adam keeps at a step
SMALL = 1e-8
LAST_RATE = 0.02  # share of the rate that is left at the end
SLOWEST = 4.0  # a state's gate is at most so far closed to begin with: some look back far, some not at all
ABSENT = -1000.0  # score of a role that training never saw: below any other


@dataclass(frozen=True)
class Pace:
    """How a network learns; see `training.Settings`."""

    units: int
    states: int
    readings: int
    steps: int
    rate: float
    decay: float


@dataclass(frozen=True)
class Lessons:
    """What a network learns from: pieces of pages, their segments one after the other."""

    inputs: NDArray[np.float16]  # (segments, inputs), scaled and clipped
    roles: NDArray[np.int8]  # (segments,)
    bounds: Ints  # (pieces + 1,): where each piece begins, and where the last one ends
    weights: Floats  # (pieces,): how much each of a piece's segments counts


@dataclass(frozen=True)
class _Batch:
    """Some pieces, their segments one after the other."""

    inputs: Floats  # (segments, inputs)
    roles: Ints  # (segments,)
    weights: Floats  # (segments,), sum 1
    bounds: Ints  # (pieces + 1,)


def learned(lessons: Lessons, pace: Pace, seed: int) -> Reader:
    """A network that has learned from `lessons`, which hold a segment at least. `ValueError` where its weights grow beyond all bounds."""
    random = np.random.default_rng(seed)
    layers = _begun(lessons.inputs.shape[1], pace, random)
    arrays = [array for layer in layers for array in layer]
    means, squares = ([np.zeros_like(array) for array in arrays] for _ in range(2))
    batches = _batches(lessons, random)
    for step in range(1, pace.steps + 1):
        slopes = _slopes(layers, next(batches))
        rate = pace.rate * max(LAST_RATE, 1 - step / pace.steps)
        for array, slope, mean, square in zip(arrays, slopes, means, squares, strict=True):
            mean += (1 - MEAN) * (slope - mean)
            square += (1 - SQUARE) * (slope**2 - square)
            move = mean / (1 - MEAN**step) / (np.sqrt(square / (1 - SQUARE**step)) + SMALL)
            if array.ndim > 1:
                move += pace.decay * array
            array -= rate * move
    layers[-1][1][np.setdiff1d(np.arange(len(ROLES)), lessons.roles)] = ABSENT
    kept = tuple((rounded(weights), rounded(bias)) for weights, bias in layers)
    if not all(np.isfinite(array).all() for layer in kept for array in layer):
        raise ValueError(f"model.rate={pace.rate}: the weights of a network grew beyond all bounds; give a lower rate")
    return Reader(kept)


def rounded(values: NDArray[np.floating]) -> Floats:
    """`values` at the precision at which the model file holds them, so that a saved model answers as the one in memory."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values.astype(np.float16).astype(np.float32))


def _begun(inputs: int, pace: Pace, random: np.random.Generator) -> list[Layer]:
    """Layers to begin with (Glorot and Bengio, 2010)."""

    def layer(before: int, after: int, of_each: int) -> Layer:  # of_each: columns of each of the parts that `after` holds
        size = math.sqrt(2 / (before + of_each))
        return (random.standard_normal((before, after)) * size).astype(np.float32), np.zeros(after, dtype=np.float32)

    units, both_ways = pace.units, 2 * pace.states
    layers = [layer(inputs, units, units)]
    for _ in range(pace.readings):
        gates = layer(units, 2 * both_ways, both_ways)
        gates[1][:both_ways] = np.tile(-np.linspace(0, SLOWEST, pace.states), 2)
        layers += [gates, layer(units + both_ways, units, units)]
    return [*layers, layer(units, len(ROLES), len(ROLES))]


def _batches(lessons: Lessons, random: np.random.Generator) -> Iterator[_Batch]:
    """All pieces again and again, each time in another order."""
    sizes = np.diff(lessons.bounds)
    while True:
        some: list[int] = []
        room = BATCH
        for piece in random.permutation(len(sizes)).tolist():
            if sizes[piece] > room:
                yield _batch(lessons, some)
                some, room = [], BATCH
            some.append(piece)
            room -= sizes[piece]
        yield _batch(lessons, some)


def _batch(lessons: Lessons, pieces: Sequence[int]) -> _Batch:
    begins, sizes = lessons.bounds[pieces], np.diff(lessons.bounds)[pieces]
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(bounds[-1]) + np.repeat(begins - bounds[:-1], sizes)
    weights = np.repeat(lessons.weights[pieces], sizes)
    return _Batch(lessons.inputs[places].astype(np.float32), lessons.roles[places].astype(np.int64), weights / weights.sum(), bounds)


def _slopes(layers: Sequence[Layer], batch: _Batch) -> list[Floats]:
    """How the mean log loss over a batch changes with each number of the layers: arrays as theirs, one after the other."""
    enter, *between, leave = layers
    units, readings = _units(batch.inputs, enter), []
    steps = InStep.of(batch.bounds)
    for gates, join in zip(between[::2], between[1::2], strict=True):
        readings.append(_Reading.of(units, gates, join, steps))
        units = readings[-1].joined
    of_scores = softmax(units @ leave[0] + leave[1])
    of_scores[np.arange(len(batch.roles)), batch.roles] -= 1
    of_scores *= batch.weights[:, None]
    slopes = _of_layer(units, of_scores)
    of_units = of_scores @ leave[0].T
    of_units *= units > 0
    for reading in reversed(readings):
        of_units, found = reading.slopes(of_units)
        slopes = found + slopes
    return _of_layer(batch.inputs, of_units) + slopes


def _units(values: Floats, layer: Layer) -> Floats:
    return np.asarray(np.maximum(values @ layer[0] + layer[1], 0))


def _of_layer(before: Floats, of_after: Floats) -> list[Floats]:
    """The slopes of a layer's weights and bias, from those of what it makes of `before`."""
    return [before.T @ of_after, of_after.sum(0)]


@dataclass(frozen=True)
class _Reading:
    """One reading of a batch, and what its slopes follow from (see `Reader`)."""

    gates: Layer
    join: Layer
    steps: InStep
    units: Floats  # (segments, units): what is read
    share: Floats  # (segments, 2 · states)
    seen: Floats
    keep: Floats  # in step
    both: Floats  # (segments, units + 2 · states): what is joined
    joined: Floats  # (segments, units)

    @classmethod
    def of(cls, units: Floats, gates: Layer, join: Layer, steps: InStep) -> _Reading:
        share, seen = gated(units @ gates[0] + gates[1])
        keep, states = steps.both(1 - share), steps.both(share * seen)
        steps.run(keep.copy(), states)
        both = np.concatenate([units, steps.back(states)], axis=1)
        return cls(gates, join, steps, units, share, seen, keep, both, _units(both, join))

    def slopes(self, of_joined: Floats) -> tuple[Floats, list[Floats]]:
        """Those of the units it read, before the ReLU that made them, and of its two layers, from those of what it joined, before the ReLU."""
        of_both = of_joined @ self.join[0].T
        units = self.units.shape[1]
        in_step = self.steps.both(of_both[:, units:])
        self.steps.run_back(self.keep, in_step)
        of_added = self.steps.back(in_step) * self.share
        # state = (1 - share) · state before + share · seen; (1 - share) · (seen - state before) is seen - state
        told = np.concatenate([of_added * (self.seen - self.both[:, units:]), of_added * (1 - self.seen**2)], axis=1)
        of_units = of_both[:, :units] + told @ self.gates[0].T
        of_units *= self.units > 0
        return of_units, _of_layer(self.units, told) + _of_layer(self.both, of_joined)
