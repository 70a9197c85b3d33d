"""Step 1a of an HTML page's way: the parser's tree, written out once more → its elements, attributes and texts in columns.

Asking the parser for its nodes one by one, or reading tag by tag, takes most of a page's time. So many pages are one array of bytes
here, and tags, names, attributes and what stands within what follow from operations on whole arrays. What the parser writes has no
faults: tags balance, and outside of comments and raw text "<" and ">" only stand around tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MASKS", "RAW", "VOID", "Attributes", "Keys", "Names", "Nest", "Tree", "keys_of", "mixed", "ranges", "read_tree", "stable_order"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Keys = NDArray[np.uint64]

RAW = frozenset(("xmp", "plaintext"))  # their text is written as it is
VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())
PAD = 16  # bytes before and behind the pages, so that eight can be taken anywhere
LONG = 64  # bytes from which a text's key is not made of its words

_CANDIDATE = re.compile(rb"<(!--|(?:xmp|plaintext)(?=[ >]))")
_ATTRIBUTE = re.compile(rb' (=?[^ =]*)="([^"]*)"')
_MIX, _TURN, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(29)
_ONES, _LOW, _HIGH = (np.uint64(0x0101010101010101 * byte) for byte in (0x01, 0x7F, 0x80))
_SPACES, _CLOSES = (_ONES * np.uint64(ord(char)) for char in " >")
MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)  # of a word's first bytes


def _word(text: bytes) -> int:
    """What `Tree.words` holds where these bytes, eight or less, begin (and 0 behind them)."""
    return int.from_bytes(text, "little")


# -------------------------------------------------------------------------------------------------------------- keys


def mixed(keys: Keys, more: Keys) -> Keys:
    """Keys that follow from two others, order regarded."""
    found = (keys * _TURN ^ more) * _MIX
    return np.asarray(found ^ found >> _SHIFT)


def keys_of(data: bytes, words: Keys, starts: Ints, ends: Ints) -> Keys:
    """A number for each range of `data`, alike for the same bytes; 0 for nothing. `words` are as those of a `Tree`."""
    keys = np.zeros(len(starts), dtype=np.uint64)
    length = ends - starts
    at = np.flatnonzero((length > 0) & (length <= LONG))
    position, left = starts[at], length[at]
    while len(at):
        keys[at] = mixed(keys[at], words[position] & MASKS[np.minimum(left, 8)])
        more = np.flatnonzero(left > 8)
        at, position, left = at[more], position[more] + 8, left[more] - 8
    for i in np.flatnonzero(length > LONG).tolist():
        keys[i] = hash(data[starts[i] : ends[i]]) & 0xFFFFFFFFFFFFFFFF
    return keys


class Names:
    """A number for each of some names of elements, which are known by their keys; 0 for all others."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        encoded = [name.encode() for name in numbers]
        data = b"".join([*encoded, bytes(PAD)])
        ends = np.cumsum(list(map(len, encoded)))
        keys = keys_of(data, _words(data), np.append(0, ends[:-1]), ends)
        order = np.argsort(keys)
        self._keys, self._numbers = keys[order], np.fromiter(numbers.values(), dtype=np.int64)[order]

    def __call__(self, keys: Keys) -> Ints:
        """The numbers of the names with these keys."""
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._numbers[at], 0)


def _words(data: bytes) -> Keys:
    words: Keys = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    return words


def stable_order(values: Ints) -> Ints:
    """The places of `values`, which are 0 or more, in ascending order, those of equal ones as they come."""
    small = len(values) == 0 or values.max() < 1 << 16
    return np.argsort(values.astype(np.uint16) if small else values, kind="stable")  # much faster for small numbers


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """The places of these ranges, one range behind the other."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)


# -------------------------------------------------------------------------------------------------------------- tree


class Nest:
    """Some elements of a tree, to ask what stands within them."""

    def __init__(self, starts: Ints, lasts: Ints, pieces: int) -> None:
        self._starts, self._size = starts, pieces + 1
        step = np.zeros(self._size, dtype=np.int64)
        np.add.at(step, starts, 1)
        np.subtract.at(step, lasts, 1)
        self.depth: Ints = np.cumsum(step)  # in how many of them the text behind each piece is; 0 once more at the end

    def innermost(self, pieces: Ints) -> Ints:
        """Which of the elements is the innermost around the text behind each of these pieces, -1 for none."""
        if not len(self._starts):
            return np.full(len(pieces), -1, dtype=np.int64)
        level, around = self.depth[self._starts], self.depth[pieces]
        order = stable_order(level)
        keys = level[order] * self._size + self._starts[order]  # the last one to begin on that level
        return np.where(around > 0, order[np.searchsorted(keys, around * self._size + pieces, side="right") - 1], -1)


class Attributes:
    """The attributes of elements, `size` of them: of each the element, where its value begins, and where that ends."""

    def __init__(self, words: Keys, element: Ints, start: Ints, end: Ints, size: int) -> None:
        self._words, self._element, self._start, self._end, self._size = words, element, start, end, size
        self._before = words[start - 9]  # the last eight bytes of the name and its "="
        self._known: dict[str, tuple[Ints, Ints]] = {}

    def __getitem__(self, name: str) -> tuple[Ints, Ints]:
        """Where each element's value of this attribute begins and ends; -1 where there is none."""
        if name not in self._known:
            self._known[name] = self._places(name)
        return self._known[name]

    def _places(self, name: str) -> tuple[Ints, Ints]:
        written = f" {name}=".encode()
        size = min(len(written), 8)
        chosen = np.flatnonzero(self._before >> np.uint64(64 - 8 * size) == _word(written[-size:]))
        if len(written) > 8:
            chosen = chosen[self._words[self._start[chosen] - 1 - len(written)] == _word(written[:8])]
        found = np.full((2, self._size), -1, dtype=np.int64)
        found[0, self._element[chosen]], found[1, self._element[chosen]] = self._start[chosen], self._end[chosen]
        return found[0], found[1]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Pages in columns. A piece is a tag or a comment with the text behind it; an element is known by its place among all.

    `data` holds the written-out pages, `words` eight of its bytes from each place on. Of each piece: `page`, `begin` (of the tag),
    `close` (where its text begins), `end` (where the next piece does). Of each element, in the order of the document: `piece`,
    `last` (the piece that ends it; its own for one that never holds anything, `void`), `name` (a key, see `keys_of`), `number` (on
    its page, from 0; what a template holds is not counted and has -1). No page's columns depend on another's.
    """

    pages: int
    data: bytes
    words: Keys
    page: Ints
    begin: Ints
    close: Ints
    end: Ints
    piece: Ints
    last: Ints
    void: Bools
    name: Keys
    number: Ints
    attributes: Attributes

    def nest(self, elements: Ints | Bools) -> Nest:
        """These elements as a `Nest`."""
        return Nest(self.piece[elements], self.last[elements], len(self.begin))

    def tags(self, elements: Ints) -> list[bytes]:
        """Name and attributes of these elements as they are written out."""
        pieces = self.piece[elements]
        return [self.data[a:b] for a, b in zip((self.begin[pieces] + 1).tolist(), (self.close[pieces] - 1).tolist(), strict=True)]

    def keys(self, attribute: str, elements: Ints) -> Keys:
        """A key for each of these elements' values of an attribute, 0 where there is none."""
        start, end = (places[elements] for places in self.attributes[attribute])
        return np.asarray(np.where(start >= 0, keys_of(self.data, self.words, start, end) | np.uint64(1), np.uint64(0)))


_VOIDS = Names(dict.fromkeys(sorted(VOID), 1))


def read_tree(pages: Sequence[str]) -> Tree:
    """The columns of these pages, each written out by the parser."""
    encoded = [page.encode("utf-8") for page in pages]
    data = b"".join([bytes(PAD), *encoded, bytes(PAD)])
    bounds = np.cumsum([PAD, *map(len, encoded)])
    array, words = np.frombuffer(data, dtype=np.uint8), _words(data)
    begin, close = _pieces(data, array, words, bounds)
    heads = np.searchsorted(begin, bounds)  # each page's first piece
    page = np.repeat(np.arange(len(pages)), np.diff(heads))
    second = array[begin + 1]
    closes = second == ord("/")
    opens = ~closes & (second != ord("!")) & (second != ord("?"))
    names = begin + 1 + closes
    name = keys_of(data, words, names, _name_ends(data, words, names, close - 1))
    flat = _VOIDS(name) > 0
    piece = np.flatnonzero(opens)
    last = _last((opens & ~flat) * 1 - (closes & ~flat), heads, page)[piece]
    name, void = name[piece], flat[piece]
    number = np.arange(len(piece)) - np.searchsorted(piece, heads)[page[piece]]
    attributes = _attributes(data, array, words, begin[piece], close[piece])
    end = np.append(begin[1:], bounds[-1:])[: len(begin)]
    return Tree(len(pages), data, words, page, begin, close, end, piece, last, void, name, number, attributes)


def _pieces(data: bytes, array: Bytes, words: Keys, bounds: Ints) -> tuple[Ints, Ints]:
    """Where each piece begins, and where the text behind its tag or comment does."""
    opened, closed = np.flatnonzero(array == ord("<")), np.flatnonzero(array == ord(">"))
    before = np.searchsorted(closed, opened)  # so many ">" stand before each "<"
    closed = np.append(closed, len(data) - PAD - 1)
    begins, ends, comments = _skipped(data, words, opened, closed, before, bounds)
    step = np.zeros(len(opened) + 1, dtype=np.int64)
    first = np.searchsorted(opened, begins)
    np.add.at(step, first + 1, 1)
    np.add.at(step, np.maximum(np.searchsorted(opened, ends), first + 1), -1)
    live = np.flatnonzero(np.cumsum(step[:-1]) == 0)
    live = live[np.diff(before[live], prepend=-1) > 0]  # another "<" in a tag's name is none
    begin, close = opened[live], closed[before[live]] + 1
    close[np.searchsorted(begin, begins[comments])] = ends[comments]
    return begin, close


_FIRST = np.array(sorted(_word(name[:3].encode()) for name in ("!--", *RAW)), dtype=np.uint64)


def _skipped(data: bytes, words: Keys, opened: Ints, closed: Ints, before: Ints, bounds: Ints) -> tuple[Ints, Ints, Bools]:
    """What stands within holds no tags: comments, and raw texts with the tags before. Where they begin and end; which are comments."""
    places = np.flatnonzero(np.isin(words[opened + 1] & MASKS[3], _FIRST))
    places = places[before[places] > np.append(-1, before)[places]]  # none of those in a tag's name
    page_ends = bounds[np.searchsorted(bounds, opened[places], side="right")]
    skipped: list[tuple[int, int, bool]] = []
    over = 0
    for position, close, page_end in zip(opened[places].tolist(), closed[before[places]].tolist(), page_ends.tolist(), strict=True):
        match = _CANDIDATE.match(data, position) if position >= over else None
        if match is None:
            continue
        name = match[1]
        if name == b"!--":
            over = data.find(b"-->", position + 2, page_end)
            over = over + 3 if over >= 0 else page_end
        else:
            over = (data.rfind if name == b"plaintext" else data.find)(b"</" + name + b">", close, page_end)  # plaintext ends with the page
            over = over if over >= 0 else page_end
        skipped.append((position, over, name == b"!--"))
    begins, ends, commented = np.array(skipped, dtype=np.int64).reshape(-1, 3).T
    return begins, ends, commented > 0


def _name_ends(data: bytes, words: Keys, starts: Ints, ends: Ints) -> Ints:
    """Where the names that begin at `starts`, in tags that end at `ends`, end."""
    found = starts.copy()
    at = np.arange(len(starts))
    for _ in range(LONG // 8):
        word = words[found[at]]
        hit = _zeros(word ^ _SPACES) | _zeros(word ^ _CLOSES)
        found[at] += (((((hit & -hit) - np.uint64(1)) & _ONES) * _ONES >> np.uint64(56)) - (hit != 0)).astype(np.int64)
        at = at[hit == 0]
        if not len(at):
            break
    for i in at.tolist():
        place = data.find(b" ", found[i], ends[i])
        found[i] = ends[i] if place < 0 else place
    return np.asarray(np.minimum(found, ends))


def _zeros(words: Keys) -> Keys:
    """The high bit of each byte that is 0, and of no other."""
    return np.asarray(~(((words & _LOW) + _LOW) | words | _LOW))


def _depth(step: Ints, heads: Ints, page: Ints) -> Ints:
    """How deep each piece leaves its page, where pieces lead deeper (1), up again (-1) or neither; `heads` are the pages' first pieces."""
    depth = np.cumsum(step)
    return np.asarray(depth - np.append(0, depth)[heads][page])


def _last(step: Ints, heads: Ints, page: Ints) -> Ints:
    """For each piece the one that ends the element it begins, itself where it begins none. `step` is as in `_depth`."""
    places = np.flatnonzero(step)
    level = np.maximum(_depth(step, heads, page)[places] + (step[places] < 0), 0)
    order = stable_order(level)
    place, level = places[order], level[order]
    ends = np.zeros(len(place), dtype=np.bool_)  # on one level of a page starts and ends take turns
    ends[:-1] = (step[place[1:]] < 0) & (level[1:] == level[:-1]) & (page[place[1:]] == page[place[:-1]])
    last = np.arange(len(step))
    last[place] = np.where(step[place] < 0, place, np.where(ends, np.roll(place, -1), heads[page[place] + 1] - 1))
    return last


def _attributes(data: bytes, array: Bytes, words: Keys, begin: Ints, close: Ints) -> Attributes:
    """The attributes of the tags from `begin` to `close`."""
    quotes = np.flatnonzero(array == ord('"'))
    first = np.searchsorted(quotes, begin)
    count = np.searchsorted(quotes, close) - first
    odd = count & 1 > 0
    count[odd] = 0
    inside = quotes[ranges(first, count)]
    element, start, end = np.repeat(np.arange(len(begin)), count // 2), inside[0::2] + 1, inside[1::2]
    odd[element[array[start - 2] != ord("=")]] = True
    if odd.any():  # a name holds a quotation mark
        right = ~odd[element]
        found = [(i, *m.span(2)) for i in np.flatnonzero(odd).tolist() for m in _ATTRIBUTE.finditer(data, begin[i], close[i])]
        more = np.array(found, dtype=np.int64).reshape(-1, 3).T
        element, start, end = (np.append(a[right], b) for a, b in zip((element, start, end), more, strict=True))
    return Attributes(words, element, start, end, len(begin))
