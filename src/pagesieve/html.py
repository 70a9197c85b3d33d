"""Step 1 of a page's way, where the page is HTML: markup → `Page` (the text as a browser lays it out) → `Segment`s.

What follows sees the same kind of segments as of a text dump; each has a `Markup` beside it that tells where it stood. The
text is made anew: one line for each block of the page, a blank line around paragraphs and headings, as a browser's
`innerText` has it. Nothing is rendered: style sheets are not read, so what only they hide is there.

1. A block element or a `br` ends a line; the cells of a table's row stay on one, parted by a tab (HTML Standard, "Rendering").
2. Scripts, styles, form fields and what the page itself declares hidden are left out. `noscript` counts where a page shows
   next to nothing without it, the article's text in its JSON-LD or its framework's state where there is no other, and what is declared hidden
   where that is most of the page (chapters behind a click).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

from pagesieve.page import LEVELS, Markup, MarkupColumns, Page, Segments, Tags

__all__ = ["BLOCKS", "HtmlPage", "Metadata", "annotated", "decode_html", "inert", "labels_of_elements", "looks_like_html", "read_html"]

BLOCKS = frozenset(  # what the HTML Standard's style sheet gives a line of its own
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre search section "
    "summary table caption colgroup col tbody tfoot thead tr ul xmp".split()
)
PARAGRAPHS = frozenset("blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre ul".split())  # blocks with a margin
KEPT = frozenset(("pre", "listing", "plaintext", "xmp"))
CELLS = frozenset(("td", "th"))
SPECIAL = BLOCKS | CELLS | {"a", "br", "img"}  # elements whose start alone changes something
UNSEEN = frozenset(
    "script style template head title meta link base svg math iframe frame object embed applet audio video canvas select datalist "
    "textarea input map noscript noframes noembed rp".split()
)
RAW = frozenset("script style xmp iframe noembed noframes plaintext".split())  # their text is written as it is
DRAWN, DRAWN_RAW = frozenset(("svg", "math")), frozenset(("script", "style"))  # there, other names of `RAW` mean nothing
VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())
MARGINS = {tag: 2 if tag in PARAGRAPHS else 1 for tag in BLOCKS}  # 1 a line of its own, 2 blank lines around it too
HEADINGS = {f"h{level}": level for level in range(1, 7)}
ABOVE_WORDS = 24  # terms, the nearest ones, that the elements above a segment add
PATH_LEVELS = 12  # steps of a segment's path
NO_IDS: Mapping[int, str] = {}
ACTIVE = "script, link, meta, base, iframe, frame, frameset, object, embed, applet, audio, video, portal, fencedframe"  # see `inert`
MAX_DEPTH = 500  # elements within each other; browsers stop there too
MANY_TAGS = 5_000  # a page with fewer cannot be deep enough to be slow
PICTURE_WORDS = 2  # words from which a picture's alternative text says something
MANY_OPTIONS = 2_000
MANY_ATTRIBUTES = 2_000
LONG_TAG = 20_000  # characters; a tag with fewer cannot have so many attributes as to be slow
BARE = 40  # words; a page that shows fewer shows nothing
STATE_WORD = 40  # characters; a text of a page's state that has no space before is code or data
MORE = 3  # times as many words must lie in `noscript` or JSON-LD for a bare page to have its text from there
HTML_TAGS = 8  # known tags in the first `HTML_SAMPLE` characters from which a page is HTML and no text dump
HTML_SAMPLE = 20_000

DETECTED = 20_000  # bytes by which an undeclared encoding is told
LEGACY = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "iso8859_2", "iso8859_5", "iso8859_7"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
]
_MARKUP = re.compile(rb"<(?:script|style)\b.*?</(?:script|style)\b[^<>]*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(?:!doctype html|html|head|body|div|p|span|a|li|ul|script|meta|table|h[1-6])\b[^<>]*>", re.IGNORECASE)
_DOCUMENT = re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype html|html\b)", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*?(/?)>")
_OPTION = re.compile(r"</?opt(?:ion|group)\b[^<>]*>", re.IGNORECASE)
_LONG_TAG = re.compile(rf"<([a-zA-Z][a-zA-Z0-9]*)\s[^<>]{{{LONG_TAG},}}>")
_UNCLOSED = frozenset("area base br col embed hr img input link meta param source track wbr p li dd dt option tr td th".split())
_NAME = re.compile(r"[A-Za-z]{2,}")  # numbers and single letters say nothing; "relatedPosts-item" → related, posts, item
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ATTRIBUTE = re.compile(r' (=?[^ =]*)="([^"]*)"')  # as they are written out
_SCRIPT = re.compile(r"/?script[\s/>]", re.IGNORECASE)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


Names = tuple[str | None, str | None, str | None]  # an element's class, id and itemprop
NO_NAMES: Names = (None, None, None)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the page states of itself in its own tags; "" for what it does not state. Nothing is guessed."""

    title: str = ""
    url: str = ""
    language: str = ""
    date: str = ""
    author: str = ""


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


def looks_like_html(text: str) -> bool:
    """Whether `text` is HTML and no text dump: a dump may quote markup, HTML begins with it and holds a lot of it."""
    sample = text[:HTML_SAMPLE].lstrip("\ufeff \t\r\n")
    if not sample.startswith("<"):
        return False
    if _DOCUMENT.match(sample):
        return True
    found = _TAG.finditer(sample)
    return sum(1 for _, _ in zip(range(HTML_TAGS), found, strict=False)) >= HTML_TAGS


def decode_html(data: bytes, encoding: str = "") -> str:
    """The text of an HTML page's bytes; never an exception, bytes that cannot be read become U+FFFD.

    As browsers do: by the byte order mark, by `encoding` (what the server said), by the page's own `meta`; then as UTF-8 if
    it is that, else by what the bytes look like.
    """
    from w3lib.encoding import html_to_unicode

    header = f"text/html; charset={encoding}" if encoding else None
    return str(html_to_unicode(header, data, default_encoding="utf-8", auto_detect_fun=_likely_encoding)[1])


def _likely_encoding(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 4:  # more than the end of a sample that cuts a character
            from charset_normalizer import from_bytes

            words = b" ".join(_MARKUP.sub(b" ", data).split())[:DETECTED]
            best = from_bytes(words, cp_isolation=LEGACY).best()
            return best.encoding if best is not None else "cp1252"
    return "utf-8"


def read_html(html: str, name: str = "page") -> HtmlPage:
    """The segments of an HTML page and what it says of itself; no segments for a page that shows nothing."""
    tree = _parse(html)
    if tree.root is None:
        return HtmlPage(Page("", name, "html"), Segments.of(()), Metadata(), source=html)
    stated = list(_json_ld(tree))
    walk = _Walk().run(tree)
    notes: tuple[str, ...] = ()
    if walk.hidden_words > max(walk.words, BARE):  # chapters behind a click
        walk, notes = _Walk(hidden=True).run(tree), ("text from hidden elements",)
    words = walk.words
    if words < BARE:
        again = _Walk(noscript=True).run(tree)
        if again.words >= MORE * max(words, BARE // MORE):
            walk, words, notes = again, again.words, ("text from noscript",)
        for origin, texts in (("JSON-LD", _article_bodies(stated)), ("framework state", _state_texts(tree))):
            article = max(texts, key=len, default="")
            if len(article.split()) >= MORE * max(words, BARE // MORE):
                walk.append(article)
                notes = (*notes, f"body from {origin}")
                break
    text, segments = walk.result()
    return HtmlPage(Page(text, name, "html"), segments, _metadata(tree, stated), notes, html)


def annotated(html: str, labels: Mapping[int, tuple[str, str]], style: str = "", ids: Mapping[int, str] = NO_IDS) -> str:
    """The page itself with its elements marked: `labels` gives number of element → (label, role), as `Markup.element` counts.

    `ids` gives elements an id in place of their own.
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
    if style and head is not None:
        sheet = tree.create_node("style")
        sheet.insert_child(style)
        head.insert_child(sheet)
    return "<!doctype html>\n" + str(tree.html or "")


def labels_of_elements(segments: Iterable[tuple[Markup | None, str, tuple[str, str]]]) -> dict[int, tuple[str, str]]:
    """What `annotated` marks: of segments (markup, text, (label, role)), for each element what most of its characters have."""
    sizes: dict[int, Counter[tuple[str, str]]] = {}
    for markup, text, label in segments:
        if markup is not None:
            sizes.setdefault(markup.element, Counter())[label] += len(text)
    return {element: size.most_common(1)[0][0] for element, size in sizes.items()}


def _elements(tree: Any) -> Iterator[Any]:
    """The elements in document order."""
    return (node for node in tree.root.traverse() if (node.tag or "-")[0] != "-")


def inert(html: str) -> str:
    """The page without what runs, loads or leads elsewhere by itself: scripts, frames, style sheets of others, forwarding, hints to the network."""
    tree = _parse(html)
    for node in tree.css(ACTIVE):
        node.decompose()
    return "<!doctype html>\n" + str(tree.html or "")


def _parse(html: str) -> Any:
    from selectolax.lexbor import LexborHTMLParser  # only now: text dumps need no parser

    html = html.replace("\x00", "\ufffd") if "\x00" in html else html
    return LexborHTMLParser(_tame(html).encode("utf-8", "replace"))


def _tame(html: str) -> str:
    """`html` without what the parser's time grows with the square of: depth, options of one `select`, attributes of one tag."""
    if _has_long_tag(html):
        html = _LONG_TAG.sub(lambda tag: f"<{tag[1]}>" if len(tag[0].split()) > MANY_ATTRIBUTES else tag[0], html)
    if html.count("<") < MANY_TAGS:
        return html
    if html.count("<option") + html.count("<OPTION") > MANY_OPTIONS:
        html = _OPTION.sub(" ", html)  # not shown anyway
    return _shallow(html)


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
    """`html` without tags that open deeper than `MAX_DEPTH`."""
    depth = position = 0
    out: list[str] = []
    for tag in _ANY_TAG.finditer(html):
        closing, kind, alone = tag.groups()
        if kind.lower() in _UNCLOSED or alone:
            continue
        if closing:
            depth = max(depth - 1, 0)
        else:
            depth += 1
            if depth > MAX_DEPTH:
                out.append(html[position : tag.start()])
                position = tag.end()
    return "".join([*out, html[position:]]) if out else html


# ------------------------------------------------------------------------------------------------------- walking

# The parser's tree is written out once more and read from there, several times as fast as asking the tree for its nodes one
# by one. What it writes has no faults: tags balance, and outside of comments and raw text "<" and ">" only stand around tags.


def _attribute(tag: str, name: str) -> str | None:
    """The value of an attribute of a written-out tag, "" if it has none; None where it is not there."""
    begin = " " + name + '="'
    at = tag.find(begin)
    if at < 0:
        return None
    if tag.count('"', 0, at) & 1:  # within another one's value, or a name holds a quotation mark
        return next((_read_text(value) for other, value in _ATTRIBUTE.findall(tag) if other == name), None)
    at += len(begin)
    value = tag[at : tag.index('"', at)]
    return _read_text(value) if "&" in value else value


def _read_text(text: str) -> str:
    """`text` without the references that a written-out tree has."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&nbsp;", "\xa0").replace("&amp;", "&")


@lru_cache(maxsize=1 << 14)
def _words(tag: str, names: Names) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The terms of an element's tag, classes and id: for a segment that is its own, for one within it."""
    text = _CAMEL.sub(" ", " ".join(filter(None, names))) if any(names) else ""
    found = [tag, *("." + word for word in dict.fromkeys(map(str.lower, _NAME.findall(text))))]
    return tuple("<" + word for word in found), tuple("^" + word for word in found)


class _Style:
    """What all elements with the same tags and names, below the same others, say of the segments within them."""

    __slots__ = ("_around", "_tags", "above", "boxed", "names", "tag")

    def __init__(self, above: _Style | None, tag: str, names: Names, boxed: bool) -> None:
        self.above, self.tag, self.names, self.boxed = above, tag, names, boxed
        self._around: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._tags: Tags | None = None

    def around(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Tags and terms, nearest first, for a segment whose block is right in such an element."""
        if self._around is None:
            chain: list[_Style] = []
            at: _Style | None = self
            while at is not None and at._around is None:
                chain.append(at)
                at = at.above
            path, words = ((), ()) if at is None or at._around is None else at._around
            for at in reversed(chain):
                own = () if at.tag in ("html", "body") else _words(at.tag, at.names)[1]
                path, words = (at.tag, *path[: PATH_LEVELS - 1]), tuple(dict.fromkeys(own + words))[:ABOVE_WORDS]
                at._around = path, words
        assert self._around is not None
        return self._around

    @property
    def tags(self) -> Tags:
        """What is said of a segment whose first word has such an element as its innermost."""
        if self._tags is None:
            block = self
            own, _ = _words(block.tag, block.names)
            heading = HEADINGS.get(block.tag, 0)
            shape = f"{block.tag}.{block.names[0]}"
            while not block.boxed and block.above is not None:
                block = block.above
                own += _words(block.tag, block.names)[0]
                heading = heading or HEADINGS.get(block.tag, 0)
                shape += f" {block.tag}.{block.names[0]}"
            path: tuple[str, ...] = (block.tag,)
            words = tuple(dict.fromkeys(own))
            above = block.above
            if above is not None:
                tags, more = above.around()
                path, words = path + tags, words + more
                heading = heading or HEADINGS.get(above.tag, 0)
                shape += f" {above.tag}.{above.names[0]}"
            self._tags = Tags("/".join(reversed(path)), words, shape, heading)
        return self._tags


@dataclass(slots=True)
class _Line:
    """A segment in the making."""

    owner: int  # the innermost element around its first word
    pieces: list[str]
    length: int
    blank: int
    links: list[tuple[int, int, int]] = field(default_factory=list)  # start, end, element


DOCUMENT = 0  # the place of what is above all elements; it also stands for no box, no link


class _Walk:
    """One pass over a page's elements in document order. Those that are shown are columns, each known by its place in them."""

    def __init__(self, noscript: bool = False, hidden: bool = False) -> None:
        self.unseen = UNSEEN - {"noscript"} if noscript else UNSEEN
        self.declared = not hidden  # whether what the page declares hidden is left out
        self.name = [""]
        self.tag = [""]  # name and attributes, as they are written out
        self.number = [-1]  # in document order
        self.above = [DOCUMENT]
        self.box = [DOCUMENT]  # the nearest block or table cell, itself included
        self.link = [DOCUMENT]  # the nearest element that leads somewhere, itself included
        self.address: dict[int, str] = {}  # where such an element leads
        self.kept = DOCUMENT  # the outermost open element that keeps white space (`pre`)
        self.lines: list[_Line] = []
        self.line: _Line | None = None
        self.gap = 0  # 1: a new line is due, 2: a blank one too
        self.space = False  # white space is due before the next word
        self.words = self.hidden_words = 0
        self.pictures: list[_Line] = []  # alternative texts that wait for the end of the line they stand in
        self.valueless: frozenset[int] = frozenset()
        self._named: dict[str, Names] = {}  # by tag

    def run(self, tree: Any) -> _Walk:
        markup = tree.root.html
        if ' class=""' in markup:
            self.valueless = _valueless(tree)
        pieces = iter(markup.split("<"))
        next(pieces)  # nothing stands before the first tag
        names, tags, numbers, above, box, link = self.name, self.tag, self.number, self.above, self.box, self.link
        unseen, declared = self.unseen, self.declared
        inside = DOCUMENT  # the innermost open element
        number = -1  # of the last element
        for piece in pieces:
            tag, closed, text = piece.partition(">")
            if not closed and tag[0] != "!":
                tag, text = _odd_tag(tag, pieces)
            mark = tag[0]
            if mark == "/":
                name = names[inside]
                if name in MARGINS:
                    if MARGINS[name] > self.gap:
                        self.gap = MARGINS[name]
                    if inside == self.kept:
                        self.kept = DOCUMENT
                inside = above[inside]
            elif mark == "!":
                text = _after_comment(piece, pieces)
            elif mark != "?":  # no processing instruction
                number += 1
                name = tag.partition(" ")[0]
                if name in unseen or (declared and ("hidden" in tag or "style=" in tag or name == "dialog") and _hides(name, tag)):
                    if name not in VOID:
                        passed, words, text = self._pass(name, text, pieces)
                        number += passed
                        self.hidden_words += words
                else:
                    element = len(names)
                    names.append(name)
                    tags.append(tag)
                    numbers.append(number)
                    above.append(inside)
                    box.append(box[inside])
                    link.append(link[inside])
                    if name in SPECIAL:
                        self._begin(element, name, tag)
                    if name in RAW:
                        raw, text = _raw(name, text, pieces)
                        self._text(raw, element)
                        self.gap = max(self.gap, MARGINS[name])
                        self.kept = DOCUMENT if self.kept == element else self.kept
                    elif name not in VOID:
                        inside = element
            if text:
                if text.isspace():
                    self.space = True
                else:
                    self._text(_read_text(text), inside)
        self._end()
        return self

    def _begin(self, element: int, name: str, tag: str) -> None:
        """What the start of an element does to the line before it and to what stands in it."""
        if name in MARGINS:
            self.box[element] = element
            self.gap = max(self.gap, MARGINS[name])
            if name in KEPT and not self.kept:
                self.kept = element
        elif name in CELLS:
            self.box[element] = element
            if self.line is not None and not self.gap:
                self.line.pieces.append("\t")
                self.line.length += 1
                self.space = False
        elif name == "a":
            href = _attribute(tag, "href")
            if href:
                self.address[element] = href.strip()
                self.link[element] = element if self.address[element] else DOCUMENT
        elif name == "br":
            self.gap = self.gap or 1
        elif name == "img":
            self._picture((_attribute(tag, "alt") or "").split(), element)

    def _pass(self, name: str, text: str, pieces: Iterator[str]) -> tuple[int, int, str]:
        """Pass over an element that is not shown: the elements in it, the words that the page declares hidden, the text behind it.

        `text` is what stands right behind its start tag.
        """
        counted = name not in self.unseen
        if name in RAW:
            raw, text = _raw(name, text, pieces)
            return 0, len(raw.split()) if counted else 0, text
        raws = DRAWN_RAW if name in DRAWN else RAW
        elements = words = depth = 0
        for piece in chain((f"{name}>{text}",), pieces):
            tag, closed, text = piece.partition(">")
            if not closed and tag[0] != "!":
                tag, text = _odd_tag(tag, pieces)
            if tag[0] == "/":
                if tag[1:] == name:
                    depth -= 1
                    if not depth:
                        break
            elif tag[0] == "!":
                text = _after_comment(piece, pieces)
            elif tag[0] != "?":  # no processing instruction
                elements += 1
                inner = tag.partition(" ")[0]
                if inner == name:
                    depth += 1
                elif inner in raws or inner == "template" or (counted and inner in self.unseen and inner not in VOID):
                    passed, more_words, text = self._pass(inner, text, pieces)
                    elements += passed
                    words += more_words
            if counted and text:
                words += len(_read_text(text).split())
        return 0 if name == "template" else elements - 1, words, text  # what a template holds is not in the tree

    def _picture(self, words: list[str], element: int) -> None:
        """A picture's alternative text becomes a line of its own; a single word is an icon's name or a smiley."""
        if len(words) < PICTURE_WORDS:
            return
        text = " ".join(words)
        if self.gap:
            self._end()
        link = self.link[element]
        links = [(0, len(text), link)] if link else []
        self.pictures.append(_Line(element, [text], len(text), 0, links))
        if self.line is None:
            self._end()
            self.gap = max(self.gap, 1)

    def _text(self, raw: str, element: int) -> None:
        words = raw.split()
        if not words:
            self.space = self.space or bool(raw)
            return
        if self.gap:
            self._end()
        line = self.line
        if line is None:
            line = self.line = _Line(element, [], 0, 1 if self.gap == 2 else 0)
            self.gap, self.space = 0, False
        pieces = line.pieces
        kept = self.kept != DOCUMENT
        if (self.space or (not kept and raw[0].isspace())) and pieces and pieces[-1] != "\t":
            pieces.append(" ")
            line.length += 1
        piece = (raw.rstrip() if pieces else raw.strip()) if kept else " ".join(words)
        pieces.append(piece)
        link = self.link[element]
        if link:
            line.links.append((line.length, line.length + len(piece), link))
        line.length += len(piece)
        self.words += len(words)
        self.space = raw[-1].isspace()

    def _end(self) -> None:
        if self.line is not None:
            self.lines.append(self.line)
            self.line = None
        self.lines += self.pictures
        self.pictures.clear()

    def append(self, article: str) -> None:
        """Put an article's text that the page does not show at its end."""
        owner = len(self.name)
        self.name.append("json-ld")
        self.tag.append("json-ld")
        self.number.append(-1)
        self.above.append(DOCUMENT)
        self.box.append(owner)
        self.link.append(DOCUMENT)
        for paragraph in re.split(r"\s*\n\s*", article.strip()):
            if paragraph:
                self.lines.append(_Line(owner, [" ".join(paragraph.split())], 0, 1))

    def result(self) -> tuple[str, Segments]:
        """The page's text and its segments."""
        texts = ["".join(line.pieces).rstrip("\t") for line in self.lines]
        blank = [line.blank for line in self.lines]
        leads = ["\n\n" if lines else "\n" for lines in blank]
        starts: list[int] = []
        ends: list[int] = []
        parts: list[str] = []
        position = 0
        for lead, text in zip(leads, texts, strict=True):
            if parts:
                parts.append(lead)
                position += len(lead)
            parts.append(text)
            starts.append(position)
            position += len(text)
            ends.append(position)
        return "".join([*parts, "\n"]) if parts else "", Segments(texts, starts, ends, blank_before=blank, markup=self._markup())

    def _markup(self) -> MarkupColumns:
        known: dict[int, _Style | None] = {DOCUMENT: None}
        made: dict[tuple[_Style | None, str, Names], _Style] = {}

        def style(element: int) -> _Style:
            chain = []
            while element not in known:
                chain.append(element)
                element = self.above[element]
            found = known[element]
            for element in reversed(chain):
                key = (found, self.name[element], self._names(element))
                if key not in made:
                    made[key] = _Style(*key, self.box[element] == element)
                found = known[element] = made[key]
            assert found is not None
            return found

        count = self._peers()
        around: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {DOCUMENT: ((), ())}

        def containers(box: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
            """Numbers of the blocks and cells around what is in `box`, nearest first, and of their peers."""
            chain = []
            while box not in around:
                chain.append(box)
                box = self.box[self.above[box]]
            numbers, peers = around[box]
            for box in reversed(chain):
                numbers, peers = (self.number[box], *numbers[: LEVELS - 1]), (count[box], *peers[: LEVELS - 1])
                around[box] = numbers, peers
            return numbers, peers

        columns = MarkupColumns()
        for line in self.lines:
            block = self.box[line.owner]
            numbers, peers = containers(self.box[self.above[block]])
            columns.tags.append(style(line.owner).tags)
            columns.links.append(self._links(line) if line.links else ())
            columns.element.append(self.number[block])
            columns.containers.append(numbers)
            columns.peers.append((count.get(block, 0), *peers[: LEVELS - 1]))
        return columns

    def _links(self, line: _Line) -> tuple[tuple[int, int, str], ...]:
        """The line's links, adjacent pieces of one as one."""
        found: list[tuple[int, int, str]] = []
        for start, end, element in line.links:
            address = self.address[element]
            if found and found[-1][2] == address and start - found[-1][1] <= 1:
                start = found.pop()[0]
            found.append((start, end, address))
        return tuple(found)

    def _names(self, element: int) -> Names:
        """Class, id and itemprop of an element."""
        tag = self.tag[element]
        if "=" not in tag:
            return NO_NAMES
        names = self._named.get(tag)
        if names is None:
            names = self._named[tag] = (
                _attribute(tag, "class") if ' class="' in tag else None,
                _attribute(tag, "id") if ' id="' in tag else None,
                _attribute(tag, "itemprop") if ' itemprop="' in tag else None,
            )
        return (None, *names[1:]) if self.number[element] in self.valueless else names

    def _peers(self) -> dict[int, int]:
        """How many siblings of the same tag and class each block or table cell has, itself included."""
        boxes = [element for element, box in enumerate(self.box) if element == box and self.number[element] >= 0]
        places = [(self.above[box], self.name[box], self._names(box)[0]) for box in boxes]
        siblings = Counter(places)
        return {box: siblings[place] for box, place in zip(boxes, places, strict=True)}


def _hides(name: str, tag: str) -> bool:
    """Whether the page itself declares the element hidden."""
    if ' hidden="' in tag and _attribute(tag, "hidden") not in (None, "until-found"):
        return True
    if name == "dialog" and _attribute(tag, "open") is None:
        return True
    if name in ("i", "span") and ' aria-hidden="true"' in tag and _attribute(tag, "aria-hidden") == "true":
        return True
    return ' style="' in tag and _INVISIBLE.search(_attribute(tag, "style") or "") is not None


def _valueless(tree: Any) -> frozenset[int]:
    """Numbers of the elements with a class without a value, which is written out like an empty one, but is none."""
    if all(node.attributes["class"] is not None for node in tree.css('[class=""]')):
        return frozenset()
    return frozenset(number for number, node in enumerate(_elements(tree)) if node.attributes.get("class", "") is None)


def _odd_tag(tag: str, pieces: Iterator[str]) -> tuple[str, str]:
    """A tag that has a "<" in a name, and the text behind it. `tag` is what stands before that."""
    closed = ""
    while not closed:
        more, closed, text = next(pieces, ">").partition(">")
        tag += "<" + more
    return tag, text


def _after_comment(piece: str, pieces: Iterator[str]) -> str:
    """The text behind a comment that `piece` begins."""
    _, closed, text = piece.partition("-->")
    while not closed:
        _, closed, text = next(pieces, "-->").partition("-->")
    return text


def _raw(name: str, text: str, pieces: Iterator[str]) -> tuple[str, str]:
    """What an element whose text is written as it is holds, and the text behind it. `text` stands right behind its start tag."""
    held = [text]
    if name == "plaintext":  # has no end but the page's
        held += pieces
        last = max(place for place, piece in enumerate(held) if piece.startswith("/plaintext>"))
        return "<".join(held[:last]), ""
    end = f"/{name}>"
    commented = scripted = False  # a script within a comment within a script does not end it
    for piece in pieces:
        if piece.startswith(end) and not scripted:
            return "<".join(held), piece[len(end) :]
        held.append(piece)
        if name == "script":
            if piece.startswith("!--"):
                commented = True
            elif commented and _SCRIPT.match(piece):
                scripted = piece[0] != "/"
            if commented and "-->" in piece:
                commented = scripted = False
    return "<".join(held), ""


# ------------------------------------------------------------------------------------------------------ metadata


def _json_ld(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of the page's JSON-LD; broken blocks are passed over."""
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            pending: list[Any] = [json.loads(node.text() or "", strict=False)]
        except (ValueError, RecursionError):
            continue
        while pending:
            item = pending.pop(0)
            if isinstance(item, list):
                pending = [*item, *pending]
            elif isinstance(item, dict):
                yield item
                pending = [value for key, value in item.items() if key in ("@graph", "mainEntity", "mainEntityOfPage")] + pending


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
            elif isinstance(item, str) and item.count(" ") >= BARE and " " in item[:STATE_WORD]:
                yield _plain(item)


def _plain(value: Any) -> str:
    """A JSON-LD text without the markup that some houses leave in it."""
    if not isinstance(value, str):
        return ""
    return _Walk().run(_parse(value)).result()[0] if _TAG.search(value) else value


def _metadata(tree: Any, stated: Iterable[Mapping[str, Any]]) -> Metadata:
    """The page's own tags first, then its JSON-LD."""
    tags: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
        content = " ".join((attributes.get("content") or "").split())
        if name and content:
            tags.setdefault(name, content)
    articles = [item for item in stated if {"headline", "datePublished", "author", "articleBody"} & item.keys()]
    title, canonical, root = tree.css_first("title"), tree.css_first('link[rel="canonical"]'), tree.css_first("html")

    def first(*names: str) -> str:
        return next((tags[name] for name in names if name in tags), "")

    def ld(key: str) -> str:
        return next((found for item in articles if (found := _named(item.get(key)))), "")

    return Metadata(
        title=first("og:title", "twitter:title") or ld("headline") or (" ".join(title.text().split()) if title else ""),
        url=((canonical.attributes.get("href") or "").strip() if canonical else "") or first("og:url"),
        language=((root.attributes.get("lang") or root.attributes.get("xml:lang") or "").strip() if root else "")
        or first("content-language", "og:locale"),
        date=first("article:published_time", "datepublished", "date", "dc.date", "dc.date.issued", "pubdate", "parsely-pub-date")
        or ld("datePublished"),
        author=first("author", "article:author", "dc.creator", "parsely-author", "byl") or ld("author"),
    )


def _named(value: Any) -> str:
    """A JSON-LD value as text: names of persons joined by a comma."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return _named(value.get("name"))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_named, value[:20])))
    return ""
