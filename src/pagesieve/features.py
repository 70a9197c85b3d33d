"""Step 2 of a page's way: segments → what the model sees of them.

Two views of each segment, made by the same code in training and in use:

- `terms`: the words the TF-IDF weighs (`Segment` → list of str);
- `layout`: one row of numbers a segment, a column for each row of the table `LAYOUT` (`measure` → float32 matrix).

Neither needs HTML or knows a language; an HTML page adds terms of its markup and the layout group `MARKUP`. `LAYOUT` is the
whole list of layout features: reading it tells what the model sees besides words. A feature is a function of the page's `Measures`, whose fields are arrays with one entry a segment.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pagesieve.page import LEVELS, MAX_INDENT, MarkupColumns, Segment, Segments
from pagesieve.words import CharTable, codes_of, is_unspaced, read_tokens, terms, tokens_unlinked, unlinked

__all__ = [
    "GROUPS",
    "LAYOUT",
    "MARKUP",
    "Feature",
    "MarkupMeasures",
    "Measures",
    "Words",
    "column_names",
    "layout",
    "lookalikes",
    "measure",
    "measure_pages",
    "stretches",
    "window",
    "window_blocks",
]

Floats = NDArray[np.float32]

_PAGE_STEP = np.uint64(0xBF58476D1CE4E5B9)  # times a page's place, added to a hash: alike on one page only
MARKUP = "markup"  # the group of features that only HTML pages have
ROW_BITS = 32  # of a segment's place beside a word's number
PIECE = 1 << 16  # characters measured at once
LENGTHS = (2, 6, 15, 40)  # words at which a segment's form changes
LONG_WORD = 5  # characters from which a word says what a text is about

# The place, or the place and the agency, that a report begins with ("OSLO (Agency) —", "BERN, Switzerland -").
_DATELINE = re.compile(
    r"[^\W\d_][^()\n]{1,60}\([^\W\d_][^()\n]{0,25}\)\s?[—–-]|[A-ZÀ-Þ]{2}[A-ZÀ-Þ .'’-]{1,30}(?:, \w[\w .]{1,20})?\s?[—–-]{1,2}\s"
)
DATELINE_LEAST = 60  # characters; a line this long is a report's first paragraph or a story's summary, no name and no title

# -------------------------------------------------------------------------------------------------------- layout

# Every character belongs to one class; counts of classes per segment are most of what layout is made of.
_CLASSES = ("space", "upper", "lower", "letter", "digit", "mark", "comma", "stop", "quote", "open", "colon", "bar", "at", "wide")
_CLASS = {name: i + 1 for i, name in enumerate(_CLASSES)}
_SPECIAL = {
    **dict.fromkeys(",،，、;", "comma"),
    **dict.fromkeys(".!?…。！？।؟", "stop"),
    **dict.fromkeys('"“”„«»‹›「」『』', "quote"),
    **dict.fromkeys("([{（【", "open"),
    **dict.fromkeys(":：", "colon"),
    **dict.fromkeys("|·/•»>", "bar"),
    **dict.fromkeys("@©®", "at"),
}
_LAST = (*["upper", "lower", "letter", "digit", "stop", "comma", "colon", "quote", "open", "mark"],)  # kinds of first and last characters


def _classify(char: str) -> int:
    if char in _SPECIAL:
        return _CLASS[_SPECIAL[char]]
    if char.isspace():
        return _CLASS["space"]
    if char.isalpha():
        if is_unspaced(char):
            return _CLASS["wide"]
        return _CLASS["upper" if char.isupper() else "lower" if char.islower() else "letter"]
    return _CLASS["digit" if char.isdigit() else "mark"]


_classes = CharTable(_classify, np.uint8)


@dataclass(frozen=True, slots=True)
class MarkupMeasures:
    """What an HTML page says of its segments beside their text. Arrays have one entry (or row) a segment.

    `containers` holds numbers that are alike for segments in the same container, column 0 for the nearest; `shape` those
    that are alike for segments with the same tags and classes. Both count from 0 without gaps, and those of two pages differ.
    """

    linked: Floats  # share of the characters that lie in links
    links: Floats  # number of links
    heading: Floats  # level, 0 for none
    peers: Floats  # (n, LEVELS): siblings of the same tag and class, of the block and of its containers
    containers: NDArray[np.int64]  # (n, LEVELS)
    shape: NDArray[np.int64]

    @classmethod
    def of(cls, pages: Sequence[Segments]) -> MarkupMeasures | None:
        """The measures of HTML pages' segments; None for those of text dumps."""
        found = _columns(pages)
        if not found:
            return None
        places = np.flatnonzero([len(page) for page in pages])
        sizes = np.array([len(columns.style) for columns in found])
        containers = np.concatenate([columns.containers for columns in found]) + 1
        containers += (np.repeat(places, sizes) * (containers.max() + 1))[:, None]
        there = np.zeros(int(containers.max()) + 1, dtype=np.bool_)
        there[containers] = True
        lengths = np.fromiter((len(text) for page in pages for text in page.text), dtype=np.int64, count=int(sizes.sum()))
        link = np.concatenate([c.link_row + first for c, first in zip(found, (np.cumsum(sizes) - sizes).tolist(), strict=True)])
        linked = np.bincount(link, np.concatenate([c.link_end - c.link_start for c in found]), minlength=len(lengths))
        shapes = np.cumsum([0, *(c.shape.max() + 1 for c in found)]).tolist()
        return cls(
            linked=(linked / lengths).astype(np.float32),
            links=np.bincount(link, minlength=len(lengths)).astype(np.float32),
            heading=np.concatenate([c.heading[c.style] for c in found]).astype(np.float32),
            peers=np.maximum(np.concatenate([c.peers for c in found]), 0).astype(np.float32),
            containers=(np.cumsum(there) - 1)[containers],
            shape=np.concatenate([c.shape[c.style] + first for c, first in zip(found, shapes, strict=False)]),
        )


def _columns(pages: Sequence[Segments]) -> list[MarkupColumns]:
    """The markup of those pages that have segments; [] where one of them is a text dump."""
    some = [page.markup for page in pages if len(page)]
    found = [markup for markup in some if markup is not None]
    return found if len(found) == len(some) else []


@dataclass(frozen=True, slots=True)
class Words:
    """Which words some segments have: pairs (`row`, `word`) without repetition, sorted by word. A word's number holds on its page."""

    row: NDArray[np.int64]
    word: NDArray[np.int64]

    @classmethod
    def of(cls, row: NDArray[np.int64], page: NDArray[np.int64], found: NDArray[np.uint64]) -> Words:
        """The pairs of these tokens: the segment of each, its page and its hash."""
        keys = found + page.astype(np.uint64) * _PAGE_STEP
        order = np.argsort(keys)
        number = np.zeros(len(keys), dtype=np.int64)
        number[1:] = np.cumsum(keys[order[1:]] != keys[order[:-1]])
        pairs = np.sort(number << ROW_BITS | row[order])
        pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
        return cls(pairs & ((1 << ROW_BITS) - 1), pairs >> ROW_BITS)


@dataclass(frozen=True)
class Measures:
    """Raw measures of pages, from which all layout features follow. Arrays have one entry a segment, page after page.

    `bounds` (pages + 1,) says where each page begins, and where the last one ends. `long_words` holds the words of `LONG_WORD`
    characters or more (and the pairs of unspaced characters); the second pass uses them for likeness to the main text.
    """

    bounds: NDArray[np.int64]
    counts: Floats  # (n, classes): characters of each class
    words: Floats  # number of words; two unspaced characters count as one
    capitalised: Floats  # number of words that begin with a capital
    first: NDArray[np.int64]  # class of the first character (after the bullet)
    last: NDArray[np.int64]  # class of the last character
    bullet: NDArray[np.int64]  # 0 none, 1 plain, 2 nested, 3 number
    indent: Floats  # columns
    blank: Floats  # blank lines before
    inline: Floats  # 1 where the segment starts on the line the one before ended on
    repeats: Floats  # other segments of the page with the same text
    openings: Floats  # other segments of the page with the same first two words
    dateline: Floats  # 1 where the segment begins as a report does
    beginning: NDArray[np.uint64]  # hash of the first token, 0 for none
    ending: NDArray[np.uint64]  # hash of the last token
    term_rows: NDArray[np.int64]  # segment of each term, in ascending order within each kind of term
    term_hashes: NDArray[np.uint64]  # of each term, see `words.hashes`
    long_words: Words
    small_words: Words  # those below `LONG_WORD` characters ("our", "said")
    contents: list[str]  # what the terms are made of
    markup_columns: list[MarkupColumns]  # of HTML pages that have segments
    markup: MarkupMeasures | None = None  # of HTML pages

    @cached_property
    def terms(self) -> list[list[str]]:
        """The terms of each segment, as text."""
        found = [terms(tokens_unlinked(text)) for text in self.contents]
        styles = ((tags, style) for tags, style in ((list(c.tags), c.style.tolist()) for c in self.markup_columns))
        for of_text, tags in zip(found, (tags[i] for tags, style in styles for i in style), strict=False):
            of_text += tags.words
        return found

    @property
    def page(self) -> NDArray[np.int64]:
        """Place of each segment's page."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def __len__(self) -> int:
        return len(self.words)

    def of(self, *classes: str) -> Floats:
        """Number of characters of these classes, per segment."""
        return np.asarray(self.counts[:, [_CLASS[name] for name in classes]].sum(1))

    @property
    def chars(self) -> Floats:
        """Characters that are not white space, at least 1, per segment."""
        total: Floats = self.counts.sum(1) - self.counts[:, _CLASS["space"]]
        return np.maximum(total, 1)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the characters of some texts say: one entry a text (see `Measures`), and the rows and hashes of terms and words."""

    counts: Floats
    words: Floats
    capitalised: Floats
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    openings: NDArray[np.uint64]  # hash of the first two tokens
    beginning: NDArray[np.uint64]
    ending: NDArray[np.uint64]
    term_hashes: NDArray[np.uint64]
    long_hashes: NDArray[np.uint64]
    small_hashes: NDArray[np.uint64]
    term_rows: NDArray[np.int64]
    long_rows: NDArray[np.int64]
    small_rows: NDArray[np.int64]

    @classmethod
    def of(cls, contents: Sequence[str]) -> _Read:
        """A piece of `PIECE` characters at a time: an array has an entry a character, and those of a piece stay in the cache."""
        places = np.cumsum([0, *map(len, contents)]) // PIECE
        starts = np.flatnonzero(np.diff(places[:-1], prepend=-1)).tolist() or [0]
        pieces = [cls._of(contents[begin:end]) for begin, end in itertools.pairwise([*starts, len(contents)])]
        if len(pieces) == 1:
            return pieces[0]
        names = [entry.name for entry in fields(cls)]
        found = {name: [getattr(piece, name) for piece in pieces] for name in names}
        for name in names:
            if name.endswith("_rows"):
                found[name] = [rows + begin for rows, begin in zip(found[name], starts, strict=True)]
        return cls(**{name: np.concatenate(columns) for name, columns in found.items()})

    @classmethod
    def _of(cls, contents: Sequence[str]) -> _Read:
        n = len(contents)
        lengths = np.fromiter(map(len, contents), dtype=np.int64, count=n)
        joined = "".join([content + "\n" for content in contents])
        codes = codes_of(joined)
        classes = _classes(codes)
        row = np.repeat(np.arange(n), lengths + 1)
        counts = np.bincount(row * (len(_CLASSES) + 1) + classes, minlength=n * (len(_CLASSES) + 1))
        kinds = counts.reshape(n, len(_CLASSES) + 1).astype(np.float32)
        kinds[:, _CLASS["space"]] -= 1  # the line feed after each
        in_word = (classes >= _CLASS["upper"]) & (classes <= _CLASS["digit"])
        begins = in_word & ~np.concatenate([[False], in_word[:-1]])
        words = np.bincount(row[begins], minlength=n) + kinds[:, _CLASS["wide"]] / 2
        capitalised = np.bincount(row[begins & (classes == _CLASS["upper"])], minlength=n)
        ends = np.cumsum(lengths + 1)
        starts = ends - lengths - 1
        found = read_tokens(joined, codes, n)
        long = (found.length >= LONG_WORD) | ((found.length == 2) & found.unspaced)
        small = (found.length < LONG_WORD) & found.letters
        rows, hashed = found.term_hashes()
        beginning, ending = found.edges()
        return cls(
            counts=kinds,
            words=words.astype(np.float32),
            capitalised=capitalised.astype(np.float32),
            first=np.where(lengths > 0, classes[starts], 0).astype(np.int64),
            last=np.where(lengths > 0, classes[np.maximum(ends - 2, 0)], 0).astype(np.int64),
            openings=found.openings(),
            beginning=beginning,
            ending=ending,
            term_hashes=hashed,
            long_hashes=found.hash[long],
            small_hashes=found.hash[small],
            term_rows=rows,
            long_rows=found.row[long],
            small_rows=found.row[small],
        )


def measure(segments: Sequence[Segment]) -> Measures:
    """The `Measures` of a page's segments (all of them: repeats and positions are relative to the page)."""
    return measure_pages([segments])


def measure_pages(pages: Sequence[Sequence[Segment]]) -> Measures:
    """The `Measures` of several pages' segments at once; each page's are those that `measure` gives for it alone."""
    columns = [Segments.of(page) for page in pages]
    sizes = np.array([len(page) for page in pages], dtype=np.int64)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    page = np.repeat(np.arange(len(pages)), sizes)
    contents = [unlinked(content) if "[" in content else content for of_page in columns for content in of_page.contents()]
    read = _Read.of(contents)
    markup_columns = _columns(columns)
    rows, hashed = (np.concatenate(of) for of in zip((read.term_rows, read.term_hashes), *_markup_terms(markup_columns), strict=True))
    return Measures(
        bounds=bounds,
        counts=read.counts,
        words=read.words,
        capitalised=read.capitalised,
        first=read.first,
        last=read.last,
        bullet=np.array([_bullet_kind(bullet) if bullet else 0 for of_page in columns for bullet in of_page.bullet], dtype=np.int64),
        indent=_column(of_page.indent for of_page in columns),
        blank=_column(of_page.blank_before for of_page in columns),
        inline=_column(of_page.inline for of_page in columns),
        repeats=_column(_others(contents[begin:end]) for begin, end in itertools.pairwise(bounds.tolist())),
        openings=_others_of_hashes(read.openings + page.astype(np.uint64) * _PAGE_STEP),
        dateline=np.array(
            [len(content) >= DATELINE_LEAST and _DATELINE.match(content) is not None for content in contents], dtype=np.float32
        ),
        beginning=read.beginning,
        ending=read.ending,
        term_rows=rows,
        term_hashes=hashed,
        long_words=Words.of(read.long_rows, page[read.long_rows], read.long_hashes),
        small_words=Words.of(read.small_rows, page[read.small_rows], read.small_hashes),
        contents=contents,
        markup_columns=markup_columns,
        markup=MarkupMeasures.of(columns),
    )


def stretches(measures: Measures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What stands together on a page: runs of the same bullet and indentation, and blocks between blank lines.

    A number for each segment, alike for those in the same stretch; numbers count up along the pages.
    """
    page, bullet, indent = measures.page, measures.bullet, measures.indent
    turn = np.diff(page, prepend=-1) != 0
    run = turn | (np.diff(bullet, prepend=-1) != 0) | (np.diff(indent, prepend=np.float32(-1)) != 0)
    return np.cumsum(run) - 1, np.cumsum(turn | (measures.blank > 0)) - 1


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


def _column(pages: Iterable[Sequence[float]]) -> Floats:
    return np.array([*itertools.chain.from_iterable(pages)], dtype=np.float32)


def _markup_terms(found: Sequence[MarkupColumns]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """(row, hash) of the terms of each page's markup; pages without segments are none of them."""
    begin = 0
    for columns in found:
        first, size = (np.cumsum(columns.term_count) - columns.term_count)[columns.style], columns.term_count[columns.style]
        at = np.arange(int(size.sum())) + np.repeat(first - np.cumsum(size) + size, size)
        yield np.repeat(np.arange(begin, begin + len(size)), size), columns.terms[at]
        begin += len(size)


def _bullet_kind(bullet: str) -> int:
    """0 none, 1 plain, 2 nested, 3 number."""
    if bullet[0] in "•*+-–—":
        return 1
    return 3 if bullet[0].isdigit() or bullet[0] == "(" else 2


def _others(keys: Sequence[Hashable]) -> list[int]:
    """How many other entries of `keys` equal each entry."""
    count = Counter(keys)
    return [count[key] - 1 for key in keys]


def _others_of_hashes(keys: NDArray[np.uint64]) -> Floats:
    """`_others` of numbers."""
    _, which, count = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(count[which] - 1, dtype=np.float32)


def _markup(measures: Measures) -> MarkupMeasures:
    if measures.markup is None:
        raise ValueError("the segments are of a text dump; markup features need those of an HTML page")
    return measures.markup


def _log(values: NDArray[np.floating]) -> Floats:
    return np.asarray(np.log1p(values), dtype=np.float32)


def shifted(values: Floats, by: int, fill: float, bounds: NDArray[np.int64] | None = None) -> Floats:
    """`values` of the segment `by` places further on (negative: before), `fill` beyond the page's ends.

    `bounds` are those of the pages (see `Measures`); None for the segments of one.
    """
    n = len(values)
    out = np.full_like(values, fill)
    if by > 0:
        out[:-by] = values[by:]
    elif by < 0:
        out[-by:] = values[:by]
    else:
        out[:] = values
    if bounds is not None and by and n:
        page = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        source = np.clip(np.arange(n) + by, 0, n - 1)
        out[page != page[source]] = fill
    return out


def mean_around(values: Floats, low: int, high: int, bounds: NDArray[np.int64] | None = None) -> Floats:
    """Mean of `values` over the segments `low` to `high` places on (cut at the page's ends; 0 where none is left)."""
    return means_around(values, ((low, high),), np.array([0, len(values)]) if bounds is None else bounds)[0]


def means_around(values: Floats, stretches: Sequence[tuple[int, int]], bounds: NDArray[np.int64]) -> list[Floats]:
    """`mean_around` for each of these stretches. Sums run within a page, so that no page's digits depend on another's."""
    sizes = np.diff(bounds)
    total = np.zeros((len(values) + len(sizes), *values.shape[1:]), dtype=np.float64)
    for number, (begin, end) in enumerate(itertools.pairwise(bounds.tolist())):
        np.cumsum(values[begin:end], axis=0, dtype=np.float64, out=total[begin + number + 1 : end + number + 1])
    page = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(values)) + page  # in `total`, where each page has one row more
    first, last = (bounds[:-1] + np.arange(len(sizes)))[page], (bounds[1:] + np.arange(len(sizes)))[page]
    found = []
    for low, high in stretches:
        start, stop = np.clip(place + low, first, last), np.clip(place + high + 1, first, last)
        size = np.maximum(stop - start, 1).reshape(-1, *[1] * (values.ndim - 1))
        found.append(np.asarray((total.take(stop, axis=0) - total.take(start, axis=0)) / size, dtype=np.float32))
    return found


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the layout matrix: its `name`, the `group` it is switched off with, and how it is computed.

    `near` marks the features that a segment is also told about its neighbours.
    """

    name: str
    group: str
    value: Callable[[Measures], NDArray[np.generic]]
    near: bool = False


LAYOUT: tuple[Feature, ...] = (
    Feature("chars", "length", lambda m: _log(m.chars), near=True),
    Feature("words", "length", lambda m: _log(m.words), near=True),
    Feature("word_length", "length", lambda m: m.chars / np.maximum(m.words, 1), near=True),
    Feature("capitals", "characters", lambda m: m.of("upper") / m.chars, near=True),
    Feature("capitalised", "characters", lambda m: m.capitalised / np.maximum(m.words, 1), near=True),
    Feature("digits", "characters", lambda m: m.of("digit") / m.chars, near=True),
    Feature("marks", "characters", lambda m: m.of("mark") / m.chars),
    Feature("commas", "characters", lambda m: _log(m.of("comma")), near=True),
    Feature("stops", "characters", lambda m: _log(m.of("stop")), near=True),
    Feature("quotes", "characters", lambda m: _log(m.of("quote"))),
    Feature("brackets", "characters", lambda m: _log(m.of("open"))),
    Feature("colons", "characters", lambda m: _log(m.of("colon")), near=True),
    Feature("bars", "characters", lambda m: _log(m.of("bar")), near=True),
    Feature("signs", "characters", lambda m: _log(m.of("at"))),
    *(Feature(f"first_{kind}", "characters", lambda m, k=kind: m.first == _CLASS[k], near=True) for kind in _LAST),  # type: ignore[misc]
    *(Feature(f"last_{kind}", "characters", lambda m, k=kind: m.last == _CLASS[k], near=True) for kind in _LAST),  # type: ignore[misc]
    Feature("bullet_plain", "lines", lambda m: m.bullet == 1, near=True),
    Feature("bullet_nested", "lines", lambda m: m.bullet == 2, near=True),
    Feature("bullet_number", "lines", lambda m: m.bullet == 3, near=True),
    Feature("indent", "lines", lambda m: _log(m.indent), near=True),
    Feature("blank_before", "lines", lambda m: np.minimum(m.blank, 3), near=True),
    Feature("blank_after", "lines", lambda m: shifted(np.minimum(m.blank, 3), 1, 3, m.bounds)),
    Feature("inline", "lines", lambda m: m.inline),
    Feature("repeats", "repeats", lambda m: _log(m.repeats), near=True),
    Feature("openings", "repeats", lambda m: _log(m.openings), near=True),
    Feature("dateline", "characters", lambda m: m.dateline),  # too rare for a bin of its own: for the second pass
    Feature("linked", MARKUP, lambda m: _markup(m).linked, near=True),
    Feature("links", MARKUP, lambda m: _log(_markup(m).links)),
    Feature("heading", MARKUP, lambda m: _markup(m).heading, near=True),
    *(Feature(f"peers_{i}", MARKUP, lambda m, i=i: _log(_markup(m).peers[:, i]), near=i < 2) for i in range(LEVELS)),  # type: ignore[misc]
)
"""The feature table: every column of the layout matrix, in order. The group `MARKUP` needs an HTML page."""

GROUPS = tuple(dict.fromkeys(feature.group for feature in LAYOUT if feature.group != MARKUP))


def layout(measures: Measures, groups: Sequence[str] = GROUPS) -> Floats:
    """The layout matrix, shape (segments, columns of `groups`), float32; shape (0, …) for a page without segments."""
    chosen = [feature for feature in LAYOUT if feature.group in groups]
    out = np.zeros((len(measures), len(chosen)), dtype=np.float32)
    for column, feature in enumerate(chosen):
        out[:, column] = feature.value(measures)
    return out


def column_names(groups: Sequence[str] = GROUPS) -> tuple[str, ...]:
    """Names of the columns that `layout` gives for these groups."""
    return tuple(feature.name for feature in LAYOUT if feature.group in groups)


def window(matrix: Floats, groups: Sequence[str], offsets: Sequence[int], bounds: NDArray[np.int64] | None = None) -> Floats:
    """`matrix` (from `layout`) with the `near` columns of the segments at these `offsets` beside it; -1 beyond the ends."""
    return np.concatenate(window_blocks(matrix, groups, offsets, bounds), axis=1)


def window_blocks(matrix: Floats, groups: Sequence[str], offsets: Sequence[int], bounds: NDArray[np.int64] | None = None) -> list[Floats]:
    """The columns of `window` in blocks, shape (segments, some) each."""
    near = [i for i, f in enumerate(f for f in LAYOUT if f.group in groups) if f.near]
    own = matrix[:, near]
    return [matrix, *(shifted(own, by, -1, bounds) for by in offsets)]
