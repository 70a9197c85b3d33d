"""Step 2b of an HTML page's way: addresses of links → what their form says of where they lead.

A story's address is long, with the words of its title in it; a section's or a tool's is short; an advert's, a partner's and a share button's lead to other
hosts than most links of the page do. All of it is read from the addresses' bytes by operations on arrays, many pages at once, and knows no language and no site.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.words import alike, range_hashes

__all__ = ["LEADS", "NEAR_LEADS", "Forms", "forms", "leads"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

PIECE = 1 << 18  # bytes of addresses that are read at once
LONGEST = 2000  # characters of an address that are read: some hold whole pages
MOST_STEPS, MOST_WORDS, MOST_DIGITS = 6, 6, 9  # beyond which two addresses have the same form
_MIX, _PAGE_STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
LEADS = (
    "addressed",  # 1: there is an address
    *("path_length", "path_steps", "slug_words", "path_digits"),  # logarithms of the first four columns of `Forms`
    *("query", "fragment", "elsewhere", "tool"),  # the others
    "same_host",  # share of the page's other links that lead to the same host, or name none either
    *("same_form", "same_address"),  # logarithms of how many of them are of the same form, and lead to the same address
)
"""What an address says, in columns."""
NEAR_LEADS = ("addressed", "slug_words", "elsewhere", "same_host", "same_form")
"""Those of which a segment is also told about its neighbours."""


@dataclass(frozen=True, slots=True)
class Forms:
    """The form of some addresses; arrays have one entry an address."""

    length: Floats  # bytes of the path
    steps: Floats  # of the path
    words: Floats  # hyphens and underscores in its last step
    digits: Floats  # in the path
    query: Floats  # 1 where there is one
    fragment: Floats  # 1 where there is one
    elsewhere: Floats  # 1 where it names a host
    tool: Floats  # 1 where it is of another kind than http (mailto, tel, javascript)
    host: Keys  # alike for the same host; 0 without one
    form: Keys  # alike for the same host, kind, and numbers of steps, words and digits


def leads(addresses: Sequence[str], page: Ints) -> Floats:
    """What the address of each link says, shape (links, columns of `LEADS`); `page` is the place of each link's page."""
    found = forms(addresses)
    numbers: dict[str, int] = {}
    same = np.fromiter((numbers.setdefault(address, len(numbers)) for address in addresses), dtype=np.uint64, count=len(addresses))
    of_page = page.astype(np.uint64) * _PAGE_STEP  # added to a key: alike on one page only
    host, form, address, links = (alike(keys + of_page) for keys in (found.host, found.form, same, np.uint64(0)))
    counts = np.log1p(np.stack([found.length, found.steps, found.words, found.digits, form, address], axis=1))
    marks = np.stack([found.query, found.fragment, found.elsewhere, found.tool, host / (links + 1)], axis=1)
    there = np.ones((len(addresses), 1), dtype=np.float32)
    return np.concatenate([there, counts[:, :4], marks, counts[:, 4:]], axis=1, dtype=np.float32)


def forms(addresses: Sequence[str]) -> Forms:
    """The form of each address; empty arrays for none."""
    found = [_read(addresses[first:last]) for first, last in _pieces(addresses)] or [_read([])]
    return Forms(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def _pieces(addresses: Sequence[str]) -> list[tuple[int, int]]:
    """Ranges of addresses that are read at once."""
    size = np.cumsum([min(len(address), LONGEST) + 1 for address in addresses], dtype=np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(size // PIECE)) + 1).tolist(), len(addresses)]
    return [(first, last) for first, last in itertools.pairwise(cuts) if first < last]


def _read(addresses: Sequence[str]) -> tuple[NDArray[np.generic], ...]:
    """The columns of `Forms`."""
    text = "\0".join(address[:LONGEST].replace("\0", "") for address in addresses) + "\0" if addresses else ""
    data = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    stop = np.flatnonzero(data == 0)
    start = np.concatenate([[0], stop[:-1] + 1])[: len(stop)]
    slash, question, hash_sign, colon = (np.flatnonzero(data == ord(char)) for char in "/?#:")
    hyphen, digit = np.flatnonzero((data == ord("-")) | (data == ord("_"))), np.flatnonzero((data >= ord("0")) & (data <= ord("9")))
    fragment = _first(hash_sign, start, stop)
    query = np.minimum(_first(question, start, stop), fragment)
    step = _first(slash, start, query)
    kind = _first(colon, start, np.minimum(step, query))
    named = (step + 1 < query) & (data[np.minimum(step + 1, len(data) - 1)] == ord("/")) & ((step == start) | (kind == step - 1))
    host = np.where(named, step + 2, start)
    path = np.where(named, _first(slash, host, query), start)
    tool = (kind < np.minimum(step, query)) & ~named
    last = query - ((query > path) & (data[np.maximum(query - 1, 0)] == ord("/")))  # without the slash at the end
    before = np.searchsorted(slash, last) - 1
    begin = np.maximum(np.where(before >= 0, np.append(slash, 0)[before], -1) + 1, path)
    steps, words, digits = _count(slash, path, last), _count(hyphen, begin, last), _count(digit, path, query)
    key = range_hashes(data, host, np.where(named, path, host))
    has_query, has_fragment = query < fragment, fragment < stop
    likeness = np.minimum(steps, MOST_STEPS)
    for number, most in (
        (np.minimum(words, MOST_WORDS), MOST_WORDS),
        (np.minimum(digits, MOST_DIGITS), MOST_DIGITS),
        (has_query, 1),
        (has_fragment, 1),
        (tool, 1),
    ):
        likeness = likeness * (most + 1) + number
    form = (key ^ likeness.astype(np.uint64)) * _MIX
    numbers = (query - path, steps, words, digits, has_query, has_fragment, named, tool)
    return (*(number.astype(np.float32) for number in numbers), key, form)


def _first(places: Ints, start: Ints, stop: Ints) -> Ints:
    """The first of the ascending `places` in each range, its end where there is none."""
    found = np.append(places, np.iinfo(np.int64).max)[np.searchsorted(places, start)]
    return np.asarray(np.minimum(found, stop))


def _count(places: Ints, start: Ints, stop: Ints) -> Ints:
    """How many of the ascending `places` are in each range."""
    return np.asarray(np.maximum(np.searchsorted(places, stop) - np.searchsorted(places, start), 0))
