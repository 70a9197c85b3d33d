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
from typing import Any

from pagesieve.features import LEVELS
from pagesieve.page import Link, Markup, Page, Segment

__all__ = ["BLOCKS", "HtmlPage", "Metadata", "annotated", "decode_html", "inert", "looks_like_html", "read_html"]

BLOCKS = frozenset(  # what the HTML Standard's style sheet gives a line of its own
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre search section "
    "summary table caption colgroup col tbody tfoot thead tr ul xmp".split()
)
PARAGRAPHS = frozenset("blockquote dl figure h1 h2 h3 h4 h5 h6 hr ol p pre ul".split())  # blocks with a margin
KEPT = frozenset(("pre", "listing", "plaintext", "xmp"))
CELLS = frozenset(("td", "th"))
UNSEEN = frozenset(
    "script style template head title meta link base svg math iframe frame object embed applet audio video canvas select datalist "
    "textarea input map noscript noframes noembed rp".split()
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
DECLARED, UNSEEN_TAG = 1, 2  # why an element is not shown: the page says so, or its tag is never shown
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
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li dd dt option tr td th".split())
_NAME = re.compile(r"[A-Za-z]{2,}")  # numbers and single letters say nothing; "relatedPosts-item" → related, posts, item
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


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
    segments: tuple[Segment, ...]
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
        return HtmlPage(Page("", name, "html"), (), Metadata(), source=html)
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
    for number, node in enumerate(node for node in tree.root.traverse() if (node.tag or "-")[0] != "-"):
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


def inert(html: str) -> str:
    """The page without what runs, loads or leads elsewhere by itself: scripts, frames, style sheets of others, forwarding, hints to the network."""
    tree = _parse(html)
    for node in tree.css(ACTIVE):
        node.decompose()
    return "<!doctype html>\n" + str(tree.html or "")


def _parse(html: str) -> Any:
    from selectolax.lexbor import LexborHTMLParser  # only now: text dumps need no parser

    return LexborHTMLParser(_tame(html.replace("\x00", "\ufffd")).encode("utf-8", "replace"))


def _tame(html: str) -> str:
    """`html` without what the parser's time grows with the square of: depth, options of one `select`, attributes of one tag."""
    if len(html) > LONG_TAG:
        html = _LONG_TAG.sub(lambda tag: f"<{tag[1]}>" if len(tag[0].split()) > MANY_ATTRIBUTES else tag[0], html)
    if html.count("<") < MANY_TAGS:
        return html
    if html.count("<option") + html.count("<OPTION") > MANY_OPTIONS:
        html = _OPTION.sub(" ", html)  # not shown anyway
    return _shallow(html)


def _shallow(html: str) -> str:
    """`html` without tags that open deeper than `MAX_DEPTH`."""
    depth = position = 0
    out: list[str] = []
    for tag in _ANY_TAG.finditer(html):
        closing, kind, alone = tag.groups()
        if kind.lower() in _VOID or alone:
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


@dataclass(frozen=True, slots=True)
class _Around:
    """What an element and those above it say of the segments within, nearest first."""

    path: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    containers: tuple[int, ...] = ()
    peers: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class _Element:
    """An open element. `place` tells its siblings of the same shape from others."""

    key: int  # the parser's number for it
    tag: str
    number: int  # in document order
    above: _Element | None
    boxed: bool  # a block or a table's cell
    hidden: int  # 0, `DECLARED` or `UNSEEN_TAG`
    names: tuple[str | None, str | None, str | None]  # class, id, itemprop
    href: str
    place: tuple[int, str, str | None]
    kept: bool = False  # whether white space is (`pre`)
    around: _Around | None = None  # worked out when a segment within asks for it


@lru_cache(maxsize=1 << 14)
def _words(tag: str, names: tuple[str | None, str | None, str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The terms of an element's tag, classes and id: for a segment that is its own, for one within it."""
    text = _CAMEL.sub(" ", " ".join(filter(None, names))) if any(names) else ""
    found = [tag, *("." + word for word in dict.fromkeys(map(str.lower, _NAME.findall(text))))]
    return tuple("<" + word for word in found), tuple("^" + word for word in found)


@dataclass(slots=True)
class _Line:
    """A segment in the making."""

    owner: _Element  # the innermost element around its first word
    pieces: list[str]
    length: int
    blank: int
    links: list[tuple[int, int, str]] = field(default_factory=list)


class _Walk:
    """One pass over a page's elements in document order."""

    def __init__(self, noscript: bool = False, hidden: bool = False) -> None:
        self.unseen = UNSEEN - {"noscript"} if noscript else UNSEEN
        self.declared = not hidden  # whether what the page declares hidden is left out
        self.lines: list[_Line] = []
        self.line: _Line | None = None
        self.gap = 0  # 1: a new line is due, 2: a blank one too
        self.space = False  # white space is due before the next word
        self.words = self.hidden_words = 0
        self.siblings: Counter[tuple[int, str, str | None]] = Counter()
        self.pictures: list[_Line] = []  # alternative texts that wait for the end of the line they stand in

    def run(self, tree: Any) -> _Walk:
        stack: list[_Element] = []
        number = 0
        for node in tree.root.traverse(include_text=True):
            tag = node.tag
            parent = node.parent
            above = parent.mem_id if parent is not None else 0
            while stack and stack[-1].key != above:
                self._close(stack.pop())
            if tag == "-text":
                if not stack:
                    continue
                inside = stack[-1]
                if not inside.hidden:
                    self._text(node.text_content or "", inside)
                elif inside.hidden == DECLARED:
                    self.hidden_words += len((node.text_content or "").split())
            elif tag and tag[0] != "-":
                stack.append(self._open(node, tag, number, stack[-1] if stack else None))
                number += 1
        while stack:
            self._close(stack.pop())
        self._end()
        return self

    def _open(self, node: Any, tag: str, number: int, above: _Element | None) -> _Element:
        hidden = UNSEEN_TAG if tag in self.unseen else above.hidden if above is not None else 0
        if hidden:
            return _Element(node.mem_id, tag, number, above, False, hidden, (None, None, None), "", (0, "", ""))
        attributes = node.attributes
        names = (None, None, None)
        href = above.href if above is not None else ""
        if attributes:
            get = attributes.get
            names = (get("class"), get("id"), get("itemprop"))
            if tag == "a" and get("href"):
                href = attributes["href"].strip()
        if self.declared and (attributes or tag == "dialog") and _hidden(tag, attributes):
            hidden = DECLARED
        block = tag in BLOCKS
        place = (above.number if above is not None else -1, tag, names[0])
        kept = tag in KEPT or (above is not None and above.kept)
        element = _Element(node.mem_id, tag, number, above, block or tag in CELLS, hidden, names, href, place, kept)
        if hidden:
            return element
        self.siblings[place] += 1
        if block:
            self.gap = 2 if tag in PARAGRAPHS else self.gap or 1
        elif tag == "br":
            self.gap = self.gap or 1
        elif tag in CELLS and self.line is not None and not self.gap:
            self.line.pieces.append("\t")
            self.line.length += 1
            self.space = False
        elif tag == "img":
            self._picture((attributes.get("alt") or "").split(), element)
        return element

    def _picture(self, words: list[str], element: _Element) -> None:
        """A picture's alternative text becomes a line of its own; a single word is an icon's name or a smiley."""
        if len(words) < PICTURE_WORDS:
            return
        text = " ".join(words)
        if self.gap:
            self._end()
        links = [(0, len(text), element.href)] if element.href else []
        self.pictures.append(_Line(element, [text], len(text), 0, links))
        if self.line is None:
            self._end()
            self.gap = max(self.gap, 1)

    def _close(self, element: _Element) -> None:
        if element.boxed and not element.hidden and element.tag not in CELLS:
            self.gap = 2 if element.tag in PARAGRAPHS else self.gap or 1

    def _text(self, raw: str, element: _Element) -> None:
        words = raw.split()
        if not words:
            self.space = self.space or bool(raw)
            return
        if self.gap:
            self._end()
        if self.line is None:
            self.line = _Line(element, [], 0, 1 if self.gap == 2 else 0)
            self.gap, self.space = 0, False
        line = self.line
        if (self.space or (raw[0].isspace() and not element.kept)) and line.pieces and line.pieces[-1] != "\t":
            line.pieces.append(" ")
            line.length += 1
        piece = (raw.rstrip() if line.pieces else raw.strip()) if element.kept else " ".join(words)
        line.pieces.append(piece)
        if element.href:
            line.links.append((line.length, line.length + len(piece), element.href))
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
        owner = _Element(-1, "json-ld", -1, None, True, 0, (None, None, None), "", (-1, "json-ld", None))
        for paragraph in re.split(r"\s*\n\s*", article.strip()):
            if paragraph:
                self.lines.append(_Line(owner, [" ".join(paragraph.split())], 0, 1))

    def result(self) -> tuple[str, tuple[Segment, ...]]:
        """The page's text and its segments."""
        parts: list[str] = []
        segments: list[Segment] = []
        position = 0
        for line in self.lines:
            text = "".join(line.pieces).rstrip("\t")
            if not text.strip():
                continue
            lead = ("\n\n" if line.blank else "\n") if parts else ""
            parts += [lead, text]
            position += len(lead)
            segments.append(Segment(text, position, position + len(text), blank_before=line.blank, markup=self._markup(line)))
            position += len(text)
        return "".join([*parts, "\n"]) if parts else "", tuple(segments)

    def _markup(self, line: _Line) -> Markup:
        block = line.owner
        own, _ = _words(block.tag, block.names)
        heading = HEADINGS.get(block.tag, 0)
        shape = f"{block.tag}.{block.names[0]}"
        while not block.boxed and block.above is not None:
            block = block.above
            own += _words(block.tag, block.names)[0]
            heading = heading or HEADINGS.get(block.tag, 0)
            shape += f" {block.tag}.{block.names[0]}"
        above = block.above
        around = self._around(above) if above is not None else _Around()
        if above is not None:
            heading = heading or HEADINGS.get(above.tag, 0)
            shape += f" {above.tag}.{above.names[0]}"
        return Markup(
            path="/".join([*reversed(around.path), block.tag]),
            words=(*dict.fromkeys(own), *around.words),
            links=tuple(Link(*link) for link in _joined(line.links)),
            element=block.number,
            containers=around.containers,
            peers=(self.siblings[block.place], *around.peers[: LEVELS - 1]),
            shape=shape,
            heading=heading,
        )

    def _around(self, element: _Element) -> _Around:
        """What `element` and those above it say; each element is asked once."""
        chain = []
        at: _Element | None = element
        while at is not None and at.around is None:
            chain.append(at)
            at = at.above
        found = at.around if at is not None and at.around is not None else _Around()
        for at in reversed(chain):
            words = () if at.tag in ("html", "body") else _words(at.tag, at.names)[1]
            found = at.around = _Around(
                (at.tag, *found.path[: PATH_LEVELS - 1]),
                tuple(dict.fromkeys((*words, *found.words)))[:ABOVE_WORDS],
                (at.number, *found.containers[: LEVELS - 1]) if at.boxed else found.containers,
                (self.siblings[at.place], *found.peers[: LEVELS - 1]) if at.boxed else found.peers,
            )
        return found


def _joined(links: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Adjacent pieces of one link as one."""
    last: tuple[int, int, str] | None = None
    for link in links:
        if last is not None and last[2] == link[2] and link[0] - last[1] <= 1:
            last = (last[0], link[1], link[2])
            continue
        if last is not None:
            yield last
        last = link
    if last is not None:
        yield last


def _hidden(tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether the page itself declares the element hidden."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    if attributes.get("aria-hidden") == "true" and tag in ("i", "span"):
        return True
    style = attributes.get("style")
    return bool(style) and _INVISIBLE.search(style or "") is not None


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
