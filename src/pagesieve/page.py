"""Step 1 of a page's way: bytes → `Page` (decoded text) → `Segment`s.

Everything later in the chain (features, roles, Segmentation) sees a page only through the segments made here, in
training and in use alike. Splitting never changes or drops a character: a segment is a range of the page's text, and
between two segments there is nothing that shows: white space (`str.isspace`) and format characters (`words.FORMAT`).

How a text dump is cut:

1. A physical line is the smallest unit of nearly every renderer, so each non-blank line starts as a piece of its own. A line of format characters alone is blank.
2. A list item's continuation lines (indented to the item's text, no blank line between) belong to the item.
3. In hard-wrapped text (see `wrap_width`) a line that was broken only because the next word did not fit is joined
   with the next one.
4. In Markdown a blank line, a list marker or another sign of a block ends a paragraph, a line's end alone does not.
5. Where each text node of the HTML has a line of its own, sentences are torn at links: a line that begins as no sentence does goes on with
   the one before, unless a sentence ended there. A node that was broken in the HTML keeps its breaks: its further lines are those that are indented.
6. Where tags were left in the text (`words.has_tags`) `<br>` and the ends of paragraphs, items and headings end lines.
7. A page collapsed into one line has no lines to go by: it is cut after sentences and at known separators.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from pagesieve.encodings import characters
from pagesieve.words import BRACKETED, FORMAT, has_tags, hashes, untagged

Ints = NDArray[np.int64]

__all__ = [
    "BLANK",
    "Link",
    "Markup",
    "Page",
    "PageError",
    "Segment",
    "checked",
    "decode",
    "foreign",
    "grouped",
    "has_headings",
    "is_markdown",
    "read_page",
    "split",
    "unbroken",
    "wrap_width",
]

# Columns. Narrower is a list, wider is a paragraph on one line, unless such lines are surely broken (see `wrap_width`).
MIN_WRAP, MAX_WRAP = 50, 110
NARROWEST, WIDEST = 30, 400
MIN_WRAP_EVIDENCE = 3  # pairs of lines that must agree on a width before a page counts as hard-wrapped
NEAR_WIDEST = 0.8  # share of the width from which lines are about as wide
# Number and share of these, at least, into which the next word did not fit, where wide lines are surely broken, and narrow ones.
LEAST_FULL, FULL = 4, 0.7
LEAST_FULL_NARROW, FULL_NARROW = 8, 0.85
SMALL = 0.25  # share of those, at least, that go on with a small letter
# Columns by which the margins of a centred line may differ, and that they have at least: paragraphs begin with fewer.
CENTRED, LEAST_MARGIN = 2, 6
MAX_OVERLONG = 0.1  # share of the page's characters that may lie in lines wider than the wrap width
# The same where wide characters count as one column, and the share of the pairs of lines that may be wrapped.
LEAST_BY_CHARACTERS, SHARE_BY_CHARACTERS = 5, 0.3
COLLAPSED_LINE = 600  # characters; a page that is nearly nothing but one line this long is a collapsed one
ENDLESS_LINE = 6000  # characters; no paragraph is this long, so such a line is cut on any page
# Links of Markdown, and share of lines after a blank one or with a bullet, from which a page is that.
MARKDOWN_LINKS, MARKDOWN_BLANK = 3, 0.3
# Share of its other lines that have a blank one above; with fewer each line is a paragraph, unless all blank ones were stripped.
MARKDOWN_PARTED = 0.15
FLUSH = 0.1  # share of lines, at most, that are indented or have a blank line above where nodes have lines of their own
# Shares of the indented lines that begin as no sentence does (at least) and have bullets (at most), where those are nodes' further lines.
INNER, INNER_BULLETS = 0.3, 0.05
ENDING = ",.;:)!?»”’…、。，；：）」』！？を"  # what stands at the end of something; no Japanese word begins with the last
_CLOSING = ENDING + "\"'।॥۔؟]"
TORN_WORDS = 2  # spaces in a line from which a small letter at its end means that more is to come
# Spaces in a line from which it is no link amid a sentence, and from which it is none behind a word with a capital, which may end a name or a title.
LINK_WORDS, LINK_WORDS_BEHIND_NAME = 16, 4
# Lines from which, and number and share of lines that begin as no sentence does from which, nodes have lines of their own.
TORN_LINES, TORN_LEAST, TORN = 20, 3, 0.04
# The same of the lines without a blank one above, where at least a share of all has so many above as only the HTML itself has.
TORN_LEAST_BETWEEN, TORN_BETWEEN, GAP, GAPS = 5, 0.1, 3, 0.1
# Where more of them begin so, they do because they were broken, unless fewer than a share of those lines hold a capital: then nobody writes any.
MOST_LINES, CAPITALS = 0.5, 0.08
MAX_INDENT = 200  # columns; deeper indentation (centred text, layout tables) says nothing more
TAB = 8  # columns
LEVELS = 4  # containers around an HTML page's segment, the nearest ones, that the model is told
LONGEST_HEADERS = 20_000  # characters of those before a message, among which one tells what it is
BINARY_SHARE = 0.02  # share of control characters from which bytes are no text

# A bullet is a symbol or a short number before white space. The geometric shapes are what w3m draws for nested lists.
_BULLET = re.compile(r"(?:[•◦‣⁃∙·▪▫□■○●◎☆★△▲▽▼◇◆➤►▸▶»›*+–—-]|\(?\d{1,3}[.)]|\d{1,3}\.\d{1,2}\.)(?=\s)|[•◦▪■●►▸➤](?=\w)")
_DATE = re.compile(r"\d{1,2}\.\s+[^\W\d_]+\.?\s+(?:19|20)\d{2}\b")
# Of a link, as renderers list them (there may be spaces in it) or write them in brackets behind the link.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:\S*[/?=@]")
_BRACKETED = re.compile(BRACKETED)
_LYNX_NESTED = re.compile(r"[o#@](?=\s)")  # lynx draws inner bullets as letters, told from words by their indentation
LYNX_NESTED_INDENT = 6  # columns
_WIDE = re.compile("[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]")
# Those of them that are written without spaces: all but Hangul.
_SPACELESS = "[\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]"
_BROKEN = re.compile(rf"(?<={_SPACELESS})[^\S\n]*\n\s*(?={_SPACELESS})")
_FORMAT = re.compile(f"[{FORMAT}]")
_RARE = re.compile(f"[{FORMAT}{_WIDE.pattern[1:]}")
_WHITE = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
BLANK = "".join(map(chr, _WHITE)) + FORMAT  # what shows nothing, for `str.strip`
BOM = "\ufeff"  # byte order mark, decoded
_RULE = re.compile(r"[=\-]{3,}$")  # Markdown's underline of a heading
# How a line of Markdown begins that is no paragraph's: heading, table, quote, code, picture.
_BLOCK = re.compile(r"#{1,6}\s|[|>]|```|~~~|\[?!\[")
_HEADING = re.compile(r"(?:\A|\n[ \t]*\n) {0,3}(#{1,6}) +[^\s#]")  # of Markdown, below a blank line
_LINE_END = re.compile(r"(?:<br\s*/?>|</(?:p|li|h[1-6]|blockquote)>)\s*", re.IGNORECASE)
MOST_ENDED = 0.9  # share of lines from which such tags say no more than the lines' ends
_LINK = re.compile(r"\[[^\[\]\n]+\]\([^()\s]+\)")
_MARKS = (  # other marks of it: emphasis, a link, a quotation, a fence
    re.compile(r"\*\*[^\s*][^*\n]*\*\*"),
    _LINK,
    re.compile(r"\n\n> \S"),
    re.compile(r"\n\n```"),
)
# After a sentence: an end mark, closing quotes, white space, and a beginning that is no small letter. One capital or a
# short title before the full stop ("J. Smith", "Mr. Smith") is an abbreviation. CJK full stops need no white space.
_SENTENCE = re.compile(
    r"(?<!\b[^\W\d_])(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)(?<!\bNo)(?<!\bvs)"
    rf"[.!?…][\"'”’»)\]{FORMAT}]*\s+(?=[\"'“‘«(\[¿¡{FORMAT}]*[^\W_a-zà-ÿ])"
    r"|[。！？][」』”）]*\s*"
)
_SEPARATOR = re.compile(rf"\s+(?=[{FORMAT}]*[•◦▪■●►▸]\s?\S)|\s(?:[|·»›/‹«]|::|--)\s+|\s{{2,}}|\t")
_FEED = re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<\?[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:rss|feed|rdf:RDF|urlset|sitemapindex)\b", re.DOTALL)
# The first line of an HTTP response, or of what mail is in and browsers save pages as: headers, one of which says so.
_HEADERS = re.compile(
    r"HTTP/\d(?:\.\d)? \d{3}\b[^\n]*\n[A-Za-z-]+: |(?:From \S[^\n]*\n)?(?:[A-Za-z-]+: [^\n]*\n(?:[ \t][^\n]*\n)*)*?MIME-Version: \d",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"WARC/\d\.\d+\s")
_RECORD = re.compile(r"\{[^\n]*\}[^\S\n]*\n\s*\{\s*[\"}]")  # JSON's objects, one a line
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x7f]")


class PageError(ValueError):
    """A page that cannot be read as text; the message names the page, what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Page:
    """One scraped document in one view: its decoded `text`, and a `name` for messages (a path, or "page")."""

    text: str
    name: str = "page"
    view: str = "text"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a segment: its text is `segment.text[start:end]`."""

    start: int
    end: int
    address: str


@dataclass(frozen=True, slots=True)
class Markup:
    """Where a segment of an HTML page stands in it. Elements are numbered in the order of the document, from 0.

    `path` names the tags from the outermost to the segment's block; `words` are terms for the TF-IDF, made of tags, classes
    and ids ("<" its own, "^" those above). `element` is the number of its block, `containers` those of the blocks around it,
    nearest first; `peers` says of the block and its nearest containers (`LEVELS` in all) how many siblings of the same tag and class
    each has, itself included. `shape` is alike for segments with the same tags and classes; `heading` is 1 to 6, 0 for none;
    `titled` (0 to 1) says how much of the title that the page states of itself the segment is.
    """

    path: str
    words: tuple[str, ...]
    links: tuple[Link, ...]
    element: int
    containers: tuple[int, ...]
    peers: tuple[int, ...]
    shape: str
    heading: int
    titled: float = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest piece that gets a label. `page.text[start:end] == text`, never empty, no white space at its ends.

    `indent` is in columns; `bullet` is the list marker the text begins with, or ""; `blank_before` counts the blank
    lines above; `inline` is true where the segment starts on the line on which the one before it ended. `markup` is None in
    a text dump.
    """

    text: str
    start: int
    end: int
    indent: int = 0
    bullet: str = ""
    blank_before: int = 0
    inline: bool = False
    markup: Markup | None = None

    @property
    def content(self) -> str:
        """The text without its bullet, in one line (see `unbroken`).

        >>> Segment("• Oops!\\n    Try again.", 0, 21, bullet="•").content
        'Oops! Try again.'
        """
        return unbroken(self.text[len(self.bullet) :])


Item = TypeVar("Item")


class Rows(Sequence[Item]):
    """A sequence whose items are made when they are asked for. It equals another one, or a tuple, of the same items."""

    __slots__ = ()

    def row(self, place: int) -> Item:
        """The item at `place`, 0 or more."""
        raise NotImplementedError

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, place: int | slice) -> Item | tuple[Item, ...]:
        try:
            places = range(len(self))[place]
        except IndexError:
            raise IndexError(f"nothing at {place}; there are {len(self)}") from None
        return self.row(places) if isinstance(places, int) else tuple(map(self.row, places))

    def __iter__(self) -> Iterator[Item]:
        return map(self.row, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Rows, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tags around a segment say of it (see `Markup`); many segments of a page share one."""

    path: str
    words: tuple[str, ...]
    shape: str
    heading: int


@dataclass(frozen=True, slots=True, eq=False)
class MarkupColumns:
    """The `Markup` of a page's segments in columns.

    Many segments have the same style, that is what the tags around them say. Of each style: `tags`, the same in words; `heading`; `shape`, a
    number from 0 without gaps; `term_count`, the number of its terms, and in `terms` their hashes (see `words.hashes`), style after
    style. Of each segment: the place of its `style`, its `element`, and as rows of `LEVELS` its nearest `containers` and its `peers`, -1
    where there are fewer. Of each element that is a container: in `outer` the block around it, -1 for none. Of each link: `link_row`, the place of its segment, where it begins and ends in that, its `address`.
    `titled` is that of each segment.
    """

    tags: Sequence[Tags]
    heading: Ints
    shape: Ints
    term_count: Ints
    terms: NDArray[np.uint64]
    style: Ints
    element: Ints
    containers: Ints
    peers: Ints
    outer: Ints
    link_row: Ints
    link_start: Ints
    link_end: Ints
    address: list[str]
    titled: NDArray[np.float32]

    @classmethod
    def of(cls, found: Sequence[Markup]) -> MarkupColumns:
        """`found` in columns."""
        tags: dict[Tags, int] = {}
        style = [tags.setdefault(Tags(m.path, m.words, m.shape, m.heading), len(tags)) for m in found]
        shapes: dict[str, int] = {}
        links = [(row, link) for row, m in enumerate(found) for link in m.links]
        outer = np.full(max((n for m in found for n in m.containers), default=-1) + 1, -1)
        for m in found:
            outer[list(m.containers[:-1])] = m.containers[1:]
        return cls(
            tuple(tags),
            _ints(t.heading for t in tags),
            _ints(shapes.setdefault(t.shape, len(shapes)) for t in tags),
            _ints(len(t.words) for t in tags),
            hashes([word for t in tags for word in t.words]),
            _ints(style),
            _ints(m.element for m in found),
            _padded([m.containers for m in found]),
            _padded([m.peers for m in found]),
            outer,
            _ints(row for row, _ in links),
            _ints(link.start for _, link in links),
            _ints(link.end for _, link in links),
            [link.address for _, link in links],
            np.fromiter((m.titled for m in found), dtype=np.float32),
        )

    def row(self, place: int) -> Markup:
        """The markup of the segment at `place`."""
        tags = self.tags[int(self.style[place])]
        first, last = np.searchsorted(self.link_row, [place, place + 1]).tolist()
        spans = zip(self.link_start[first:last].tolist(), self.link_end[first:last].tolist(), self.address[first:last], strict=True)
        containers, peers = ([n for n in of[place].tolist() if n >= 0] for of in (self.containers, self.peers))
        while containers and (around := int(self.outer[containers[-1]])) >= 0:
            containers.append(around)
        links = tuple(Link(*span) for span in spans)
        element, titled = int(self.element[place]), float(self.titled[place])
        return Markup(tags.path, tags.words, links, element, tuple(containers), tuple(peers), tags.shape, tags.heading, titled)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _padded(values: Sequence[tuple[int, ...]]) -> Ints:
    """The first `LEVELS` of each of these, -1 where there are fewer."""
    out = np.full((len(values), LEVELS), -1, dtype=np.int64)
    for row, numbers in zip(out, values, strict=True):
        row[: len(numbers)] = numbers[:LEVELS]
    return out


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Segments(Rows[Segment]):
    """A page's segments in columns: what a `Segment` says of itself, one entry a segment, without an object for each.

    `markup` is None for a text dump; a column that is left out has nothing in it. `tidy` says that each text is its own `content`.
    """

    text: list[str]
    start: list[int]
    end: list[int]
    indent: list[int] = field(default_factory=list)
    bullet: list[str] = field(default_factory=list)
    blank_before: list[int] = field(default_factory=list)
    inline: list[bool] = field(default_factory=list)
    markup: MarkupColumns | None = None
    tidy: bool = False

    def __post_init__(self) -> None:
        for name, nothing in (("indent", 0), ("bullet", ""), ("blank_before", 0), ("inline", False)):
            if not getattr(self, name):
                object.__setattr__(self, name, [nothing] * len(self.text))

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Segments:
        """`segments` in columns."""
        if isinstance(segments, Segments):
            return segments
        markup = [s.markup for s in segments if s.markup is not None]
        return cls(
            [s.text for s in segments],
            [s.start for s in segments],
            [s.end for s in segments],
            [s.indent for s in segments],
            [s.bullet for s in segments],
            [s.blank_before for s in segments],
            [s.inline for s in segments],
            MarkupColumns.of(markup) if markup and len(markup) == len(segments) else None,
        )

    def __len__(self) -> int:
        return len(self.text)

    def row(self, place: int) -> Segment:
        """The segment at `place`."""
        return Segment(
            self.text[place], self.start[place], self.end[place], self.indent[place], self.bullet[place],
            self.blank_before[place], self.inline[place], None if self.markup is None else self.markup.row(place),
        )  # fmt: skip

    def append(self, text: str, start: int, end: int, indent: int, bullet: str, blank_before: int, inline: bool) -> None:
        """Take one more segment of a text dump."""
        self.text.append(text)
        self.start.append(start)
        self.end.append(end)
        self.indent.append(indent)
        self.bullet.append(bullet)
        self.blank_before.append(blank_before)
        self.inline.append(inline)

    def content(self, place: int) -> str:
        """The `content` of the segment at `place`."""
        text = self.text[place]
        return text if self.tidy else unbroken(text[len(self.bullet[place]) :])

    def contents(self) -> list[str]:
        """The `content` of each segment."""
        texts = self.text
        if self.tidy:
            return texts
        if any(self.bullet):
            texts = [text[len(bullet) :].lstrip() if bullet else text for text, bullet in zip(texts, self.bullet, strict=True)]
        # What can be printed holds no white space but spaces; most texts stay as they are, and are in memory once.
        return [text if text.isprintable() and "  " not in text else unbroken(text) for text in texts]


def unbroken(text: str) -> str:
    """`text` in one line: every run of white space as one space, and none for a line's end amid a script that is written without spaces.

    The latter as CSS Text 3 has it for segment breaks (4.1.3).

    >>> unbroken("two\\n  words"), unbroken("渡船は\\n止まる"), unbroken("")
    ('two words', '渡船は止まる', '')
    """
    return " ".join((_BROKEN.sub("", text) if "\n" in text and not text.isascii() else text).split())


def decode(data: bytes, name: str = "page", encoding: str = "") -> str:
    """The text of `data`, by its byte order mark, else by `encoding`, else as UTF-8, else by what the bytes look like (see `encodings`).

    `name` stands for the page in messages. Raises `PageError` for bytes that are no text.
    """
    if not encoding and b"\x1b" not in data:  # which may begin Japanese characters, in ASCII
        with contextlib.suppress(UnicodeDecodeError):  # most are that
            return checked(data.decode("utf-8-sig"), name)
    return checked(characters(data, encoding), name)


def checked(text: str, name: str) -> str:
    """`text`; raises `PageError` where it is a binary file's."""
    sample = text[:100_000]
    control = len(_CONTROL.findall(sample))
    if control > max(1, BINARY_SHARE * len(sample)):  # one alone is a slip, or what DOS ends a file with
        raise PageError(
            f"{name}: looks binary ({control} control characters in the first {len(sample)}); "
            "give the page's text, unpack it first if it is packed, or say what encoding its bytes have"
        )
    return text


def read_page(source: str | bytes | bytearray | memoryview, name: str = "page", encoding: str = "") -> Page:
    """`source` as a `Page`. Text is taken as it is, but for a byte order mark; bytes are decoded.

    Raises `PageError` for bytes that are no text, as `decode` does, and `TypeError` for what is neither text nor bytes.
    """
    if isinstance(source, str):
        return Page(source.removeprefix(BOM), name)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Page(decode(bytes(source), name, encoding), name)
    raise TypeError(f"{name}: a page is str or bytes, not {type(source).__name__}; read the file first")


def foreign(text: str) -> str:
    """What `text` is if it is not the text of a page ("a feed; …"), with the remedy; "" if it may be that."""
    sample = text[:1000].lstrip("\ufeff \t\r\n")
    if sample.startswith("%PDF-"):
        return "a PDF file; extract its text first"
    if _FEED.match(sample):
        return "a feed; fetch the pages it names and give those"
    if _ARCHIVE.match(sample):
        return "a WARC archive; give its file to the command by a name that ends in .warc or .wet, packed or not, or a page of it"
    if _HEADERS.match(text[:LONGEST_HEADERS].lstrip("\ufeff \t\r\n")):
        return "a message or a saved page with its headers (MIME, HTTP); give the page in it"
    if sample.startswith("{\\rtf"):
        return "an RTF file; save it as text first"
    if sample.startswith("<?xml"):
        return "an XML file; give the text of its elements, or HTML made of it"
    records = "the command reads records from files ending in .jsonl, and others with --jsonl"
    if sample[:1] in ("{", "["):
        if text.rstrip()[-1:] in ("}", "]") and _is_json(text):
            return f"JSON; give the field that holds the page ({records})"
        if _RECORD.match(text.lstrip("\ufeff \t\r\n")) and _is_json(text.strip("\ufeff \t\r\n").partition("\n")[0]):
            return f"JSON lines; give the field of each that holds the page ({records})"
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def grouped(pages: Iterable[Item], sizes: Iterable[int], most: int) -> Iterator[list[Item]]:
    """`pages` in order, in groups whose `sizes` add up to about `most`: a group ends with the page that reaches it."""
    group: list[Item] = []
    total = 0
    for page, size in zip(pages, sizes, strict=True):
        group.append(page)
        total += size
        if total >= most:
            yield group
            group, total = [], 0
    if group:
        yield group


@dataclass(slots=True)
class _Line:
    """A non-blank physical line without what is `BLANK` around it. `item` is the column of a list item's text."""

    start: int
    end: int
    indent: int
    bullet: str
    blank_before: int
    width: int  # columns from the left margin to the last character
    first_word: int  # columns
    item: int
    solid: bool  # nothing in it could be broken: one word, a rule, an address


def split(text: str) -> Segments:
    """The segments of the text dump `text`, in order, covering all that is not `BLANK`, which is at no segment's ends; none for empty or blank text.

    >>> [s.content for s in split("News\\n\\n  • Oops!\\n    Try again.\\n  • Home\\n")]
    ['News', 'Oops! Try again.', 'Home']
    """
    lines = _lines(text)
    if not lines:
        return Segments.of(())
    make = _Make.of(text, lines)
    size = sum(line.end - line.start for line in lines)
    segments = Segments([], [], [])
    first = last = lines[0]
    item = first.item
    for line, following in zip(lines[1:], [*lines[2:], None], strict=False):
        if line.blank_before or (make.ended and _is_ended(last, text)):
            goes_on = False
        else:
            goes_on = _continues(last, line, item, make, text) or (make.torn and _is_torn_out(last, line, following, text))
        if goes_on:
            last = line
            continue
        _cut(text, first, last, size, segments)
        first = last = line
        item = line.item
    _cut(text, first, last, size, segments)
    return segments


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position = blank = 0
    rare = _RARE.search(text)  # few pages hold a wide or a format character
    wide = rare is not None and _WIDE.search(text) is not None
    columns, first = (_columns, _first) if wide else (len, len)
    blanks = BLANK if rare and _FORMAT.search(text) else None
    tagged = has_tags(text)
    for raw in _physical(text, tagged):
        stripped = raw.strip(blanks)
        if not stripped:
            blank += 1
            position += len(raw)
            continue
        lead = raw[: len(raw) - len(raw.lstrip(blanks))]
        start = position + len(lead)
        end = start + len(stripped)
        if blanks:
            lead, stripped = (_FORMAT.sub("", part) for part in (lead, stripped))
        indent = min(len(lead.expandtabs(TAB) if "\t" in lead else lead), MAX_INDENT) if lead else 0
        bullet = _bullet(stripped, indent)
        if blanks and not text.startswith(bullet, start):  # a format character is within
            bullet = ""
        item = 0
        if bullet:
            rest = stripped[len(bullet) :]
            item = indent + len(bullet) + len(rest) - len(rest.lstrip())
        space = stripped.find(" ")
        word = stripped if space < 0 else stripped[:space]
        held = stripped[len(bullet) :].strip() if bullet else stripped
        solid = (
            space < 0
            or (bool(bullet) and " " not in held)
            or (":" in held and _ADDRESS.match(held) is not None)
            or (held.startswith("[") and _BRACKETED.match(held) is not None)
        )
        if wide and _WIDE.search(stripped):  # that can be broken between any two characters
            solid = False
        lines.append(_Line(start, end, indent, bullet, blank, indent + columns(stripped), first(word), item, solid))
        position += len(raw)
        blank = 0
    lines = _without_ordinals(_without_lone_breaks(_without_lone_tags(lines, text) if tagged else lines, text), text)
    return _by_characters(lines, text) if wide and not _usual(lines) else lines


def _physical(text: str, tagged: bool) -> list[str]:
    """The lines of `text` with their ends; where it is `tagged`, what tags end (`<br>`, `</p>`) are lines, too, but not in Markdown's tables."""
    lines = text.splitlines(keepends=True)
    if not tagged:
        return lines
    found = []
    for line in lines:
        ends = [] if line.lstrip().startswith("|") else [match.end() for match in _LINE_END.finditer(line)]
        found += [line[a:b] for a, b in itertools.pairwise([0, *ends, len(line)]) if a < b]
    return found


def _without_lone_breaks(lines: list[_Line], text: str) -> list[_Line]:
    """`lines`, of a dump with links of Markdown, in which no backslash stands alone: with such ones crawlers write the blank lines within a link.

    A lone one belongs to the line above, and parts it from the one below as a blank line does.
    """
    if "](" not in text or "\\" not in text:
        return lines
    kept: list[_Line] = []
    blank = 0
    for line in lines:
        if kept and not line.blank_before and text[line.start : line.end] == "\\":
            kept[-1].end = line.end
            blank += 1
        else:
            line.blank_before += blank
            blank = 0
            kept.append(line)
    return kept


def _without_lone_tags(lines: list[_Line], text: str) -> list[_Line]:
    """`lines`, of a dump in which tags were left, none of which is nothing but tags: such a one belongs to the line above, or else to the one below, and is a blank line between them."""
    kept: list[_Line] = []
    blank, begin = 0, -1
    for line in lines:
        held = text[line.start : line.end]
        if held[0] == "<" and held[-1] == ">" and not untagged(held):
            blank += line.blank_before + 1
            if kept:
                kept[-1].end = line.end
            elif begin < 0:
                begin = line.start
            continue
        line.blank_before += blank
        if begin >= 0:
            line.start, line.bullet, line.item, begin = begin, "", 0, -1
        blank = 0
        kept.append(line)
    return kept or lines


def _is_ended(line: _Line, text: str) -> bool:
    """Whether a tag that ends lines ends this one."""
    return text[line.end - 1] == ">" and _LINE_END.fullmatch(text, text.rfind("<", line.start, line.end), line.end) is not None


def _by_characters(lines: list[_Line], text: str) -> list[_Line]:
    """`lines` as a program measures them that takes a wide character for one column (lynx), where enough are as wide as that makes them."""
    wrapped = sum(
        MIN_WRAP <= line.indent + line.end - line.start <= MAX_WRAP and not following.blank_before
        for line, following in itertools.pairwise(lines)
    )
    if wrapped < LEAST_BY_CHARACTERS:
        return lines
    counted = [replace(line, width=line.indent + line.end - line.start, first_word=_first_by_characters(line, text)) for line in lines]
    pairs = _pairs(counted, NEAR_WIDEST * MIN_WRAP, MAX_WRAP)
    width = _agreed(pairs, counted, MIN_WRAP, MAX_WRAP)
    full = sum(line.width <= width <= line.width + following.first_word for line, following in pairs)
    return counted if width and full >= max(LEAST_BY_CHARACTERS, SHARE_BY_CHARACTERS * len(pairs)) else lines


def _first_by_characters(line: _Line, text: str) -> int:
    """Characters that the first unbreakable piece of the line takes."""
    space = text.find(" ", line.start, line.end)
    return 1 if re.match(_SPACELESS, text[line.start]) else (line.end if space < 0 else space) - line.start


def _without_ordinals(lines: list[_Line], text: str) -> list[_Line]:
    """`lines` without the bullets that are ordinals: dates ("28. Februar 2024"), and numbers at the margin that no other line goes on from or leads to ("1. FC")."""
    numbered = {
        place: int(line.bullet[:-1]) for place, line in enumerate(lines) if line.bullet.endswith(".") and line.bullet[:-1].isdecimal()
    }
    known = {*numbered.values()}
    for place, number in numbered.items():
        line = lines[place]
        if (not line.indent and not {number - 1, number + 1} & known) or _DATE.match(text, line.start, line.end):
            line.bullet, line.item, line.solid = "", 0, False
    return lines


def _bullet(stripped: str, indent: int) -> str:
    match = None if stripped[0].isalpha() else _BULLET.match(stripped)  # most lines begin with a letter
    if match is None and indent >= LYNX_NESTED_INDENT:
        match = _LYNX_NESTED.match(stripped)
    return match[0] if match else ""


def _columns(text: str) -> int:
    """Columns `text` takes on a terminal: East Asian wide characters take two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _first(word: str) -> int:
    """Columns the first unbreakable piece of `word` takes: East Asian text breaks between any two characters."""
    return 2 if _WIDE.match(word) else _columns(word)


def _pairs(lines: list[_Line], least: float, most: int) -> list[tuple[_Line, _Line]]:
    """The adjacent lines of which the second may be what did not fit into the first, which is from `least` to `most` columns wide."""
    return [
        pair for pair in itertools.pairwise(lines) if not pair[1].blank_before and not pair[1].bullet and least <= pair[0].width <= most
    ]


def wrap_width(lines: list[_Line], text: str) -> int:
    """The column at which the lines of `text` were hard-wrapped, or 0 where they were not.

    A wrapped line is as wide as it can be: with the next line's first word it would be too wide. So each pair of
    adjacent lines votes for the widths from its first line's own width up to one below that sum; the width with most
    votes wins if it has some votes and hardly any text that could have been broken is wider than it.

    Wide lines may be paragraphs, entries of a log or rows of a table that happen to be as long, narrow ones names in a list or verses. So of these the ones
    that end as a sentence does or hold columns have no vote, most of those about as wide must agree, and some must go on with a small letter,
    as only text does; amid some of the narrow ones a sentence must end.
    """
    return _narrow(lines, text) or _usual(lines) or _wide(lines, text)


def _usual(lines: list[_Line]) -> int:
    """The width between `MIN_WRAP` and `MAX_WRAP` at which the lines were wrapped, or 0."""
    return _agreed(_pairs(lines, NEAR_WIDEST * MIN_WRAP, MAX_WRAP), lines, MIN_WRAP, MAX_WRAP)


def _wide(lines: list[_Line], text: str) -> int:
    """The width beyond `MAX_WRAP` at which the lines of `text` were wrapped, or 0."""
    width, near, full = _filled(lines, text, MAX_WRAP + 1, WIDEST)
    # Or of a script without capitals.
    small = sum(text[after.start].isalpha() and text[after.start] == text[after.start].lower() for _, after in full)
    return width if len(full) >= max(LEAST_FULL, FULL * near) and small >= SMALL * len(full) else 0


def _narrow(lines: list[_Line], text: str) -> int:
    """The width below `MIN_WRAP` at which the lines of `text` were wrapped, or 0."""
    width, near, full = _filled(lines, text, NARROWEST, MIN_WRAP - 1)
    if len(full) < max(LEAST_FULL_NARROW, FULL_NARROW * near):
        return 0
    small = sum(text[after.start].islower() for _, after in full)
    return width if small >= SMALL * len(full) and any(_SENTENCE.search(text, line.start, line.end) for line, _ in full) else 0


def _filled(lines: list[_Line], text: str, narrowest: int, widest: int) -> tuple[int, int, list[tuple[_Line, _Line]]]:
    """The width between these that lines of `text` vote for, or 0, how many pairs of them are about as wide, and those of these whose second one did not fit."""
    pairs = [pair for pair in _pairs(lines, narrowest, widest) if not pair[0].solid and not _has_columns(pair[0], text)]
    width = _agreed([pair for pair in pairs if text[pair[0].end - 1] not in _CLOSING], lines, narrowest, widest)
    near = [pair for pair in pairs if pair[0].width >= NEAR_WIDEST * width]
    return width, len(near), [pair for pair in near if _is_full(*pair, width)]


def _has_columns(line: _Line, text: str) -> bool:
    return any(text.find(gap, line.start, line.end) >= 0 for gap in ("  ", "\t", "|"))


def _agreed(pairs: list[tuple[_Line, _Line]], lines: list[_Line], narrowest: int, widest: int) -> int:
    """The width from `narrowest` to `widest` that most of `pairs` vote for, if there are enough of them and hardly any text of `lines` is wider; or 0."""
    if len(pairs) < MIN_WRAP_EVIDENCE:
        return 0
    votes = [0] * (widest + 2)
    for line, following in pairs:
        votes[line.width] += 1
        votes[min(line.width + following.first_word + 1, widest + 1)] -= 1
    votes = [*itertools.accumulate(votes)]
    most = max(votes[narrowest:])
    if most < MIN_WRAP_EVIDENCE:
        return 0
    width = votes.index(most, narrowest)
    last = width + len([*itertools.takewhile(most.__eq__, votes[width:])]) - 1  # all these widths explain the lines equally well
    breakable = [line for line in lines if not line.solid]
    prose = [line for line in breakable if not line.bullet]  # html2text leaves list items whole
    return width if any(_fits(some, last + 1) for some in (breakable, prose)) else 0


def _is_centred(last: _Line, line: _Line, width: int, text: str) -> bool:
    """Whether `line` stands in the middle, below one without columns."""
    return line.indent >= LEAST_MARGIN and abs(line.indent + line.width - width) <= CENTRED and not _has_columns(last, text)


def _is_full(line: _Line, following: _Line, width: int) -> bool:
    """Whether the first word of `following` had no place any more in `line`."""
    return line.width <= width + 1 and line.width + 1 + following.first_word > width


def _fits(lines: list[_Line], width: int) -> bool:
    """Whether hardly any text of these lines is wider than `width`."""
    return sum(line.width for line in lines if line.width > width) <= MAX_OVERLONG * sum(line.width for line in lines)


@dataclass(frozen=True, slots=True)
class _Make:
    """How a dump was made: the `width` it is hard-wrapped at (0: it is not), whether it is `markdown` or has its `links`, whether text is `torn` at links.

    `inner` says of a dump with a line for each text node that its indented lines go on with the node above, `ended` that tags end some of its lines.
    """

    width: int
    markdown: bool
    links: bool
    torn: bool
    inner: bool
    ended: bool

    @classmethod
    def of(cls, text: str, lines: list[_Line]) -> _Make:
        """That of the dump `text`, which has these lines."""
        torn = inner = False
        if len(lines) >= TORN_LINES and sum(line.blank_before > 0 for line in lines) <= FLUSH * len(lines):
            inner = _are_inner([line for line in lines if line.indent], text)
            flush = sum(line.blank_before or (line.indent > 0 and not inner) for line in lines) <= FLUSH * len(lines)
            torn = flush and _are_torn(lines, text)
        width, markdown = wrap_width(lines, text), _is_markdown(text, lines)
        inner = torn and inner
        torn = torn or (not width and not markdown and _are_torn_between_blanks(lines, text))
        ended = sum(_is_ended(line, text) for line in lines) if has_tags(text) else 0
        return cls(width, markdown, "](" in text, torn, inner, 0 < ended < MOST_ENDED * len(lines))


def is_markdown(text: str) -> bool:
    """Whether a dump is Markdown itself: by its links, or, where it has few, by headings and another of its marks. There need be no blank lines in it."""
    return ("](" in text and len(_LINK.findall(text)) >= MARKDOWN_LINKS) or has_headings(text)


def has_headings(text: str) -> bool:
    """Whether a text has headings as Markdown writes them, several or one and another of its marks. Comments in code look like those of level 1."""
    headings = _HEADING.findall(text) if "#" in text else []
    surely = any(level != "#" for level in headings) or _HEADING.match(text.lstrip()) is not None
    return surely and len(headings) + any(mark.search(text) is not None for mark in _MARKS) > 1


def _is_markdown(text: str, lines: list[_Line]) -> bool:
    """Whether a dump is Markdown whose paragraphs blank lines part."""
    apart = sum(bool(line.blank_before or line.bullet) for line in lines)
    parted = sum(line.blank_before > 0 for line in lines if not line.bullet)
    enough = apart >= MARKDOWN_BLANK * len(lines) and not 0 < parted < MARKDOWN_PARTED * sum(not line.bullet for line in lines)
    return text.count("](") >= MARKDOWN_LINKS and enough


def _are_torn(lines: list[_Line], text: str) -> bool:
    """Whether so many of a dump's lines begin as no sentence does that its sentences must be torn."""
    torn = [line for last, line in itertools.pairwise(lines) if _goes_on(last, line, text)]
    if len(torn) <= MOST_LINES * len(lines):
        return len(torn) >= max(TORN_LEAST, TORN * len(lines))
    return sum(any(map(str.isupper, text[line.start : line.end])) for line in torn) >= CAPITALS * len(torn)


def _are_torn_between_blanks(lines: list[_Line], text: str) -> bool:
    """The same of a dump that has the HTML's own white space between its nodes, so that blank lines part what belongs together from the rest."""
    if sum(line.blank_before >= GAP for line in lines) < GAPS * len(lines):
        return False
    near = [pair for pair in itertools.pairwise(lines) if not pair[1].blank_before]
    torn = sum(_goes_on(*pair, text) for pair in near)
    return torn >= TORN_LEAST_BETWEEN and torn >= TORN_BETWEEN * len(near)


def _are_inner(indented: list[_Line], text: str) -> bool:
    """Whether these, the indented lines of a dump, are the further lines of its text nodes."""
    bullets = sum(bool(line.bullet) for line in indented)
    return bullets <= INNER_BULLETS * len(indented) and sum(_begins_nothing(line, text) for line in indented) >= INNER * len(indented) > 0


def _begins_nothing(line: _Line, text: str) -> bool:
    """Whether the line begins as no sentence does: with a small letter or with a mark that ends something."""
    first = text[line.start]
    return first.islower() or first in ENDING


def _goes_on(last: _Line, line: _Line, text: str) -> bool:
    """Whether the line goes on with a sentence that `last` has begun. After its end a small letter begins something else ("reply", a name)."""
    return _begins_nothing(line, text) and (text[line.start] in ENDING or text[last.end - 1] not in ".!?…")


def _is_torn_out(last: _Line, line: _Line, following: _Line | None, text: str) -> bool:
    """Whether the line is a link's text amid a sentence: what follows goes on with it, and `last` ends as no sentence and no heading does."""
    if following is None or following.blank_before or not _goes_on(line, following, text):
        return False
    words = text.count(" ", line.start, line.end)
    if words >= LINK_WORDS:
        return False
    end = text[last.end - 1]
    if end in ",;:(":
        return True
    name = text[text.rfind(" ", last.start, last.end) + 1].isupper() and words >= LINK_WORDS_BEHIND_NAME
    return end.islower() and text.count(" ", last.start, last.end) >= TORN_WORDS and not name


def _flows(last: _Line, line: _Line, text: str) -> bool:
    """Whether two lines of Markdown with no blank one between are of one paragraph."""
    if any(sign.match(text, last.start, last.end) for sign in (_BLOCK, _RULE)) or _BLOCK.match(text, line.start, line.end):
        return False
    return not text.startswith("  ", last.end) and text[last.end - 1] != "\\"  # a break that is meant


def _continues(last: _Line, line: _Line, item: int, make: _Make, text: str) -> bool:
    """Whether `line`, right below it, goes on with the segment that `last` ends. `item` is the text column of its list item, or 0."""
    width = make.width
    if _RULE.match(text, line.start, line.end):
        return not last.bullet and not _RULE.match(text, last.start, last.end) and line.indent == last.indent
    if line.bullet and not (width and not last.bullet and line.bullet[0] in "–—-" and line.indent == last.indent):
        return False
    if (
        (item and line.indent >= item)
        or (make.inner and line.indent)
        or (make.markdown and _flows(last, line, text))
        or (make.torn and _goes_on(last, line, text))
        or (
            make.links and text.rfind("](", last.start, last.end) > text.rfind(")", last.start, last.end)
        )  # an address broken behind a hyphen
    ):
        return True
    if not width or (line.indent > max(last.indent, item) + 1 and not _is_centred(last, line, width, text)):
        return False
    return _is_full(last, line, width)


def _cut(text: str, first: _Line, last: _Line, size: int, segments: Segments) -> None:
    """Append the segment from line `first` to line `last`; several if it is a page's text collapsed into one line."""
    length = last.end - first.start
    if length < COLLAPSED_LINE or (length < ENDLESS_LINE and length < 0.8 * size):
        segments.append(text[first.start : last.end], first.start, last.end, first.indent, first.bullet, first.blank_before, False)
        return
    start, inline = first.start, False
    for end in [*_cuts(text, first.start, last.end), last.end]:
        piece = text[start:end]
        stripped = piece.strip(BLANK)
        if stripped:
            begin = start + len(piece) - len(piece.lstrip(BLANK))
            bullet = _bullet(stripped, 0)
            blank = 0 if inline else first.blank_before
            segments.append(stripped, begin, begin + len(stripped), first.indent, bullet, blank, inline)
            inline = True
        start = end


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Places within `text[start:end]` where a collapsed page is cut: after sentences and separators."""
    ends = {match.end() for match in _SENTENCE.finditer(text, start, end)}
    ends.update(match.end() for match in _SEPARATOR.finditer(text, start, end))
    return sorted(place for place in ends if start < place < end)
