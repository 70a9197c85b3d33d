"""Step 1 of a page's way, where the page is HTML: markup → `Page` (the text as a browser lays it out) → `Segment`s.

What follows sees the same kind of segments as of a text dump; each has a `Markup` beside it that tells where it stood. The
text is made anew: one line for each block of the page, a blank line around paragraphs and headings, as a browser's
`innerText` has it. Pages are decoded and parsed one by one, then read some at a time: `tree` (the parsed pages in columns), `flow` (their
lines), `titles` (which of them are the page's title), `markup` (where they stand). `noscript` counts where a page shows next to nothing without it, the article's text in its
JSON-LD or its framework's state where there is no other, and what is declared hidden where that is most of the page (chapters
behind a click).
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import numpy as np

from pagesieve.encodings import characters, writable
from pagesieve.flow import CELLS, HIDING, lay_out, shown
from pagesieve.markup import markup_of
from pagesieve.page import Markup, Page, Segment, Segments, grouped
from pagesieve.titles import titled
from pagesieve.tree import read_tree
from pagesieve.words import count_words

__all__ = [
    "Cell",
    "HtmlPage",
    "Item",
    "Metadata",
    "Part",
    "Quotation",
    "annotated",
    "decode_html",
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
MAX_DEPTH = 500  # elements within each other; browsers stop there too
MAX_FORMATS = 20  # unclosed `<b>` and the like, of each name
MANY_TAGS = 5_000  # a page with fewer cannot be deep enough to be slow
MANY_UNCLOSED = 1_000  # nor one whose opening tags are not so many more than its closing ones
MANY_OPTIONS = 2_000
MANY_ATTRIBUTES = 2_000
MAX_SPAN = 100  # columns and rows that a cell takes; more are no table that anybody reads
LONG_TAG = 20_000  # characters; a tag with fewer cannot have so many attributes as to be slow
AUTHOR = ("author", "article:author", "dc.creator", "parsely-author", "byl")  # names of `meta`; some give the address of a profile
ARTICLES = ("Article", "Posting", "Report")  # how the types of schema.org that are articles end
MAX_NAMES, MAX_NESTED = 20, 20  # names in a list that are told, and lists and objects within each other that a name is looked for in
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
_TAG_OR_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(/?)([a-z][^\s/<>]*)[^<>]*>", re.IGNORECASE | re.DOTALL)
_RAW_END = {  # of elements whose content is no markup, if they are no part of a drawing
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp")
}
_OPTION = re.compile(r"</?opt(?:ion|group)\b[^<>]*>", re.IGNORECASE)
_WITH_ATTRIBUTES = re.compile(r"""<([a-zA-Z][a-zA-Z0-9]*)(?=[\s/])[^"'<>]*(?:(?:"[^"]*"|'[^']*')[^"'<>]*)*>""")
_ATTRIBUTE = re.compile(r"""[^\s"'>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?""")
_UNCLOSED = frozenset("area base br col embed hr img input link meta param source track wbr a p li dd dt option tr td th".split())
_BREAKING = frozenset(  # what ends a drawing, as the HTML standard has it ("in foreign content")
    "b big blockquote body br center code dd div dl dt em embed font h1 h2 h3 h4 h5 h6 head hr i img li menu meta nobr ol p pre ruby s small "
    "span strike strong sub sup table tt u ul var".split()
)
_FORMATS = frozenset("b big code em font i nobr s small strike strong tt u".split())  # left open, they go on in all blocks that follow
_WALLS = frozenset("applet marquee object table template".split())  # what is open outside of these is not closed within


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the page states of itself in its own tags; "" for what it does not state. Nothing is guessed.

    `base` is what the page's addresses are relative to, where it is not its own address (`<base href>`).
    """

    title: str = ""
    url: str = ""
    language: str = ""
    date: str = ""
    author: str = ""
    base: str = ""


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
    one of them a block's: text, Markdown above all, may begin with a link or an emphasis in tags.
    """
    start = _after(_PREAMBLE, text, 0)
    start = _after(_PREAMBLE, text, _after(_JUNK, text, start))
    if _DOCUMENT.match(text, start):
        return True
    sample = text[start : start + HTML_SAMPLE]
    if not _TAG.match(sample):
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


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A parsed page: its tree without what is `DROPPED`, written out once more, and what the page states of itself."""

    written: str
    stated: list[Mapping[str, Any]]
    metadata: Metadata

    @classmethod
    def of(cls, html: str) -> _Parsed:
        tree = _parse(html)
        if tree.root is None:
            return cls("", [], Metadata())
        stated: list[Mapping[str, Any]] = []
        tags: dict[str, list[str]] = {}
        dropped = tree.css(", ".join(DROPPED))  # one walk through the page for all
        for node in dropped:
            if node.tag == "meta":
                name, content = _told(node.attributes)
                if name and content:
                    tags.setdefault(name, []).append(content)
            elif node.tag == "script" and _is_json_ld(node.attributes.get("type") or ""):
                stated += _json_ld(node.text() or "")
        metadata = _metadata(tree, tags, stated)
        for node in reversed(dropped):  # what stands in another one first
            node.decompose()
        return cls(tree.root.html, stated, metadata)


def _page(html: str, name: str, parsed: _Parsed, laid: _Laid) -> HtmlPage:
    """The page that was laid out so; what it does not show is looked for where that is next to nothing."""
    notes: tuple[str, ...] = ()
    if laid.hidden_words > max(laid.words, BARE):  # chapters behind a click
        (laid,), notes = _lay_out([parsed], hidden=True), ("text from hidden elements",)
    words = laid.words
    if words < BARE and parsed.written:
        (again,) = _lay_out([parsed], noscript=True)
        if again.words >= MORE * max(words, BARE // MORE):
            laid, words, notes = again, again.words, ("text from noscript",)
        for origin, texts in (("JSON-LD", _article_bodies(parsed.stated)), ("framework state", _state_texts(_parse(html)))):
            article = max(texts, key=len, default="")
            if count_words(article) >= MORE * max(words, BARE // MORE):
                laid = laid.with_article(article)
                notes = (*notes, f"body from {origin}")
                break
    return HtmlPage(Page(laid.text, name, "html"), laid.segments, parsed.metadata, notes, html)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A page laid out: its text and segments, how many words are shown, and how many the page itself declares hidden."""

    text: str
    segments: Segments
    words: int
    hidden_words: int

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
    found = []
    for page, (markup, own) in enumerate(zip(markup_of(tree, seen, lines, shares), owns, strict=True)):
        tidy = bool(lines.tidy[page])
        segments = Segments(texts[page], starts[own], ends[own], blank_before=blanks[own], markup=markup, tidy=tidy)
        found.append(_Laid(lines.texts[page], segments, int(lines.words[page]), int(lines.hidden_words[page])))
    return found


def annotated(html: str, labels: Mapping[int, tuple[str, str]], style: str = "", ids: Mapping[int, str] = NO_IDS) -> str:
    """The page itself with its elements marked: `labels` gives (label, role) by the number of the element, as `Markup.element` counts.

    `style` is a style sheet to add, `ids` gives elements, by number, an id in place of their own. A page without any element stays as it is.
    """
    tree = _parse(html)
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
    tree = _parse(html)
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
    tree = _parse(html)
    for node in tree.css(ACTIVE):
        node.decompose()
    return _document(tree)


def _document(tree: Any) -> str:
    """The page written out with a doctype, its own where it has one: without any, browsers lay pages out by other rules."""
    before = tree.root.prev if tree.root is not None else None
    while before is not None and before.tag != "-doctype":
        before = before.prev
    return ("" if before is not None else "<!doctype html>\n") + str(tree.html or "")


def _parse(html: str) -> Any:
    from selectolax.lexbor import LexborHTMLParser  # only now: text dumps need no parser

    data = html.encode("utf-8", "replace")
    tags = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("<")))
    many = tags >= MANY_TAGS or tags - 2 * data.count(b"</") >= MANY_UNCLOSED
    long = _has_long_tag(html)
    if many or long:
        data = _tame(html, many, long).encode("utf-8", "replace")
    return LexborHTMLParser(data.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in data else data)


def _tame(html: str, many: bool, long: bool) -> str:
    """`html` without what the parser's time grows with the square of: attributes of a `long` tag; of `many` tags, options of one `select` and depth."""
    if long:
        html = _WITH_ATTRIBUTES.sub(_with_few, html)
    if not many:
        return html
    if html.count("<option") + html.count("<OPTION") > MANY_OPTIONS:
        html = _OPTION.sub(" ", html)  # not shown anyway
    return _shallow(html)


def _with_few(tag: re.Match[str]) -> str:
    """The tag, without its attributes where they are many."""
    many = len(tag[0]) > LONG_TAG and sum(1 for _ in _ATTRIBUTE.finditer(tag[0], tag.end(1) - tag.start())) > MANY_ATTRIBUTES
    return f"<{tag[1]}>" if many else tag[0]


def _has_long_tag(html: str) -> bool:
    """Whether a tag may have `LONG_TAG` characters: then the first stretch half as long within it holds no "<", nor do the rest."""
    half = LONG_TAG // 2
    for start in range(0, len(html) - half, half):
        if html.find("<", start, start + half) < 0:
            opened = html.rfind("<", max(start - half - 1, 0), start)
            if opened >= 0 and html.find(">", opened, opened + LONG_TAG) < 0:
                return True
    return False


def _shallow(html: str) -> str:
    """`html` without the tags of elements that open deeper than `MAX_DEPTH`, nor of more than `MAX_FORMATS` unclosed ones that each block opens anew.

    As in a parser a closing tag closes what its element holds, too, and nothing where no such element is open. What such elements hold stays.
    """
    opened, endless = _Opened(), set[str]()
    position = place = 0
    out: list[str] = []
    while tag := _TAG_OR_COMMENT.search(html, place):
        place = tag.end()
        closing, kind = tag[1], (tag[2] or "").lower()
        if kind in _BREAKING and not closing and opened.drawing:
            opened.closes(opened.drawing)
        if kind in _RAW_END and not closing and not opened.drawing and kind not in endless:
            if end := _RAW_END[kind].search(html, place):
                place = end.start()  # and stays, however deep
                continue
            endless.add(kind)
        if kind and kind not in _UNCLOSED and (opened.closes(kind) if closing else opened.opens(kind)):
            out.append(html[position : tag.start()])
            position = tag.end()
    return "".join([*out, html[position:]]) if out else html


class _Opened:
    """The elements that are open at a place of a page, as far as their depth is concerned. `opens` and `closes` take a tag and say whether it is to be left out."""

    def __init__(self) -> None:
        self.depth = 0
        # By the walls that are open: what is open within, and how often.
        self.levels: list[tuple[str, list[str], Counter[str]]] = [("", [], Counter())]
        self.walls: Counter[str] = Counter()
        self.formats: Counter[str] = Counter()

    @property
    def drawing(self) -> str:
        """The drawing or formula whose elements stand there, "" for none."""
        count = self.levels[-1][2]
        return next((name for name in ("svg", "math") if count[name]), "")

    def opens(self, kind: str) -> bool:
        if kind in _FORMATS:
            self.formats[kind] += 1
            return self.formats[kind] > MAX_FORMATS
        self.depth += 1
        if kind in _WALLS:
            self.levels.append((kind, [], Counter()))
            self.walls[kind] += 1
        else:
            _, within, count = self.levels[-1]
            within.append(kind)
            count[kind] += 1
        return self.depth > MAX_DEPTH

    def closes(self, kind: str) -> bool:
        if kind in _FORMATS:
            self.formats[kind] = max(self.formats[kind] - 1, 0)
            return self.formats[kind] >= MAX_FORMATS
        if kind in _WALLS and self.walls[kind]:
            self._close_walls(kind)
        elif self.levels[-1][2][kind]:
            self._close(kind)
        else:
            return False
        return self.depth >= MAX_DEPTH

    def _close_walls(self, kind: str) -> None:
        wall = ""
        while wall != kind:
            wall, within, _ = self.levels.pop()
            self.walls[wall] -= 1
            self.depth -= 1 + len(within)

    def _close(self, kind: str) -> None:
        _, within, count = self.levels[-1]
        last = ""
        while last != kind:
            last = within.pop()
            count[last] -= 1
            self.depth -= 1


# ------------------------------------------------------------------------------------------------------ metadata


def _is_json_ld(type_of_script: str) -> bool:
    return type_of_script.partition(";")[0].strip().lower() == "application/ld+json"


def _json_ld(text: str) -> Iterator[Mapping[str, Any]]:
    """Every object of a block of JSON-LD, as they stand in it; none of a broken one."""
    try:
        pending: list[Any] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(reversed(item))
        elif isinstance(item, dict):
            yield item
            pending.extend(value for key, value in reversed(item.items()) if key in ("@graph", "mainEntity", "mainEntityOfPage"))


def _is_article(item: Mapping[str, Any]) -> bool:
    kinds = item.get("@type")
    return any(isinstance(kind, str) and kind.endswith(ARTICLES) for kind in (kinds if isinstance(kinds, list) else [kinds]))


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


def _told(attributes: Mapping[str, str | None]) -> tuple[str, str]:
    """Name and content of a `meta` element, "" for what is not there."""
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
    return name.lower(), " ".join((attributes.get("content") or "").split())


def _metadata(tree: Any, tags: Mapping[str, Sequence[str]], stated: Iterable[Mapping[str, Any]]) -> Metadata:
    """The page's own tags first (`tags`: names of its `meta`, and what those of a name hold), then its JSON-LD."""
    articles = [item for item in stated if {"headline", "datePublished", "author", "articleBody"} & item.keys()]
    articles.sort(key=lambda item: (not _is_article(item), "headline" not in item))  # before its pictures and videos
    title, canonical, root = _title(tree), tree.css_first('link[rel="canonical"]'), tree.css_first("html")
    base = tree.css_first("base[href]")

    def first(*names: str) -> str:
        return next((tags[name][0] for name in names if name in tags), "")

    def ld(key: str) -> str:
        return next((found for item in articles if (found := _named(item.get(key)))), "")

    authors = itertools.chain((tags.get(name, ()) for name in AUTHOR), ([_named(item.get("author"))] for item in articles))
    return Metadata(
        title=first("og:title", "twitter:title") or ld("headline") or (" ".join(title.text().split()) if title else ""),
        url=((canonical.attributes.get("href") or "").strip() if canonical else "") or first("og:url"),
        language=((root.attributes.get("lang") or root.attributes.get("xml:lang") or "").strip() if root else "")
        or first("content-language", "og:locale"),
        date=first("article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "pubdate", "parsely-pub-date")
        or ld("datePublished"),
        author=next(filter(None, map(_people, authors)), ""),
        base=(base.attributes["href"] or "").strip() if base else "",
    )


def _title(tree: Any) -> Any:
    """The page's `title` element, not that of a drawing in it; None where there is none."""
    first = tree.css_first("title")
    return next((node for node in tree.css("title") if not _is_drawn(node)), None) if first is not None and _is_drawn(first) else first


def _is_drawn(node: Any) -> bool:
    while node is not None and node.tag != "svg":
        node = node.parent
    return node is not None


def _people(names: Iterable[str]) -> str:
    """Names joined by a comma, each once; without addresses, which some houses give in their place."""
    told = dict.fromkeys(name for name in names if name and not name.startswith(("http:", "https:")))
    return ", ".join(list(told)[:MAX_NAMES])


def _named(value: Any, within: int = 0) -> str:
    """A JSON-LD value, which stands `within` so many others, as text: names of persons joined by a comma."""
    if isinstance(value, str):
        return writable(" ".join(unescape(value).split()))  # some houses write what would be HTML
    if isinstance(value, dict) and within < MAX_NESTED:
        return _named(value.get("name"), within + 1)
    if isinstance(value, list) and within < MAX_NESTED:
        return _people(_named(item, within + 1) for item in value[:MAX_NAMES])
    return ""
