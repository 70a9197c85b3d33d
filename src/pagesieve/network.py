"""Part of step 4 of a page's way: what is known of each segment → its role probabilities, given what stands before and after it (the second pass).

A `Network` reads a page's segments in turn, forwards and backwards. Each of its states is a running mean over the segments read so far, of something that
it sees in each of them, in which a segment counts as much as a gate lets it: the minGRU of Feng et al., "Were RNNs All We Needed?" (2024), with a tanh.
Gates depend on the segment alone, so that all products of matrices are made at once, and only two sums are left to be made segment by segment; what a
gate cannot know of the segments before, it is told by an earlier reading. What lives here is plain numpy; `learning` trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pagesieve.roles import ROLES
from pagesieve.sequence import InStep

__all__ = ["CLIP", "Layer", "Network", "Reader", "gated", "softmax"]

Floats = NDArray[np.float32]
CLIP = 4.0  # standard deviations; beyond, an input says no more
SIDE_BY_SIDE = 12_288  # segments that are read at once by as many networks as there are, each network's counted; of an endless page by one after the other
SHUT = 80.0  # beyond, a gate lets nothing through either


Layer = tuple[Floats, Floats]
"""Weights, shape (columns before, columns after), and a bias (columns after,)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One network, by its layers: one that enters, two for each reading of the page, one that leaves.

    The first makes units of a segment's inputs (ReLU). In a reading the `gates` make of these how much the segment counts for each state (logistic) and what
    each state is to see in it (tanh): columns are what counts for the states that go forwards and for those that go backwards, then what these see; `join`
    puts units and states together to new units (ReLU). The last layer makes scores of roles of those.
    """

    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """The second pass: networks of one size trained from different seeds, whose answers are averaged. Inputs are scaled by `mean` and `scale` and clipped."""

    mean: Floats
    scale: Floats
    readers: tuple[Reader, ...]
    first_share: float = 0.0  # 0..1: how much the first pass's answer counts beside the networks'

    def probabilities(self, inputs: Floats, bounds: NDArray[np.int64] | None = None) -> Floats:
        """Role probabilities, shape (segments, roles), from `inputs`, which are scaled in their place: an endless page's are large.

        `bounds` are those of the pages (see `Looks`); None for one page.
        """
        bounds = np.array([0, len(inputs)]) if bounds is None else bounds
        pages = [(begin, end) for begin, end in pairwise(bounds.tolist()) if begin < end]
        inputs -= self.mean
        inputs /= self.scale
        np.clip(inputs, -CLIP, CLIP, out=inputs)
        total = np.zeros((len(inputs), len(ROLES)), dtype=np.float32)
        together = max(1, SIDE_BY_SIDE // max(1, len(inputs)))
        for first in range(0, len(self.readers), together):
            for chances in _chances(self.readers[first : first + together], inputs, pages, bounds):
                total += chances
        return np.asarray(total / len(self.readers), dtype=np.float32)


def _chances(readers: Sequence[Reader], inputs: Floats, pages: Sequence[tuple[int, int]], bounds: NDArray[np.int64]) -> Floats:
    """What each network says, shape (networks, segments, roles)."""
    steps = InStep.of(_again(bounds, len(readers)))
    enter, *between, leave = zip(*(reader.layers for reader in readers), strict=True)
    units = _units(np.broadcast_to(inputs, (len(readers), *inputs.shape)), enter, pages)
    for gates, join in zip(between[::2], between[1::2], strict=True):
        states = _read(_products(units, gates, pages), steps)
        units = _units(np.concatenate([units, states], axis=2), join, pages)
    scores = _products(units, leave, pages)
    return softmax(scores.reshape(-1, len(ROLES))).reshape(scores.shape)


def _again(bounds: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The bounds of all pages, `count` times one after the other: once for each network, so that they read in step. A step costs little more with all of them."""
    starts = np.arange(count)[:, None] * bounds[-1]
    return np.append((starts + bounds[:-1]).ravel(), count * bounds[-1])


def _products(values: Floats, layers: Sequence[Layer], pages: Sequence[tuple[int, int]]) -> Floats:
    """`values` (networks, segments, columns) times each network's weights, a page at a time: the last digits of a product depend on its number of rows."""
    out = np.empty((*values.shape[:2], layers[0][0].shape[1]), dtype=np.float32)
    for of_network, found, (weights, bias) in zip(values, out, layers, strict=True):
        for begin, end in pages:
            np.matmul(of_network[begin:end], weights, out=found[begin:end])
        found += bias
    return out


def _units(values: Floats, layers: Sequence[Layer], pages: Sequence[tuple[int, int]]) -> Floats:
    found = _products(values, layers, pages)
    return np.asarray(np.maximum(found, 0, out=found))


def _read(told: Floats, steps: InStep) -> Floats:
    """The states after each segment, shape (networks, segments, 2 · states), from what the gates say of it."""
    share, seen = gated(told.reshape(-1, told.shape[2]))
    seen *= share
    np.subtract(1, share, out=share)
    kept, states = steps.both(share), steps.both(seen)
    steps.run(kept, states)
    return steps.back(states).reshape(*told.shape[:2], told.shape[2] // 2)


def gated(told: Floats) -> tuple[Floats, Floats]:
    """How much each segment counts, 0 to 1 (logistic), and what is seen in it, -1 to 1 (tanh), from what a layer of gates says; (segments, 2 · states) each."""
    half = told.shape[1] // 2
    share = np.minimum(-told[:, :half], SHUT)
    np.exp(share, out=share)
    share += 1
    np.reciprocal(share, out=share)
    return share, np.tanh(told[:, half:])


def softmax(scores: Floats) -> Floats:
    """Each row's chances; column by column, which is faster for many rows, and adds a row's numbers in one order however many rows there are."""
    chances = np.array(scores.T, order="C")
    chances -= chances.max(axis=0)
    np.exp(chances, out=chances)
    total = chances[0].copy()
    for column in chances[1:]:
        total += column
    chances /= total
    return np.ascontiguousarray(chances.T, dtype=np.float32)
