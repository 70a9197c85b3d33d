"""Step 1 of a page's way, where the page is HTML: markup → `Page` (the text as a browser lays it out) → `Segment`s.

What follows sees the same kind of segments as of a text dump; each has a `Markup` beside it that tells where it stood. The
text is made anew: one line for each block of the page, a blank line around paragraphs and headings, as a browser's
`innerText` has it. Pages are decoded and parsed (`parse`, `stated`) one by one, then read some at a time: `tree` (the parsed pages in columns), `flow`
(their lines), `titles` (which of them are the page's title), `markup` (where they stand). `noscript` counts where a page shows next to nothing without it, the article's text in its
JSON-LD or its framework's state where there is no other, what is declared hidden where it is paragraphs of the article (chapters
behind a click, text behind a paywall) or most of the page.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pagesieve.encodings import characters, writable
from pagesieve.flow import CELLS, HIDING, lay_out, shown
from pagesieve.markup import markup_of
from pagesieve.page import Markup, Page, Segment, Segments, grouped, has_headings, split
from pagesieve.parse import parse
from pagesieve.stated import Metadata, read_stated
from pagesieve.titles import titled
from pagesieve.tree import read_tree
from pagesieve.words import count_words

__all__ = [
    "Cell",
    "HtmlPage",
    "Item",
    "Part",
    "Quotation",
    "annotated",
    "decode_html",
    "dump_in",
    "inert",
    "labels_of_elements",
    "looks_like_html",
    "parts_of_page",
    "read_html",
    "read_pages",
]

TOGETHER = 2_000_000  # characters of pages read at once; more do not stay in the cache
UNSHOWN = Markup("json-ld", ("<json-ld",), (), -1, (), (0,), "json-ld.None", 0)  # of text that the page does not show

NO_IDS: Mapping[int, str] = {}
# Elements that are never shown, much of a page, and not counted: they are left out before anything is read, with what they hold.
DROPPED = ("head", "script", "style", "meta", "template", "svg", "math", "select", "iframe", "noembed", "noframes")
ACTIVE = "script, link, meta, base, iframe, frame, frameset, object, embed, applet, audio, video, portal, fencedframe"  # see `inert`
MAX_SPAN = 100  # columns and rows that a cell takes; more are no table that anybody reads
BARE = 40  # words; a page that shows fewer shows nothing
STATE_WORD = 40  # characters; a text of a page's state that has no second word before is code or data
MORE = 3  # times as many words must lie in `noscript` or JSON-LD for a bare page to have its text from there
HTML_TAGS = 8  # known tags in the first `HTML_SAMPLE` characters from which a page that begins with one is HTML, whatever they are
HTML_SAMPLE = 20_000
TAG_EVERY = 1_000  # characters; fewer tags than that are what a renderer left of `noscript`: a pixel, a frame

_BLOCKS = (
    "title|meta|link|script|style|noscript|base|template|div|p|h[1-6]|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|td|th|caption|"
    "section|article|main|header|footer|nav|aside|figure|figcaption|blockquote|pre|form|fieldset|address|hr|center|details|iframe"
)
_INLINES = "a|abbr|b|bdi|big|br|button|cite|code|del|em|font|i|img|input|ins|kbd|label|mark|picture|q|s|small|span|strike|strong|sub|sup|time|tt|u|video|wbr"
_TAG = re.compile(rf"</?(?:(?P<block>{_BLOCKS})|{_INLINES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_DOCUMENT = re.compile(r"<(?:!doctype\s*html|html|head|body)(?=[\s/>])", re.IGNORECASE)
# What says nothing yet: white space, comments, instructions, scripts.
_PREAMBLE = re.compile(
    r"(?:[\s\ufeff]+|<!--.*?-->|<\?xml[^<>]*>|<\?.*?\?>|<script\b[^<>]*>.*?</script\s*>|<style\b[^<>]*>.*?</style\s*>)*",
    re.IGNORECASE | re.DOTALL,
)
_JUNK = re.compile(r"[^\s<]{1,20}\s*(?=<(?:!doctype\s*html|html)(?:\s[^<>]*)?>\s*<)", re.IGNORECASE)  # a word that fell before a whole page


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """An HTML page taken apart: its flattened `page`, the segments of it, its `metadata`.

    `notes` tells where text that the page does not show was taken from ("body from JSON-LD"); () for most pages. `source` is
    the HTML it was made of.
    """

    page: Page
    segments: Segments
    metadata: Metadata
    notes: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A list's item, its `number` None where the list is not numbered."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: the number of the table's element, row and column from 0, what other cells span counted."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Quotation:
    """A `blockquote`."""


Part = Item | Cell | Quotation


def looks_like_html(text: str) -> bool:
    """Whether `text` is HTML and no text dump: a dump may quote markup, HTML begins with it and goes on with it.

    A whole page is told by its doctype, `<html>`, `<head>` or `<body>`; a piece of one by a known tag at its beginning and further ones,
    one of them a block's: text, Markdown above all, may begin with a link or an emphasis in tags, and Markdown with whole blocks.
    """
    start = _after(_PREAMBLE, text, 0)
    start = _after(_PREAMBLE, text, _after(_JUNK, text, start))
    if _DOCUMENT.match(text, start):
        return True
    sample = text[start : start + HTML_SAMPLE]
    if not _TAG.match(sample) or has_headings(sample):
        return False
    tags = list(itertools.islice(_TAG.finditer(sample), HTML_TAGS))
    return len(tags) == HTML_TAGS or (len(tags) > 1 and len(sample) <= len(tags) * TAG_EVERY and any(tag["block"] for tag in tags))


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where what matches at `start` ends; `start` where nothing does."""
    found = pattern.match(text, start)
    return found.end() if found else start


def decode_html(data: bytes, encoding: str = "") -> str:
    """The text of an HTML page's bytes; never an exception, bytes that cannot be read become U+FFFD.

    As browsers do: by the byte order mark, by `encoding` (what the server said), by the page's own `meta`; then as UTF-8 if
    it is that, else by what the bytes look like.
    """
    from w3lib.encoding import html_body_declared_encoding

    declared = html_body_declared_encoding(data) or ""
    return characters(data, encoding, "" if declared.startswith(("utf-16", "utf-32")) else declared)  # whose tags could not be read


def read_html(html: str, name: str = "page") -> HtmlPage:
    """The segments of an HTML page and what it says of itself; no segments for a page that shows nothing."""
    return read_pages([(html, name)])[0]


def read_pages(sources: Sequence[tuple[str, str]]) -> list[HtmlPage]:
    """`read_html` for each of these pages (HTML, name): the same, and quicker for some at once."""
    found: list[HtmlPage] = []
    for group in grouped(sources, (len(html) for html, _ in sources), TOGETHER):
        parsed = [_Parsed.of(html) for html, _ in group]
        found += [_page(*source, page, laid) for source, page, laid in zip(group, parsed, _lay_out(parsed), strict=True)]
    return found


def dump_in(read: HtmlPage) -> HtmlPage:
    """The page, or, where it shows nothing but one `pre` of several lines, as browsers save a text file, the text dump in it."""
    only = read.segments[0] if len(read.segments) == 1 else None
    if only is None or only.markup is None or "\n" not in only.text or "pre" not in only.markup.path.split("/"):
        return read
    text = read.page.text
    return HtmlPage(Page(text, read.page.name), split(text), read.metadata, (*read.notes, "a text dump in HTML"))


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A parsed page: its tree without what is `DROPPED`, written out once more, and what the page states of itself."""

    written: str
    stated: list[Mapping[str, Any]]
    metadata: Metadata

    @classmethod
    def of(cls, html: str) -> _Parsed:
        tree = parse(html)
        if tree.root is None:
            return cls("", [], Metadata())
        dropped = tree.css(", ".join(DROPPED))  # one walk through the page for all
        metadata, stated = read_stated(tree, dropped)
        for node in reversed(dropped):  # what stands in another one first
            node.decompose()
        return cls(tree.root.html, stated, metadata)


def _page(html: str, name: str, parsed: _Parsed, laid: _Laid) -> HtmlPage:
    """The page that was laid out so; what it does not show is looked for where that is next to nothing."""
    if laid.hidden_words > max(laid.words, BARE):  # chapters behind a click
        (laid,) = _lay_out([parsed], hidden=True)
    notes = laid.notes
    words = laid.words
    if words < BARE and parsed.written:
        (again,) = _lay_out([parsed], noscript=True)
        if again.words >= MORE * max(words, BARE // MORE):
            laid, words, notes = again, again.words, (*again.notes, "text from noscript")
        for origin, texts in (("JSON-LD", _article_bodies(parsed.stated)), ("framework state", _state_texts(parse(html)))):
            article = max(texts, key=len, default="")
            if count_words(article) >= MORE * max(words, BARE // MORE):
                laid = laid.with_article(article)
                notes = (*notes, f"body from {origin}")
                break
    return HtmlPage(Page(laid.text, name, "html"), laid.segments, parsed.metadata, notes, html)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A page laid out: its text and segments, how many words are shown, how many the page itself declares hidden, and whether some such are shown (`opened`)."""

    text: str
    segments: Segments
    words: int
    hidden_words: int
    opened: bool

    @property
    def notes(self) -> tuple[str, ...]:
        return ("text from hidden elements",) if self.opened else ()

    def with_article(self, article: str) -> _Laid:
        """The page with an article's text that it does not show at its end."""
        text, segments = self.text, list(self.segments)
        for paragraph in filter(None, re.split(r"\s*\n\s*", article.strip())):
            lead = "\n" if text else ""
            content = " ".join(paragraph.split())
            start = len(text) + len(lead)
            segments.append(Segment(content, start, start + len(content), blank_before=1, markup=UNSHOWN))
            text += f"{lead}{content}\n"
        return replace(self, text=text, segments=Segments.of(segments))


def _lay_out(pages: Sequence[_Parsed], hidden: bool = False, noscript: bool = False) -> list[_Laid]:
    """These pages laid out; with `hidden` also what they declare hidden, with `noscript` what they show without scripts."""
    tree = read_tree([page.written for page in pages])
    seen = shown(tree, hidden, noscript)
    lines = lay_out(tree, seen)
    bounds, starts, ends, blanks = (of.tolist() for of in (lines.bounds, lines.start, lines.end, lines.blank.astype(int)))
    owns = [slice(*of) for of in itertools.pairwise(bounds)]
    texts = [[text[a:b] for a, b in zip(starts[own], ends[own], strict=True)] for text, own in zip(lines.texts, owns, strict=True)]
    shares = [titled(own, page.metadata.title) for own, page in zip(texts, pages, strict=True)]
    opened = {*tree.page[tree.piece[seen.opened]].tolist()}
    found = []
    for page, (markup, own) in enumerate(zip(markup_of(tree, seen, lines, shares), owns, strict=True)):
        tidy = bool(lines.tidy[page])
        segments = Segments(texts[page], starts[own], ends[own], blank_before=blanks[own], markup=markup, tidy=tidy)
        found.append(_Laid(lines.texts[page], segments, int(lines.words[page]), int(lines.hidden_words[page]), hidden or page in opened))
    return found


def annotated(html: str, labels: Mapping[int, tuple[str, str]], style: str = "", ids: Mapping[int, str] = NO_IDS) -> str:
    """The page itself with its elements marked: `labels` gives (label, role) by the number of the element, as `Markup.element` counts.

    `style` is a style sheet to add, `ids` gives elements, by number, an id in place of their own. A page without any element stays as it is.
    """
    tree = parse(html)
    if tree.root is None:
        return html
    for number, node in enumerate(_elements(tree)):
        if number in labels:
            node.attrs["data-pagesieve"], node.attrs["data-pagesieve-role"] = labels[number]
        if number in ids:
            node.attrs["id"] = ids[number]
    head = tree.css_first("head")
    if head is not None:
        _say_utf8(tree, head)
        if style:
            sheet = tree.create_node("style")
            sheet.insert_child(style)
            head.insert_child(sheet)
    return _document(tree)


def _say_utf8(tree: Any, head: Any) -> None:
    """Let the page say that it is UTF-8, which it is when it is written out, whatever it was."""
    for node in tree.css("meta[charset], meta[http-equiv]"):
        if "charset" in node.attributes or (node.attributes["http-equiv"] or "").lower() == "content-type":
            node.decompose()
    charset = tree.create_node("meta")
    charset.attrs["charset"] = "utf-8"
    first = head.first_child
    if first is None:
        head.insert_child(charset)
    else:
        first.insert_before(charset)


def labels_of_elements(segments: Iterable[tuple[Markup | None, str, tuple[str, str]]]) -> dict[int, tuple[str, str]]:
    """What `annotated` is to mark: for each element the (label, role) that most of the characters in it have.

    `segments` gives markup, text and (label, role) of each; those without markup are passed over.
    """
    sizes: dict[int, Counter[tuple[str, str]]] = {}
    for markup, text, label in segments:
        if markup is not None:
            sizes.setdefault(markup.element, Counter())[label] += len(text)
    return {element: size.most_common(1)[0][0] for element, size in sizes.items()}


def parts_of_page(html: str) -> dict[int, Part]:
    """A page's list items, table cells and quotations by the number of the element, as `Markup.element` counts; {} where there are none."""
    found: dict[int, Part] = {}
    ranks: dict[int, tuple[int, int]] = {}  # by ordered list: the next item's, and how much further the one after it is
    grids: dict[int, _Grid] = {}  # by table, and by its sections and rows
    tree = parse(html)
    for number, node in enumerate(_elements(tree) if tree.root is not None else ()):
        tag, own, around = node.tag, node.mem_id, node.parent.mem_id if node.parent is not None else -1
        if tag == "ol":
            back = "reversed" in node.attributes
            items = sum(child.tag == "li" for child in node.iter()) if back else 1
            ranks[own] = _whole(node.attributes.get("start"), items), -1 if back else 1
        elif tag == "li" and around in ranks:
            rank, step = ranks[around]
            rank = _whole(node.attributes.get("value"), rank)
            found[number], ranks[around] = Item(rank), (rank + step, step)
        elif tag == "li":
            found[number] = Item()
        elif tag == "blockquote":
            found[number] = Quotation()
        elif tag == "table":
            grids[own] = _Grid(number)
        elif around in grids and tag in CELLS:
            if not _is_hidden(node):
                found[number] = grids[around].cell(*(_whole(node.attributes.get(name), 1) for name in ("colspan", "rowspan")))
        elif around in grids:
            grids[own] = grids[around]
            grids[own].begin(tag)
    return found


class _Grid:
    """Where the next cell of a table goes: cells may take several columns, and reach down into further rows of their section."""

    def __init__(self, table: int) -> None:
        self.table, self.row, self.column = table, -1, 0
        self.free: dict[int, int] = {}  # by column, the row from which on it is free again

    def begin(self, tag: str) -> None:
        """Go on to a row, or to a section."""
        if tag == "tr":
            self.row, self.column = self.row + 1, 0
        else:
            self.free.clear()

    def cell(self, wide: int, high: int) -> Cell:
        """Take the next free columns of the row."""
        while self.free.get(self.column, 0) > self.row:
            self.column += 1
        cell = Cell(self.table, self.row, self.column)
        wide, high = (min(max(span, 1), MAX_SPAN) for span in (wide, high))
        if high > 1:
            self.free.update(dict.fromkeys(range(self.column, self.column + wide), self.row + high))
        self.column += wide
        return cell


def _is_hidden(cell: Any) -> bool:
    """Whether the page itself declares the cell hidden: it takes no column then."""
    stated = cell.attributes
    return any(name in stated and HIDING[name](stated[name] or "") for name in ("hidden", "style"))


def _whole(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", value) else otherwise


def _elements(tree: Any) -> Iterator[Any]:
    """The elements in document order, without what is `DROPPED`."""
    dropped = {node.mem_id for node in tree.css(", ".join(f"{name}, {name} *" for name in DROPPED))}
    return (node for node in tree.root.traverse() if (node.tag or "-")[0] != "-" and node.mem_id not in dropped)


def inert(html: str) -> str:
    """The page without what runs, loads or leads elsewhere by itself: scripts, frames, style sheets of others, forwarding, hints to the network."""
    tree = parse(html)
    for node in tree.css(ACTIVE):
        node.decompose()
    return _document(tree)


def _document(tree: Any) -> str:
    """The page written out with a doctype, its own where it has one: without any, browsers lay pages out by other rules."""
    before = tree.root.prev if tree.root is not None else None
    while before is not None and before.tag != "-doctype":
        before = before.prev
    return ("" if before is not None else "<!doctype html>\n") + str(tree.html or "")


def _article_bodies(stated: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    return (_plain(item.get("articleBody")) for item in stated)


def _state_texts(tree: Any) -> Iterator[str]:
    """The long texts in the state that a framework leaves in the page as JSON (`script type="application/json"`)."""
    for node in tree.css('script[type="application/json"]'):
        try:
            pending: list[Any] = [json.loads(node.text() or "", strict=False)]
        except (ValueError, RecursionError):
            continue
        while pending:
            item = pending.pop()
            if isinstance(item, (dict, list)):
                pending.extend(item.values() if isinstance(item, dict) else item)
            elif isinstance(item, str) and len(item) > BARE and count_words(item[:STATE_WORD]) > 1 and count_words(item) > BARE:
                yield _plain(item)


def _plain(value: Any) -> str:
    """A JSON-LD text without the markup that some houses leave in it, and without halves of characters that it was cut between."""
    if not isinstance(value, str):
        return ""
    return _lay_out([_Parsed.of(value)])[0].text if _TAG.search(value) else writable(value)
