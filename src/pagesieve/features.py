"""Step 2 of a page's way: segments → what the model sees of them.

Two views of each segment, made by the same code in training and in use:

- `terms`: the words the TF-IDF weighs (`Segment` → list of str);
- `layout`: one row of numbers a segment, a column for each row of the table `LAYOUT` (`measure` → float32 matrix).

Neither needs HTML or knows a language; an HTML page adds terms of its markup and the layout group `MARKUP`. `LAYOUT` is the
whole list of layout features: reading it tells what the model sees besides words. A feature is a function of the page's `Looks`, whose fields are arrays with one entry a segment.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagesieve.cues import COMMENTS, DATE, FIRST_TOKENS, POINTER, TIME, notices
from pagesieve.links import LEADS, forms, leads, steps
from pagesieve.page import LEVELS, MAX_INDENT, MarkupColumns, Segment, Segments
from pagesieve.words import (
    CharTable,
    Tokens,
    alike,
    codes_of,
    hashes,
    is_combining,
    is_unseen,
    is_unspaced,
    range_hashes,
    read_tokens,
    terms,
    unrendered,
    visible,
    visible_tokens,
)

__all__ = [
    "GROUPS",
    "LAYOUT",
    "MARKUP",
    "Feature",
    "LayoutRows",
    "Looks",
    "MarkupMeasures",
    "MarkupTerms",
    "Measures",
    "Terms",
    "Words",
    "column_names",
    "layout",
    "lookalikes",
    "measure",
    "measure_pages",
    "nearby",
    "pages_between",
    "shapes",
    "stretches",
]

Floats = NDArray[np.float32]

_PAGE_STEP = np.uint64(0xBF58476D1CE4E5B9)  # times a page's place, added to a hash: alike on one page only
MARKUP = "markup"  # the group of features that only HTML pages have
ROW_BITS = 32  # of a segment's place beside a word's number
PIECE = 1 << 16  # characters measured at once
LENGTHS = (2, 6, 15, 40)  # words at which a segment's form changes
LEAST_SHAPED, LONG = 8, 15  # words from which a text dump's segment has a shape, and another one
LONG_WORD = 5  # characters from which a word says what a text is about

# The place, or the place and the agency, that a report begins with ("OSLO (Agency) —", "BERN, Switzerland -").
_DATELINE = re.compile(
    r"[^\W\d_][^()\n]{1,60}\([^\W\d_][^()\n]{0,25}\)\s?[—–-]|[A-ZÀ-Þ]{2}[A-ZÀ-Þ .'’-]{1,30}(?:, \w[\w .]{1,20})?\s?[—–-]{1,2}\s"
)
_POINTING, _COMMENTS = hashes(FIRST_TOKENS), hashes(COMMENTS)
MOST_DATED, MOST_ON_COMMENTS = 20, 9  # words of a line that is a landmark by its date or time, and by a word for comments
DATELINE_LEAST = 60  # characters; a line this long is a report's first paragraph or a story's summary, no name and no title

# -------------------------------------------------------------------------------------------------------- layout

# Every character belongs to one class; counts of classes per segment are most of what layout is made of.
_CLASSES = ("space", "upper", "lower", "letter", "digit", "mark", "comma", "stop", "quote", "open", "colon", "bar", "at", "wide")
_CLASS = {name: i + 1 for i, name in enumerate(_CLASSES)}
_STRANGE = len(_CLASSES) + 1  # what `visible` may take away: no class, but found along with them
_SPECIAL = {
    **dict.fromkeys(",،，、;", "comma"),
    **dict.fromkeys(".!?…。！？।؟", "stop"),
    **dict.fromkeys('"“”„«»‹›「」『』', "quote"),
    **dict.fromkeys("([{（【", "open"),
    **dict.fromkeys(":：", "colon"),
    **dict.fromkeys("|·/•»>", "bar"),
    **dict.fromkeys("@©®", "at"),
}
_ENDS = ("upper", "lower", "letter", "digit", "stop", "comma", "colon", "quote", "open", "mark")  # of first and last characters


def _classify(char: str) -> int:
    if char in _SPECIAL:
        return _CLASS[_SPECIAL[char]]
    if char.isspace():
        return _CLASS["space"]
    if char.isalpha():
        if is_unspaced(char):
            return _CLASS["wide"]
        return _CLASS["upper" if char.isupper() else "lower" if char.islower() else "letter"]
    if is_combining(char) or is_unseen(char):
        return _STRANGE
    return _CLASS["digit" if char.isdigit() else "mark"]


_classes = CharTable(_classify, np.uint8)
_combining_classes = CharTable(lambda char: _CLASS["wide" if is_unspaced(char) else "letter"], np.uint8)


@dataclass(frozen=True, slots=True)
class MarkupMeasures:
    """What an HTML page says of its segments beside their text. Arrays have one entry (or row) a segment.

    `containers` holds numbers that are alike for segments in the same container, column 0 for the nearest; `shape` those
    that are alike for segments with the same tags and classes. Both count from 0 without gaps, and those of two pages differ.
    """

    linked: Floats  # share of the characters that lie in links
    links: Floats  # number of links
    heading: Floats  # level, 0 for none
    titled: Floats  # how much of the page's title
    leads: Floats  # (n, columns of `LEADS`): where its longest link leads to; noughts without one
    peers: Floats  # (n, LEVELS): siblings of the same tag and class, of the block and of its containers
    containers: NDArray[np.int64]  # (n, LEVELS)
    shape: NDArray[np.int64]

    @classmethod
    def of(cls, pages: Sequence[Segments], found: Sequence[MarkupColumns], led: Led) -> MarkupMeasures:
        """The measures of HTML pages, some of which have segments, with this markup, whose links lead there."""
        places = np.flatnonzero([len(page) for page in pages])
        sizes = np.array([len(columns.style) for columns in found])
        containers = np.concatenate([columns.containers for columns in found]) + 1
        containers += (np.repeat(places, sizes) * (containers.max() + 1))[:, None]
        there = np.zeros(int(containers.max()) + 1, dtype=np.bool_)
        there[containers] = True
        lengths = np.fromiter((len(text) for page in pages for text in page.text), dtype=np.int64, count=int(sizes.sum()))
        linked = np.bincount(led.row, led.length, minlength=len(lengths))
        shapes = np.cumsum([0, *(c.shape.max() + 1 for c in found)]).tolist()
        return cls(
            linked=(linked / lengths).astype(np.float32),
            links=np.bincount(led.row, minlength=len(lengths)).astype(np.float32),
            heading=np.concatenate([c.heading[c.style] for c in found]).astype(np.float32),
            titled=np.concatenate([c.titled for c in found]),
            leads=led.leads,
            peers=np.maximum(np.concatenate([c.peers for c in found]), 0).astype(np.float32),
            containers=(np.cumsum(there) - 1)[containers],
            shape=np.concatenate([c.shape[c.style] + first for c, first in zip(found, shapes, strict=False)]),
        )


@dataclass(frozen=True, slots=True)
class Led:
    """Where the links of HTML pages lead: of each link its segment's `row` and its `length` there; of each segment what the address of its longest link says.

    Of each step of that address that is a term: its segment in `step_row`, ascending, and its hash in `step`.
    """

    row: NDArray[np.int64]
    length: NDArray[np.int64]
    leads: Floats  # (segments, columns of `LEADS`)
    step_row: NDArray[np.int64]
    step: NDArray[np.uint64]

    @classmethod
    def of(cls, found: Sequence[MarkupColumns]) -> Led:
        """That of these pages' markup; empty arrays for text dumps."""
        if not found:
            nothing = np.zeros(0, dtype=np.int64)
            return cls(nothing, nothing, np.zeros((0, len(LEADS)), dtype=np.float32), nothing, nothing.astype(np.uint64))
        sizes = [len(columns.style) for columns in found]
        row = np.concatenate([c.link_row + first for c, first in zip(found, np.cumsum([0, *sizes]).tolist(), strict=False)])
        length = np.concatenate([c.link_end - c.link_start for c in found])
        addresses = [address for columns in found for address in columns.address]
        longest = _longest(row, length)
        form = forms(addresses)
        said = np.zeros((sum(sizes), len(LEADS)), dtype=np.float32)
        page = np.repeat(np.arange(len(found)), [len(columns.address) for columns in found])
        said[row[longest]] = leads(form, page)[longest]
        chosen = np.zeros(len(row), dtype=np.bool_)
        chosen[longest] = True
        chosen = chosen[form.step_row]
        return cls(row, length, said, row[form.step_row[chosen]], form.step[chosen])


def _longest(row: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of the longest link of each segment that has one, the first of several; `row` is a link's segment."""
    order = np.lexsort((-length, row))
    return np.asarray(order[_changes(row[order])])


def _columns(pages: Sequence[Segments]) -> list[MarkupColumns]:
    """The markup of those pages that have segments; [] where one of them is a text dump."""
    some = [page.markup for page in pages if len(page)]
    found = [markup for markup in some if markup is not None]
    return found if len(found) == len(some) else []


@dataclass(frozen=True, slots=True)
class Words:
    """Which words some segments have: pairs (`row`, `word`) without repetition, sorted by word. A word's number holds on its page."""

    row: NDArray[np.uint32]
    word: NDArray[np.uint32]

    @classmethod
    def of(cls, row: NDArray[np.uint32], found: NDArray[np.uint64], page: NDArray[np.int64]) -> Words:
        """The pairs of these tokens: the segment of each and its hash; `page` is that of each segment."""
        keys = found + (page.astype(np.uint64) * _PAGE_STEP)[row]
        order = np.argsort(keys)
        keys = keys[order]
        pairs = np.zeros(len(keys), dtype=np.int64)
        np.cumsum(keys[1:] != keys[:-1], out=pairs[1:])
        del keys  # an endless page has millions of tokens
        pairs <<= ROW_BITS
        pairs |= row[order]
        del order
        pairs.sort()
        pairs = pairs[_changes(pairs)]
        return cls((pairs & ((1 << ROW_BITS) - 1)).astype(np.uint32), (pairs >> ROW_BITS).astype(np.uint32))


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of the segments from `begin` to `end`: (`row`, `hash`) of each in no particular order, rows counting from `begin`."""

    begin: int
    end: int
    row: NDArray[np.int64]
    hash: NDArray[np.uint64]  # see `words.hashes`

    @classmethod
    def of_one(cls, words: Sequence[str]) -> Terms:
        """The terms of a segment that is known to have these."""
        return cls(0, 1, np.zeros(len(words), dtype=np.int64), hashes(words))


@dataclass(frozen=True)
class Looks:
    """The raw measures of pages from which all layout features follow. Arrays have one entry a segment, page after page.

    `bounds` (pages + 1,) says where each page begins, and where the last one ends.
    """

    bounds: NDArray[np.int64]
    counts: Floats  # (n, classes): characters of each class
    words: Floats  # number of words; two unspaced characters count as one
    capitalised: Floats  # number of words that begin with a capital
    first: NDArray[np.uint8]  # class of the first character (after the bullet)
    last: NDArray[np.uint8]  # class of the last character
    bullet: NDArray[np.uint8]  # 0 none, 1 plain, 2 nested, 3 number
    indent: Floats  # columns
    blank: Floats  # blank lines before
    inline: Floats  # 1 where the segment starts on the line the one before ended on
    repeats: Floats  # other segments of the page with the same text
    openings: Floats  # other segments of the page with the same first two words
    dateline: Floats  # 1 where the segment begins as a report does
    pointer: Floats  # 1 where it begins as a line that points to another story
    notice: Floats  # 1 where it says that comments are closed
    dated: Floats  # 1 where it is short and tells a day
    timed: Floats  # 1 where it is short and tells a time of day, or how long ago
    on_comments: Floats  # 1 where it is very short and speaks of comments
    markup: MarkupMeasures | None  # of HTML pages

    @property
    def page(self) -> NDArray[np.int64]:
        """Place of each segment's page."""
        return pages_between(self.bounds, 0, len(self))

    @property
    def cues(self) -> Floats:
        """What is too rare for the networks, shape (segments, 3): `dateline`, `pointer` and `notice`."""
        return np.stack([self.dateline, self.pointer, self.notice], axis=1)

    def __len__(self) -> int:
        return len(self.words)

    def between(self, begin: int, end: int) -> Looks:
        """Those of the segments from `begin` to `end`, as if there were no others."""
        own = {name: getattr(self, name)[begin:end] for name in (entry.name for entry in fields(Looks)) if name not in ("bounds", "markup")}
        markup = self.markup and MarkupMeasures(*(getattr(self.markup, entry.name)[begin:end] for entry in fields(self.markup)))
        return Looks(bounds=nearby(self.bounds, begin, end, 0)[2], markup=markup, **own)

    def of(self, *classes: str) -> Floats:
        """Number of characters of these classes, per segment."""
        return np.asarray(self.counts[:, [_CLASS[name] for name in classes]].sum(1))

    @cached_property
    def chars(self) -> Floats:
        """Characters that are not white space, at least 1, per segment."""
        total: Floats = self.counts.sum(1) - self.counts[:, _CLASS["space"]]
        return np.maximum(total, 1)


@dataclass(frozen=True)
class Measures(Looks):
    """All that is measured of pages: their looks, and their words.

    `long_words` holds the words of `LONG_WORD` characters or more (and the pairs of unspaced characters); the second pass uses them for
    likeness to the main text.
    """

    beginning: NDArray[np.uint64]  # hash of the first token, 0 for none
    ending: NDArray[np.uint64]  # hash of the last token
    tokens: tuple[Tokens, ...]  # of all segments in turn, some thousand segments each
    long_words: Words
    small_words: Words  # those below `LONG_WORD` characters ("our", "said")
    contents: list[str]  # what the terms are made of: the segments' contents, `unrendered` and `visible`
    markup_columns: list[MarkupColumns]  # of HTML pages that have segments
    markup_terms: MarkupTerms  # the terms of their markup as hashes

    @cached_property
    def terms(self) -> list[list[str]]:
        """The terms of each segment, as text."""
        return [self.terms_of(place) for place in range(len(self))]

    def terms_of(self, place: int) -> list[str]:
        """The terms of one segment, as text."""
        found = terms(visible_tokens(self.contents[place]))
        for columns in self.markup_columns:
            if place < len(columns.style):
                return [*found, *columns.tags[int(columns.style[place])].words, *_steps(columns, place)]
            place -= len(columns.style)
        return found

    def hashed_terms(self) -> Iterator[Terms]:
        """The `terms` as hashes, of all segments in turn, some thousand segments at a time."""
        begin = 0
        for tokens in self.tokens:
            end = begin + len(tokens.count)
            row, hashed = tokens.term_hashes()
            if self.markup is not None:
                both = zip((row, hashed), self.markup_terms.between(begin, end), strict=True)
                row, hashed = (np.concatenate(pair) for pair in both)
            yield Terms(begin, end, row, hashed)
            begin = end


def pages_between(bounds: NDArray[np.int64], begin: int, end: int) -> NDArray[np.int64]:
    """Place of the page of each segment from `begin` to `end`; `bounds` are those of the pages (see `Looks`)."""
    inner: NDArray[np.int64] = np.clip(bounds, begin, end)
    return np.repeat(np.arange(len(bounds) - 1), inner[1:] - inner[:-1])


def _steps(columns: MarkupColumns, place: int) -> list[str]:
    """The steps of the address that the longest link of a segment leads to."""
    links = slice(*np.searchsorted(columns.link_row, [place, place + 1]).tolist())
    longest = _longest(columns.link_row[links], (columns.link_end - columns.link_start)[links])
    return [step for link in longest.tolist() for step in steps(columns.address[links][link])]


@dataclass(frozen=True, slots=True)
class MarkupTerms:
    """The hashes of the terms of each segment's markup. Many segments have the same tags around them, so that the terms of these are kept once.

    The terms of a segment are `size[which]` of the `hash`es, from `first[which]` on, and the `step`s whose `step_row` is its place.
    """

    which: NDArray[np.uint32]  # (segments,)
    first: NDArray[np.int64]
    size: NDArray[np.int64]
    hash: NDArray[np.uint64]
    step_row: NDArray[np.int64]  # ascending
    step: NDArray[np.uint64]

    @classmethod
    def of(cls, found: Sequence[MarkupColumns], led: Led) -> MarkupTerms:
        """Those of these pages' markup, a kind of terms for each style, whose longest links lead there."""
        styles = np.cumsum([0, *(len(columns.term_count) for columns in found)]).tolist()
        which = [columns.style + first for columns, first in zip(found, styles, strict=False)]
        size = np.concatenate([np.zeros(0, dtype=np.int64), *(columns.term_count for columns in found)])
        return cls(
            np.concatenate([np.zeros(0, dtype=np.int64), *which]).astype(np.uint32),
            np.cumsum(size) - size,
            size,
            np.concatenate([np.zeros(0, dtype=np.uint64), *(columns.terms for columns in found)]),
            led.step_row,
            led.step,
        )

    def between(self, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """(row, hash) of each term of the segments from `begin` to `end`, rows counting from `begin`."""
        which = self.which[begin:end]
        first, size = self.first[which], self.size[which]
        at = np.arange(int(size.sum())) + np.repeat(first - np.cumsum(size) + size, size)
        low, high = np.searchsorted(self.step_row, [begin, end]).tolist()
        row = np.concatenate([np.repeat(np.arange(end - begin), size), self.step_row[low:high] - begin])
        return row, np.concatenate([self.hash[at], self.step[low:high]])


@dataclass(frozen=True, slots=True)
class _Read:
    """What the characters of some texts say: one entry a text (see `Measures`), and the rows and hashes of words."""

    counts: Floats
    words: Floats
    capitalised: Floats
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    openings: NDArray[np.uint64]  # hash of the first two tokens
    on_comments: NDArray[np.bool_]  # whether there is one of `COMMENTS`
    beginning: NDArray[np.uint64]
    ending: NDArray[np.uint64]
    whole: NDArray[np.uint64]  # hash of all characters
    long_rows: NDArray[np.uint32]
    long_hashes: NDArray[np.uint64]
    small_rows: NDArray[np.uint32]
    small_hashes: NDArray[np.uint64]

    @classmethod
    def of(cls, contents: Sequence[str]) -> tuple[_Read, tuple[Tokens, ...], list[str]]:
        """What the texts say, their tokens, piece by piece, and what is `visible` of them.

        A piece of `PIECE` characters at a time: an array has an entry a character, and those of a piece stay in the cache.
        """
        places = np.cumsum(np.fromiter(map(len, contents), dtype=np.int64, count=len(contents))) // PIECE
        starts = [0, *(np.flatnonzero(np.diff(places[:-1], prepend=0)) + 1).tolist()]
        columns: dict[str, list[Any]] = {entry.name: [] for entry in fields(cls)}
        tokens: list[Tokens] = []
        seen: list[str] = []
        for begin, end in itertools.pairwise([*starts, len(contents)]):
            read, found, shown = cls._of(contents[begin:end])
            tokens.append(found)
            seen += shown
            for name, pieces in columns.items():
                pieces.append(getattr(read, name) + np.uint32(begin) if name.endswith("_rows") else getattr(read, name))
        if len(tokens) == 1:
            return read, (found,), seen
        whole = cls(**{name: np.concatenate(columns.pop(name)) for name in list(columns)})  # a column's pieces go with it
        return whole, tuple(tokens), seen

    @classmethod
    def _of(cls, contents: Sequence[str]) -> tuple[_Read, Tokens, Sequence[str]]:
        n = len(contents)
        contents, joined, codes, classes = _characters(contents)
        lengths = np.fromiter(map(len, contents), dtype=np.int64, count=n)
        width = len(_CLASSES) + 1
        cell = np.repeat(np.arange(0, n * width, width), lengths + 1)  # of a table of lines and classes
        cell += classes
        kinds = np.bincount(cell, minlength=n * width).reshape(n, width).astype(np.float32)
        kinds[:, _CLASS["space"]] -= 1  # the line feed after each
        begins = (classes >= _CLASS["upper"]) & (classes <= _CLASS["digit"])
        begins[1:] &= ~begins[:-1]
        first = np.flatnonzero(begins)
        row = cell[first] // width
        words = np.bincount(row, minlength=n) + kinds[:, _CLASS["wide"]] / 2
        capitalised = np.bincount(row[classes[first] == _CLASS["upper"]], minlength=n)
        ends = np.cumsum(lengths + 1)
        starts = ends - lengths - 1
        found = read_tokens(joined, codes, n)
        long = (found.length >= LONG_WORD) | ((found.length == 2) & found.unspaced)
        small = (found.length < LONG_WORD) & found.letters
        token_row = found.row.astype(np.uint32)
        beginning, ending = found.edges()
        read = cls(
            counts=kinds,
            words=words.astype(np.float32),
            capitalised=capitalised.astype(np.float32),
            first=np.where(lengths > 0, classes[starts], 0).astype(np.uint8),
            last=np.where(lengths > 0, classes[np.maximum(ends - 2, 0)], 0).astype(np.uint8),
            openings=found.openings(),
            on_comments=np.bincount(found.row[_among(found.hash, _COMMENTS)], minlength=n) > 0,
            beginning=beginning,
            ending=ending,
            whole=range_hashes(codes, starts, ends - 1),
            long_rows=token_row[long],
            long_hashes=found.hash[long],
            small_rows=token_row[small],
            small_hashes=found.hash[small],
        )
        return read, found, contents


def _among(hashed: NDArray[np.uint64], some: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of many hashes are among some: few pass by their last bits, so that few are looked for."""
    last = np.uint64(0xFFFF)
    there = np.zeros(int(last) + 1, dtype=np.bool_)
    there[(some & last).astype(np.int64)] = True
    found: NDArray[np.bool_] = there[(hashed & last).astype(np.int64)]
    found[found] = np.isin(hashed[found], some)
    return found


def _characters(texts: Sequence[str]) -> tuple[Sequence[str], str, NDArray[np.uint32], NDArray[np.uint8]]:
    """What is `visible` of the texts, that with a line feed after each, and the code and the class of each character of it."""
    joined = "".join([text + "\n" for text in texts])
    codes = codes_of(joined)
    classes = _classes(codes)
    strange = np.flatnonzero(classes == _STRANGE)
    if not len(strange):
        return texts, joined, codes, classes
    seen = list(texts)
    ends = np.flatnonzero(codes == ord("\n"))
    parts, at = [], 0  # of `joined`, with the texts between that change; what stays is not read again
    for place in sorted(set(np.searchsorted(ends, strange).tolist())):
        seen[place] = visible(texts[place])
        end = int(ends[place])
        begin = end - len(texts[place])
        own = codes_of(seen[place])
        kinds = _classes(own)
        parts += [
            (joined[at:begin], codes[at:begin], classes[at:begin]),
            (seen[place], own, np.where(kinds == _STRANGE, _combining_classes(own), kinds)),
        ]
        at = end
    parts.append((joined[at:], codes[at:], classes[at:]))
    strings, numbers, kinds_of = zip(*parts, strict=True)
    return seen, "".join(strings), np.concatenate(numbers), np.concatenate(kinds_of)


def measure(segments: Sequence[Segment]) -> Measures:
    """The `Measures` of a page's segments (all of them: repeats and positions are relative to the page)."""
    return measure_pages([segments])


def measure_pages(pages: Sequence[Sequence[Segment]]) -> Measures:
    """The `Measures` of several pages' segments, page after page; each page's are those that `measure` gives for it alone."""
    columns = [Segments.of(page) for page in pages]
    sizes = np.array([len(page) for page in pages], dtype=np.int64)
    n = int(sizes.sum())
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    page = np.repeat(np.arange(len(pages)), sizes)
    step = page.astype(np.uint64) * _PAGE_STEP
    contents = [unrendered(content) for of_page in columns for content in of_page.contents()]
    read, tokens, contents = _Read.of(contents)
    markup_columns = _columns(columns)
    led = Led.of(markup_columns)
    bullets = itertools.chain.from_iterable(of_page.bullet for of_page in columns)
    with_digits = np.flatnonzero((read.words <= MOST_DATED) & (read.counts[:, _CLASS["digit"]] > 0)).tolist()
    return Measures(
        bounds=bounds,
        counts=read.counts,
        words=read.words,
        capitalised=read.capitalised,
        first=read.first,
        last=read.last,
        bullet=np.fromiter((_bullet_kind(bullet) if bullet else 0 for bullet in bullets), dtype=np.uint8, count=n),
        indent=_column(n, (of_page.indent for of_page in columns)),
        blank=_column(n, (of_page.blank_before for of_page in columns)),
        inline=_column(n, (of_page.inline for of_page in columns)),
        repeats=alike(read.whole + step),
        openings=alike(read.openings + step),
        dateline=np.fromiter(
            (len(content) >= DATELINE_LEAST and _DATELINE.match(content) is not None for content in contents), dtype=np.float32, count=n
        ),
        pointer=_pointers(contents, read.beginning),
        notice=_notices(contents),
        dated=_telling(DATE, contents, with_digits),
        timed=_telling(TIME, contents, with_digits),
        on_comments=(read.on_comments & (read.words <= MOST_ON_COMMENTS)).astype(np.float32),
        beginning=read.beginning,
        ending=read.ending,
        tokens=tokens,
        long_words=Words.of(read.long_rows, read.long_hashes, page),
        small_words=Words.of(read.small_rows, read.small_hashes, page),
        contents=contents,
        markup_columns=markup_columns,
        markup_terms=MarkupTerms.of(markup_columns, led),
        markup=MarkupMeasures.of(columns, markup_columns, led) if markup_columns else None,
    )


def _pointers(contents: Sequence[str], beginning: NDArray[np.uint64]) -> Floats:
    """1 for each text that points to another story; `beginning` holds the hashes of the first tokens."""
    found = np.zeros(len(contents), dtype=np.float32)
    for place in np.flatnonzero(_among(beginning, _POINTING)).tolist():
        found[place] = POINTER.match(contents[place]) is not None
    return found


def _telling(pattern: re.Pattern[str], contents: Sequence[str], places: Sequence[int]) -> Floats:
    """1 for each of the texts at these places in which the pattern is found."""
    told = np.zeros(len(contents), dtype=np.float32)
    ends = np.cumsum([len(contents[place]) + 1 for place in places])
    found = [match.start() for match in pattern.finditer("\n".join([contents[place] for place in places]))]
    told[np.asarray(places, dtype=np.int64)[ends.searchsorted(found, side="right")]] = 1
    return told


def _notices(contents: Sequence[str]) -> Floats:
    """1 for each text that says that comments are closed."""
    found = np.zeros(len(contents), dtype=np.float32)
    found[list(notices(contents))] = 1
    return found


def stretches(measures: Measures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What stands together on a page: runs of the same bullet and indentation, and blocks between blank lines.

    A number for each segment, alike for those in the same stretch; numbers count up along the pages.
    """
    page, bullet, indent = measures.page, measures.bullet, measures.indent
    turn = np.diff(page, prepend=-1) != 0
    run = turn | (np.diff(bullet, prepend=-1) != 0) | (np.diff(indent, prepend=np.float32(-1)) != 0)
    return np.cumsum(run) - 1, np.cumsum(turn | (measures.blank > 0)) - 1


def shapes(measures: Measures) -> NDArray[np.int64]:
    """What is made in the same way on a page: a number for each segment, alike for those of the same shape; numbers count from 0.

    On an HTML page that is a shape of tags and classes. In a text dump it is bullet, indentation and blank line of the segment and of the one above, and
    whether the segment is long; one of fewer than `LEAST_SHAPED` words has a shape of its own, since short lines of all kinds look the same.
    """
    if measures.markup is not None:
        return measures.markup.shape
    own = (
        (measures.bullet.astype(np.int64) * (MAX_INDENT + 1) + measures.indent.astype(np.int64)) * 2
        + np.minimum(measures.blank, 1).astype(np.int64)
        + 1
    )
    above = np.concatenate([[0], own[:-1]])
    above[measures.bounds[:-1][np.diff(measures.bounds) > 0]] = 0
    most = own.max(initial=0) + 1
    shape = ((measures.page * most + own) * most + above) * 2 + (measures.words >= LONG)
    short = measures.words < LEAST_SHAPED
    shape[short] = -1 - np.flatnonzero(short)
    return np.unique(shape, return_inverse=True)[1]


def lookalikes(measures: Measures) -> tuple[NDArray[np.int64], ...]:
    """What looks alike on a page, wherever it stands: segments of the same form, those with the same first, and the same last token.

    Three numbers for each segment, alike for those in the same group; those of two pages differ. Cards of a list of stories and lines of a
    thread repeat their forms and their words ("Updated …", "… min read").
    """
    page = measures.page
    form = page
    for values, count in (
        (measures.bullet, 4),
        (np.minimum(measures.blank, 1).astype(np.int64), 2),
        (np.digitize(measures.words, LENGTHS), len(LENGTHS) + 1),
        (measures.indent.astype(np.int64), MAX_INDENT + 1),
        (measures.first, len(_CLASSES) + 1),
        (measures.last, len(_CLASSES) + 1),
    ):
        form = form * count + values
    step = page.astype(np.uint64) * _PAGE_STEP
    return tuple(np.unique(keys, return_inverse=True)[1] for keys in (form, measures.beginning + step, measures.ending + step))


def _column(n: int, pages: Iterable[Sequence[float]]) -> Floats:
    return np.fromiter(itertools.chain.from_iterable(pages), dtype=np.float32, count=n)


def _bullet_kind(bullet: str) -> int:
    """0 none, 1 plain, 2 nested, 3 number."""
    if bullet[0] in "•*+-–—":
        return 1
    return 3 if bullet[0].isdigit() or bullet[0] == "(" else 2


def _changes(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where an entry differs from the one before it; the first does."""
    return np.concatenate([np.ones(min(len(values), 1), dtype=np.bool_), values[1:] != values[:-1]])


def _markup(looks: Looks) -> MarkupMeasures:
    if looks.markup is None:
        raise ValueError("the segments are of a text dump; markup features need those of an HTML page")
    return looks.markup


def _log(values: NDArray[np.floating]) -> Floats:
    return np.asarray(np.log1p(values), dtype=np.float32)


def _of_next(values: Floats, fill: float, bounds: NDArray[np.int64]) -> Floats:
    """`values` of the next segment, `fill` for the last one of a page."""
    out = np.full_like(values, fill)
    out[:-1] = values[1:]
    out[bounds[1:][np.diff(bounds) > 0] - 1] = fill
    return out


def nearby(bounds: NDArray[np.int64], begin: int, end: int, reach: int) -> tuple[int, int, NDArray[np.int64]]:
    """The segments from `begin` to `end` with up to `reach` more before and behind: where they begin and end, and the pages' bounds there."""
    low, high = max(begin - reach, 0), min(end + reach, int(bounds[-1]))
    inner: NDArray[np.int64] = np.clip(bounds, low, high) - low
    return low, high, inner[_changes(inner)]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the layout matrix: its `name`, the `group` it is switched off with, and how it is computed."""

    name: str
    group: str
    value: Callable[[Looks], NDArray[np.generic]]


LAYOUT: tuple[Feature, ...] = (
    Feature("chars", "length", lambda m: _log(m.chars)),
    Feature("words", "length", lambda m: _log(m.words)),
    Feature("word_length", "length", lambda m: m.chars / np.maximum(m.words, 1)),
    Feature("capitals", "characters", lambda m: m.of("upper") / m.chars),
    Feature("capitalised", "characters", lambda m: m.capitalised / np.maximum(m.words, 1)),
    Feature("digits", "characters", lambda m: m.of("digit") / m.chars),
    Feature("marks", "characters", lambda m: m.of("mark") / m.chars),
    Feature("commas", "characters", lambda m: _log(m.of("comma"))),
    Feature("stops", "characters", lambda m: _log(m.of("stop"))),
    Feature("quotes", "characters", lambda m: _log(m.of("quote"))),
    Feature("brackets", "characters", lambda m: _log(m.of("open"))),
    Feature("colons", "characters", lambda m: _log(m.of("colon"))),
    Feature("bars", "characters", lambda m: _log(m.of("bar"))),
    Feature("signs", "characters", lambda m: _log(m.of("at"))),
    *(Feature(f"first_{kind}", "characters", lambda m, k=kind: m.first == _CLASS[k]) for kind in _ENDS),  # type: ignore[misc]
    *(Feature(f"last_{kind}", "characters", lambda m, k=kind: m.last == _CLASS[k]) for kind in _ENDS),  # type: ignore[misc]
    Feature("bullet_plain", "lines", lambda m: m.bullet == 1),
    Feature("bullet_nested", "lines", lambda m: m.bullet == 2),
    Feature("bullet_number", "lines", lambda m: m.bullet == 3),
    Feature("indent", "lines", lambda m: _log(m.indent)),
    Feature("blank_before", "lines", lambda m: np.minimum(m.blank, 3)),
    Feature("blank_after", "lines", lambda m: _of_next(np.minimum(m.blank, 3), 3, m.bounds)),
    Feature("inline", "lines", lambda m: m.inline),
    Feature("repeats", "repeats", lambda m: _log(m.repeats)),
    Feature("openings", "repeats", lambda m: _log(m.openings)),
    # Too rare for bins of their own: for the second pass.
    Feature("dateline", "characters", lambda m: m.dateline),
    Feature("dated", "characters", lambda m: m.dated),
    Feature("timed", "characters", lambda m: m.timed),
    Feature("on_comments", "characters", lambda m: m.on_comments),
    Feature("linked", MARKUP, lambda m: _markup(m).linked),
    Feature("links", MARKUP, lambda m: _log(_markup(m).links)),
    Feature("heading", MARKUP, lambda m: _markup(m).heading),
    Feature("titled", MARKUP, lambda m: _markup(m).titled),  # too rare for a bin of its own, as `dateline`
    *(Feature(name, MARKUP, lambda m, i=i: _markup(m).leads[:, i]) for i, name in enumerate(LEADS)),  # type: ignore[misc]
    *(Feature(f"peers_{i}", MARKUP, lambda m, i=i: _log(_markup(m).peers[:, i])) for i in range(LEVELS)),  # type: ignore[misc]
)
"""The feature table: every column of the layout matrix, in order. The group `MARKUP` needs an HTML page."""

GROUPS = tuple(dict.fromkeys(feature.group for feature in LAYOUT if feature.group != MARKUP))


def layout(looks: Looks, groups: Sequence[str] = GROUPS) -> Floats:
    """The layout matrix, shape (segments, columns of `groups`), float32; shape (0, …) for a page without segments."""
    chosen = [feature for feature in LAYOUT if feature.group in groups]
    out = np.zeros((len(looks), len(chosen)), dtype=np.float32)
    for column, feature in enumerate(chosen):
        out[:, column] = feature.value(looks)
    return out


@dataclass(frozen=True, slots=True)
class LayoutRows:
    """The layout matrix of pages whose rows are made when they are asked for, by a slice: an endless page's would fill the memory."""

    looks: Looks
    groups: Sequence[str] = GROUPS

    def __getitem__(self, rows: slice) -> Floats:
        begin, end, _ = rows.indices(len(self.looks))
        low, high, _ = nearby(self.looks.bounds, begin, end, 1)  # some features look at the next segment
        return layout(self.looks.between(low, high), self.groups)[begin - low : end - low]


def column_names(groups: Sequence[str] = GROUPS) -> tuple[str, ...]:
    """Names of the columns that `layout` gives for these groups."""
    return tuple(feature.name for feature in LAYOUT if feature.group in groups)
