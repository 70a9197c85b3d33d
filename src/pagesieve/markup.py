"""Step 1d of an HTML page's way: elements in columns and laid out lines → what the tags around each line say of it.

The terms of a line's tags, classes and ids are wanted as numbers where a page is judged, and as strings by whoever reads or trains
on them: `_Terms` makes the numbers, `_Told` the strings, when they are asked for, by the same recipe.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.flow import BOX, LINK, PICTURES, REFERENCE_LENGTH, Lines, Shown, read_text
from pagesieve.page import LEVELS, MarkupColumns, Rows, Tags
from pagesieve.tree import Keys, Names, Tree, mixed, ranges, stable_order
from pagesieve.words import BASE, hashes, range_hashes

__all__ = ["markup_of"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

PLAIN = dict.fromkeys(PICTURES, "img")  # names of elements that are the same to whoever judges
HEADINGS = {f"h{level}": level for level in range(1, 7)}
ABOVE_WORDS = 24  # terms, the nearest ones, that the elements above a segment add
PATH_LEVELS = 12  # steps of a segment's path
STEPS = 12  # elements above one that are looked at in one go

_NAME = re.compile(r"[A-Za-z]{2,}")  # numbers and single letters say nothing; "relatedPosts-item" → related, posts, item
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ATTRIBUTE = re.compile(r' (=?[^ =]*)="([^"]*)"')  # as they are written out
_NAMING = ("class", "id", "itemprop")  # attributes that name an element
_headings, _OUTERMOST = Names(HEADINGS), Names({"html": 1, "body": 1})
_OWN, _ABOVE, _DOT = (np.uint64(ord(char)) for char in "<^.")


def markup_of(tree: Tree, seen: Shown, lines: Lines, titled: Sequence[NDArray[np.float32]]) -> list[MarkupColumns]:
    """The markup of the lines of each page; `titled` says how much of the page's title each of its lines is."""
    piece = tree.piece[seen.element]
    filled = np.flatnonzero(~tree.void[seen.element])
    around = tree.nest(seen.element[filled])
    parent = _at(filled, around.innermost(piece - 1))
    owner = np.where(lines.picture < 0, _at(filled, around.innermost(lines.piece)), np.searchsorted(seen.element, lines.picture))
    class_key = tree.keys("class", seen.element)
    boxes = filled[seen.nature[filled] & BOX > 0]
    nest = tree.nest(seen.element[boxes])
    block = nest.innermost(lines.piece)
    outer = np.append(nest.innermost(piece[boxes] - 1), -1)
    box_bounds = np.searchsorted(tree.page[piece[boxes]], np.arange(len(lines.bounds)))
    number = np.append(tree.number[seen.element[boxes]], -1)
    peers = np.append(_peers(np.where(parent < 0, ~tree.page[piece], parent), mixed(tree.name[seen.element], class_key))[boxes], -1)
    chain = [block]
    for _ in range(LEVELS):
        chain.append(outer[chain[-1]])
    containers = np.stack([number[box] for box in chain[1:]], axis=1)
    counts = np.stack([peers[box] for box in chain[:-1]], axis=1)
    link_line, link_start, link_end, address = _links(tree, seen, lines)
    styles = _Styles.of(tree, seen, parent, owner, class_key)
    bounds = lines.bounds.tolist()
    links = np.searchsorted(link_line, lines.bounds).tolist()
    around_boxes = [_by_number(number[a:b], number[outer[a:b]]) for a, b in pairwise(box_bounds.tolist())]
    return [
        styles.columns(
            page,
            slice(first, last),
            element=number[block[first:last]],
            containers=containers[first:last].copy(),
            peers=counts[first:last].copy(),
            outer=around_boxes[page],
            link_row=link_line[a:b] - first,
            link_start=link_start[a:b].copy(),
            link_end=link_end[a:b].copy(),
            address=address[a:b],
            titled=titled[page],
        )
        for page, (first, last, a, b) in enumerate(zip(bounds, bounds[1:], links, links[1:], strict=False))
    ]


def _at(values: Ints, places: Ints) -> Ints:
    """`values` at these places, -1 where the place is."""
    return np.append(values, -1)[places]


def _by_number(number: Ints, values: Ints) -> Ints:
    """`values` at the places that these ascending numbers name, -1 at the others."""
    found = np.full(int(number[-1]) + 1 if len(number) else 0, -1)
    found[number] = values
    return found


def _peers(parent: Ints, likeness: Keys) -> Ints:
    """How many children of each element's parent are like it, itself included."""
    _, which, count = np.unique(mixed(likeness, parent.astype(np.uint64)), return_inverse=True, return_counts=True)
    return np.asarray(count[which])


def _links(tree: Tree, seen: Shown, lines: Lines) -> tuple[Ints, Ints, Ints, list[str]]:
    """The lines' links, adjacent pieces of one as one: line, begin and end in it, address."""
    start, end = tree.attributes["href"]
    leading = seen.having(LINK)
    leading = leading[end[leading] > start[leading]]
    link = tree.nest(leading).innermost(lines.run_piece)
    run = np.flatnonzero(link >= 0)
    used, which = np.unique(link[run], return_inverse=True)
    held = [tree.data[a:b] for a, b in zip(start[leading[used]].tolist(), end[leading[used]].tolist(), strict=True)]
    addresses = [address.strip() for address in read_text(b"\0".join(held).decode("utf-8")).split("\0")] if held else []
    numbers: dict[str, int] = {"": -1}  # it leads nowhere
    number = np.array([numbers.setdefault(address, i) for i, address in enumerate(addresses)], dtype=np.int64)
    which = number[which]
    run, which = run[which >= 0], which[which >= 0]
    line, begin, stop = lines.run_line[run], lines.run_start[run], lines.run_end[run]
    new = np.ones(len(run), dtype=np.bool_)
    new[1:] = (np.diff(line) > 0) | (np.diff(which) != 0) | (begin[1:] - stop[:-1] > 1)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(run))[: len(first)] - 1
    return line[first], begin[first], stop[last], [addresses[i] for i in which[first].tolist()]


# ------------------------------------------------------------------------------------------------------------- styles


def _numbered(keys: Hashes) -> tuple[Ints, Ints]:
    """Numbers from 0 in the order in which different keys turn up: where each does for the first time, and that of each key."""
    order, new = _sorted(keys)
    first = np.minimum.reduceat(order, np.flatnonzero(new)) if len(order) else order
    by_place = np.argsort(first)
    rank, which = np.empty_like(first), np.empty_like(order)
    rank[by_place] = np.arange(len(first))
    which[order] = rank[np.cumsum(new) - 1]
    return first[by_place], which


def _sorted(keys: Hashes) -> tuple[Ints, Bools]:
    """The places of `keys` in ascending order, and where in that order another key begins."""
    order = np.argsort(keys)  # not a stable sort, which takes several times as long
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = keys[order[1:]] != keys[order[:-1]]
    return order, new


@dataclass(frozen=True, slots=True, eq=False)
class _Styles:
    """What elements with the same tags and names, below the same others on the same page, say of the lines within them.

    Of all elements around lines: `node` is that of its own tag and names, `above` the style of what it stands in, -1 for none.
    `tags` holds a tag of each node. Nodes and styles are numbered in the pages' order. `line` is the place of each line's style among
    `used`, the styles of lines, for which `heading`, `shape`, and the terms are worked out (see `MarkupColumns`).
    """

    page: Ints
    node: Ints
    above: Ints
    boxed: Bools
    node_page: Ints
    tags: list[bytes]
    used: Ints
    line: Ints
    heading: Ints
    shape: Ints
    term_count: Ints
    terms: Hashes

    @classmethod
    def of(cls, tree: Tree, seen: Shown, parent: Ints, owner: Ints, class_key: Keys) -> _Styles:
        """The styles of lines whose first words have these elements as their innermost."""
        piece, last = tree.piece[seen.element], tree.last[seen.element]
        held = np.zeros(len(tree.begin) + 1, dtype=np.int64)
        held[piece[owner] + 1] = 1
        held = np.cumsum(held)
        needed = np.flatnonzero(held[last + 1] > held[piece])  # what holds an owner, or is one
        place = np.full(len(piece) + 1, -1)
        place[needed] = np.arange(len(needed))
        up, element = place[parent[needed]], seen.element[needed]
        page = tree.page[piece[needed]]
        shape_key = mixed(mixed(tree.name[element], class_key[needed]), page.astype(np.uint64))
        naming = mixed(mixed(shape_key, tree.keys("id", element)), tree.keys("itemprop", element))
        node_first, node = _numbered(naming)
        first, style = _numbered(_chained(naming, up))
        above = _at(style, up[first])
        used, line = np.unique(style[place[owner]], return_inverse=True)
        boxed = seen.nature[needed][first] & BOX > 0
        (row, own), beyond, heading, shape = _walked(used, above, boxed, _headings(tree.name[element])[first], shape_key[first])
        node, tags = node[first], tree.tags(element[node_first])
        count, terms = _terms(_Words.of(tree, element[node_first], tags), row, node[own], beyond, node, above)
        return cls(page[first], node, above, boxed, page[node_first], tags, used, line, heading, _numbered(shape)[1], count, terms)

    def columns(self, page: int, lines: slice, **columns: Any) -> MarkupColumns:
        """The `MarkupColumns` of a page; those columns that do not follow from styles are given."""
        nodes, styles, used = (slice(*np.searchsorted(of, [page, page + 1])) for of in (self.node_page, self.page, self.page[self.used]))
        terms = np.append(0, np.cumsum(self.term_count))
        told = _Told(
            self.tags[nodes],
            self.node[styles] - nodes.start,
            np.maximum(self.above[styles] - styles.start, -1),
            self.boxed[styles].copy(),
            self.used[used] - styles.start,
        )
        return MarkupColumns(
            told,
            self.heading[used].copy(),
            self.shape[used] - (self.shape[used.start] if used.stop > used.start else 0),
            self.term_count[used].copy(),
            self.terms[terms[used.start] : terms[used.stop]].copy(),
            self.line[lines] - used.start,
            **columns,
        )


def _chained(keys: Keys, up: Ints) -> Keys:
    """A key for each element that follows from its own and those of all above it; `up` says where the next one above stands, -1 for none."""
    keys, up = np.append(keys, np.uint64(0)), np.append(up, -1)
    while (up >= 0).any():  # each step takes in twice as many
        keys, up = mixed(keys, keys[up]), up[up]
    return keys[:-1]


def _walked(used: Ints, above: Ints, boxed: Bools, heading: Ints, shape_key: Keys) -> tuple[tuple[Ints, Ints], Ints, Ints, Keys]:
    """From each of the `used` styles up to its block: the styles on the way, as (row, style), these and the block's included.

    Then the style of what the block stands in, -1 for none, the heading's level and a key of the shape, which both regard that too.
    """
    row, at = np.arange(len(used)), used
    ways = [(row, at)]
    beyond, level, shape = np.full(len(used), -1), heading[used], shape_key[used]
    while len(row):
        over, boxes = above[at], boxed[at]
        beyond[row[boxes]] = over[boxes]
        row, at, boxes = row[over >= 0], over[over >= 0], boxes[over >= 0]
        level[row] = np.where(level[row] > 0, level[row], heading[at])
        shape[row] = mixed(shape[row], shape_key[at])
        row, at = row[~boxes], at[~boxes]
        ways.append((row, at))
    return (np.concatenate([row for row, _ in ways]), np.concatenate([at for _, at in ways])), beyond, level, shape


# -------------------------------------------------------------------------------------------------------------- terms


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """The words of nodes' tags, classes and ids as hashes of what follows the sign of a term ("div", ".related"), node after node.

    `first` and `count` say which are a node's; `beyond` is `count`, 0 for those that say nothing of what stands in them.
    """

    hash: Hashes
    first: Ints
    count: Ints
    beyond: Ints

    @classmethod
    def of(cls, tree: Tree, elements: Ints, tags: list[bytes]) -> _Words:
        """The words of these elements, whose tags are written out so."""
        spans = np.stack([np.stack(tree.attributes[name])[:, elements] for name in _NAMING])  # (attributes, 2, elements)
        start, end = spans.transpose(1, 2, 0).reshape(2, -1)
        some = np.flatnonzero(end > start)
        held = [tree.data[a:b] for a, b in zip(start[some].tolist(), end[some].tolist(), strict=True)]
        array = np.frombuffer(b" ".join([*held, b" "]), dtype=np.uint8)
        begin = np.cumsum(end[some] - start[some] + 1) - (end[some] - start[some] + 1)
        small = array | np.uint8(0x20)
        letter = small - ord("a") < 26
        at = np.flatnonzero(array == ord("&"))
        letter[ranges(at + 1, REFERENCE_LENGTH[np.minimum(array[at + 1], 127)] - 1)] = False
        capital = letter & (array < ord("a"))
        turn = np.append(True, ~letter[:-1] | (capital[1:] & ~capital[:-1]))  # no letter before, or a small one before a capital
        starts = np.flatnonzero(letter & turn)
        stops = np.flatnonzero(letter & np.append(turn[1:] | ~letter[1:], True)) + 1
        starts, stops = starts[stops - starts > 1], stops[stops - starts > 1]
        of_names = _DOT + range_hashes(small, starts, stops) * np.uint64(BASE)
        node = some[np.searchsorted(begin, starts, side="right") - 1] // len(_NAMING)
        node = np.append(np.arange(len(elements)), node)
        order = stable_order(node)
        _, some, which = np.unique(tree.name[elements], return_index=True, return_inverse=True)
        of_tags = hashes([PLAIN.get(name, name) for name in (tags[i].partition(b" ")[0].decode("utf-8") for i in some.tolist())])[which]
        found = np.append(of_tags, of_names)[order]
        count = np.bincount(node, minlength=len(elements))
        return cls(found, np.cumsum(count) - count, count, np.where(_OUTERMOST(tree.name[elements]) > 0, 0, count))


def _terms(words: _Words, row: Ints, own: Ints, beyond: Ints, node: Ints, above: Ints) -> tuple[Ints, Hashes]:
    """The number of terms of each style in use, and their hashes, style after style.

    `row` and `own` say which nodes each consists of, `beyond` the style of what is around its block.
    """
    size = words.count[own]
    row, found = np.repeat(row, size), words.hash[ranges(words.first[own], size)]
    chosen = _first_ones(row, found)
    some = np.flatnonzero(beyond >= 0)
    around, which = np.unique(beyond[some], return_inverse=True)
    of, more = _around(words, around, node, above)
    count = np.bincount(of, minlength=len(around))
    rows = np.append(row[chosen], np.repeat(some, count[which]))
    terms = np.append(
        _OWN + found[chosen] * np.uint64(BASE), _ABOVE + more[ranges((np.cumsum(count) - count)[which], count[which])] * np.uint64(BASE)
    )
    return np.bincount(rows, minlength=len(beyond)), terms[stable_order(rows)]


def _around(words: _Words, styles: Ints, node: Ints, above: Ints) -> tuple[Ints, Hashes]:
    """The words around what stands in elements of these styles, as (place of the style, hash): the nearest `ABOVE_WORDS`, nearest first."""
    row, at = np.arange(len(styles)), styles
    rows, nodes = [row], [node[at]]
    for _ in range(STEPS - 1):
        at = above[at]
        row, at = row[at >= 0], at[at >= 0]
        rows.append(row)
        nodes.append(node[at])
    of = np.concatenate(nodes)
    size = words.beyond[of]
    rows_of, found = np.repeat(np.concatenate(rows), size), words.hash[ranges(words.first[of], size)]
    at = above[at]
    row, at = row[at >= 0], at[at >= 0]
    if len(row):  # what is farther away is the same for many
        farther, which = np.unique(at, return_inverse=True)
        more_rows, more = _around(words, farther, node, above)
        count = np.bincount(more_rows, minlength=len(farther))
        rows_of = np.append(rows_of, np.repeat(row, count[which]))
        found = np.append(found, more[ranges((np.cumsum(count) - count)[which], count[which])])
    chosen = _first_ones(rows_of, found)
    rows_of, found = rows_of[chosen], found[chosen]
    order = stable_order(rows_of)
    rows_of, found = rows_of[order], found[order]
    count = np.bincount(rows_of, minlength=len(styles))
    near = np.arange(len(rows_of)) - (np.cumsum(count) - count)[rows_of] < ABOVE_WORDS
    return rows_of[near], found[near]


def _first_ones(rows: Ints, found: Hashes) -> Ints:
    """Places where a hash stands for the first time in its row."""
    order, new = _sorted(mixed(found, rows.astype(np.uint64)))
    return np.sort(np.minimum.reduceat(order, np.flatnonzero(new))) if len(order) else order


# -------------------------------------------------------------------------------------------------------------- words


Naming = tuple[str, tuple[str | None, ...]]  # an element's tag, and its class, id and itemprop


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Told(Rows[Tags]):
    """What styles say, in words; columns are those of `_Styles`, numbers counted on the page."""

    tags: list[bytes]
    node: Ints
    above: Ints
    boxed: Bools
    used: Ints

    def __len__(self) -> int:
        return len(self.used)

    def row(self, place: int) -> Tags:
        """What the style at `place` says."""
        style = int(self.used[place])
        chain = [self._naming(style)]
        while not self.boxed[style] and self.above[style] >= 0:
            style = int(self.above[style])
            chain.append(self._naming(style))
        own = dict.fromkeys(word for naming in chain for word in _words(naming)[0])
        path, around = [chain[-1][0]], dict[str, None]()
        above = int(self.above[style])
        if above >= 0:
            chain.append(self._naming(above))
        while above >= 0 and (len(path) <= PATH_LEVELS or len(around) < ABOVE_WORDS):
            naming = self._naming(above)
            path.append(naming[0])
            if naming[0] not in ("html", "body"):
                around.update(dict.fromkeys(_words(naming)[1]))
            above = int(self.above[above])
        heading = next((HEADINGS[tag] for tag, _ in chain if tag in HEADINGS), 0)
        shape = " ".join(f"{tag}.{names[0]}" for tag, names in chain)
        return Tags("/".join(reversed(path[: PATH_LEVELS + 1])), (*own, *[*around][:ABOVE_WORDS]), shape, heading)

    def _naming(self, style: int) -> Naming:
        return _naming(self.tags[self.node[style]])


@lru_cache(maxsize=1 << 12)
def _naming(tag: bytes) -> Naming:
    """Name, class, id and itemprop of a written-out tag."""
    text = tag.decode("utf-8")
    values = dict(reversed([(name, read_text(value)) for name, value in _ATTRIBUTE.findall(text)])) if "=" in text else {}
    return text.partition(" ")[0], tuple(values.get(name) for name in _NAMING)


@lru_cache(maxsize=1 << 12)
def _words(naming: Naming) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The terms of an element's tag, classes and id: for a segment that is its own, for one within it."""
    tag, names = naming
    text = _CAMEL.sub(" ", " ".join(filter(None, names)))
    found = [PLAIN.get(tag, tag), *("." + word for word in dict.fromkeys(map(str.lower, _NAME.findall(text))))]
    return tuple("<" + word for word in found), tuple("^" + word for word in found)
