"""Step 2b of an HTML page's way: addresses of links → what their form says of where they lead.

A story's address is long, with the words of its title in it; a section's or a tool's is short; an advert's, a partner's and a share button's lead to other
hosts than most links of the page do. All of this knows no language and no site. What the steps of its path are called ("/tag", "/author", "/sport") are terms
for the TF-IDF. Both are read from the addresses' bytes by operations on arrays, many pages at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pagesieve.words import alike, range_hashes

__all__ = ["LEADS", "Forms", "forms", "leads", "steps"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

PIECE = 1 << 16  # bytes of addresses that are read at once: arrays with an entry a byte stay in the cache
LONGEST = 2000  # characters of an address that are read: some hold whole pages
MOST_STEPS, MOST_WORDS, MOST_DIGITS = 6, 6, 9  # beyond which two addresses have the same form
LONGEST_STEP = 24  # characters, with its slash, of a step that is a term
_PLAIN = np.frombuffer(bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"0" * 9)), dtype=np.uint8)
# A step is a term that is a word or a pair of them: a model holds no more of a title.
_OTHER, _WORD, _JOINT = range(3)
_KINDS = np.array([_WORD if chr(i).isalnum() and i < 128 else _JOINT if chr(i) in "-_." else _OTHER for i in range(256)], dtype=np.uint8)
_MIX, _PAGE_STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
LEADS = (
    "addressed",  # 1: there is an address
    *("path_length", "path_steps", "slug_words", "path_digits"),  # logarithms of the first four columns of `Forms`
    *("query", "fragment", "elsewhere", "tool"),  # the others
    "same_host",  # share of the page's other links that lead to the same host, or name none either
    *("same_form", "same_address"),  # logarithms of how many of them are of the same form, and lead to the same address
)
"""What an address says, in columns."""


@dataclass(frozen=True, slots=True)
class Forms:
    """The form of some addresses; arrays have one entry an address, those of steps one for each step of a path that is a term."""

    length: Floats  # bytes of the path
    steps: Floats  # of the path
    words: Floats  # hyphens and underscores in its last step
    digits: Floats  # in the path
    query: Floats  # 1 where there is one
    fragment: Floats  # 1 where there is one
    elsewhere: Floats  # 1 where it names a host
    tool: Floats  # 1 where it is of another kind than http (mailto, tel, javascript)
    address: Keys  # alike for the same address
    host: Keys  # alike for the same host; 0 without one
    form: Keys  # alike for the same host, kind, and numbers of steps, words and digits
    step_row: Ints  # place of the address, ascending
    step: Keys  # the hash of what `steps` has for it


def leads(found: Forms, page: Ints) -> Floats:
    """What the address of each link says, shape (links, columns of `LEADS`), of whose addresses these are the forms; `page` is the place of each link's page."""
    of_page = page.astype(np.uint64) * _PAGE_STEP  # added to a key: alike on one page only
    host, form, address, links = (alike(keys + of_page) for keys in (found.host, found.form, found.address, np.uint64(0)))
    counts = np.log1p(np.stack([found.length, found.steps, found.words, found.digits, form, address], axis=1))
    marks = np.stack([found.query, found.fragment, found.elsewhere, found.tool, host / (links + 1)], axis=1)
    there = np.ones((len(page), 1), dtype=np.float32)
    return np.concatenate([there, counts[:, :4], marks, counts[:, 4:]], axis=1, dtype=np.float32)


def forms(addresses: Sequence[str]) -> Forms:
    """The form of each address; empty arrays for none."""
    pieces = _pieces(addresses)
    found = [_read(addresses[first:last], first) for first, last in pieces] or [_read([], 0)]
    return Forms(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def steps(address: str) -> list[str]:
    """The steps of an address's path that are terms, with their slashes, small and digits as 0: words and pairs of words, no titles.

    >>> steps("https://quay.example/News/2031/05/ferry-gets-a-second-winter")
    ['/news', '/0000', '/00']
    """
    places = _Places.of([address])
    _, begin, end = places.steps()
    return [_PLAIN[places.data[a:b]].tobytes().decode() for a, b in zip(begin.tolist(), end.tolist(), strict=True)]


def _pieces(addresses: Sequence[str]) -> list[tuple[int, int]]:
    """Ranges of addresses that are read at once."""
    size = np.cumsum(np.minimum(np.fromiter(map(len, addresses), dtype=np.int64, count=len(addresses)), LONGEST) + 1)
    cuts = [0, *(np.flatnonzero(np.diff(size // PIECE)) + 1).tolist(), len(addresses)]
    return [(first, last) for first, last in itertools.pairwise(cuts) if first < last]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the parts of some addresses stand in their bytes, `data`; arrays have one entry an address."""

    data: NDArray[np.uint8]  # a nought behind each address
    slash: Ints  # every slash in `data`
    start: Ints
    host: Ints
    path: Ints
    last: Ints  # where the path ends, without a slash at its end
    query: Ints  # where the path ends
    fragment: Ints
    stop: Ints
    named: NDArray[np.bool_]  # names a host
    tool: NDArray[np.bool_]  # is of another kind than http

    @classmethod
    def of(cls, addresses: Sequence[str]) -> _Places:
        text = "\0".join([*addresses, ""])
        if text.count("\0") > len(addresses) or max(map(len, addresses), default=0) > LONGEST:
            text = "".join([address[:LONGEST].replace("\0", "") + "\0" for address in addresses])
        data = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
        stop = np.flatnonzero(data == 0)
        start = np.concatenate([[0], stop[:-1] + 1])[: len(stop)]
        slash, question, hash_sign, colon = (np.flatnonzero(data == ord(char)) for char in "/?#:")
        fragment = _first(hash_sign, start, stop)
        query = np.minimum(_first(question, start, stop), fragment)
        step = _first(slash, start, query)
        kind = _first(colon, start, np.minimum(step, query))
        named = (step + 1 < query) & (data[np.minimum(step + 1, len(data) - 1)] == ord("/")) & ((step == start) | (kind == step - 1))
        host = np.where(named, step + 2, start)
        path = np.where(named, _first(slash, host, query), start)
        last = query - ((query > path) & (data[np.maximum(query - 1, 0)] == ord("/")))
        tool = (kind < np.minimum(step, query)) & ~named
        return cls(data, slash, start, host, path, last, query, fragment, stop, named, tool)

    def steps(self) -> tuple[Ints, Ints, Ints]:
        """The place of its address, begin and end of each step that is a term, with its slash."""
        row = np.searchsorted(self.stop, self.slash)
        end = np.minimum(np.append(self.slash, len(self.data))[1:], self.last[row])
        there = (self.slash >= self.path[row]) & (end - self.slash > 1) & (end - self.slash <= LONGEST_STEP)
        row, begin, end = row[there], self.slash[there], end[there]
        kinds = _KINDS[self.data]
        joints, others = (np.flatnonzero(kinds == kind) for kind in (_JOINT, _OTHER))
        fits = (kinds[begin + 1] == _WORD) & (kinds[end - 1] == _WORD)
        fits &= (_count(joints, begin, end) <= 1) & (_count(others, begin + 1, end) == 0)
        return row[fits], begin[fits], end[fits]


def _read(addresses: Sequence[str], first: int) -> tuple[NDArray[np.generic], ...]:
    """The columns of `Forms`; `first` is the place of the first address."""
    places = _Places.of(addresses)
    data, path, last, query = places.data, places.path, places.last, places.query
    hyphen, digit = np.flatnonzero((data == ord("-")) | (data == ord("_"))), np.flatnonzero((data >= ord("0")) & (data <= ord("9")))
    before = np.searchsorted(places.slash, last) - 1
    begin = np.maximum(np.where(before >= 0, np.append(places.slash, 0)[before], -1) + 1, path)
    depth, words, digits = _count(places.slash, path, last), _count(hyphen, begin, last), _count(digit, path, query)
    starts, stops = [places.host, places.start], [np.where(places.named, path, places.host), places.stop]
    key, address = np.split(range_hashes(data, np.concatenate(starts), np.concatenate(stops)), 2)
    has_query, has_fragment = query < places.fragment, places.fragment < places.stop
    likeness = np.minimum(depth, MOST_STEPS)
    for number, most in (
        (np.minimum(words, MOST_WORDS), MOST_WORDS),
        (np.minimum(digits, MOST_DIGITS), MOST_DIGITS),
        (has_query, 1),
        (has_fragment, 1),
        (places.tool, 1),
    ):
        likeness = likeness * (most + 1) + number
    form = (key ^ likeness.astype(np.uint64)) * _MIX
    numbers = (query - path, depth, words, digits, has_query, has_fragment, places.named, places.tool)
    row, begin, end = places.steps()
    return (*(number.astype(np.float32) for number in numbers), address, key, form, row + first, range_hashes(_PLAIN[data], begin, end))


def _first(places: Ints, start: Ints, stop: Ints) -> Ints:
    """The first of the ascending `places` in each range, its end where there is none."""
    found = np.append(places, np.iinfo(np.int64).max)[np.searchsorted(places, start)]
    return np.asarray(np.minimum(found, stop))


def _count(places: Ints, start: Ints, stop: Ints) -> Ints:
    """How many of the ascending `places` are in each range."""
    return np.asarray(np.maximum(np.searchsorted(places, stop) - np.searchsorted(places, start), 0))
