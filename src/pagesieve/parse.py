"""Part of step 1 of a page's way, where the page is HTML: markup → the parser's tree, in time and memory that grow with the page's size alone.

The parser builds the HTML Standard's tree. On a few kinds of markup, which no page needs and any crawl brings, its time or its tree grows with the square of
the page: elements within each other without end, formats left open in every block, a list of options, a tag of attributes. These are left out before.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

__all__ = ["MAX_DEPTH", "parse"]

MAX_DEPTH = 500  # elements within each other; browsers stop there too
MAX_FORMATS = 20  # unclosed `<b>` and the like, of each name
MANY_TAGS = 5_000  # a page with fewer cannot be deep enough to be slow
MANY_UNCLOSED = 1_000  # nor one whose opening tags are not so many more than its closing ones
MANY_OPTIONS = 2_000
MANY_ATTRIBUTES = 2_000
LONG_TAG = 20_000  # characters; a tag with fewer cannot have so many attributes as to be slow
MANY_PARTS, MANY_WAITING = 1_000, 1_000  # parts of a page that come later than their places, nodes that may stand there for the time being

_TAG_OR_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(/?)([a-z][^\s/<>]*)[^<>]*>", re.IGNORECASE | re.DOTALL)
_RAW_END = {  # of elements whose content is no markup, if they are no part of a drawing
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp")
}
# What is not shown, or not all of it, with what stands in it: left open, it takes what follows along.
_SWALLOWING = frozenset((*_RAW_END, *"applet audio canvas datalist dialog map noscript object rp select svg template video".split()))
_XML = re.compile(r"[\s\ufeff]*<\?xml\s")
_TEMPLATE = re.compile(r"<(/?)template\b[^<>]*>", re.IGNORECASE)
_SHADOW = re.compile(r"\sshadowrootmode\s*=", re.IGNORECASE)
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


def parse(html: str) -> Any:
    """The tree of an HTML page, as `LexborHTMLParser` gives it; `root` is None where the page is empty."""
    from selectolax.lexbor import LexborHTMLParser  # only now: text dumps need no parser

    html = _spelt_out(html)
    data = html.encode("utf-8", "replace")
    tags = int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("<")))
    many = tags >= MANY_TAGS or tags - 2 * data.count(b"</") >= MANY_UNCLOSED
    long = _has_long_tag(html)
    if many or long:
        data = _tame(html, many, long).encode("utf-8", "replace")
    tree = LexborHTMLParser(data.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in data else data)
    if b'id="S:' in data:
        _put_in_place(tree)
    return tree


def _put_in_place(tree: Any) -> None:
    """Puts the parts of a page that React sends one after the other, hidden, where the page's own script puts them.

    A part is `<div hidden id="S:0">`, or, of a table, `<tbody id="S:0">` in a hidden one; its place is at `<template id="B:0">`, instead of what
    stands there for the time being, up to the comment `/$`, or at `<template id="P:0">`. A part whose place is nowhere, or too deep, stays hidden.
    """
    parts: dict[str, Any] = {}
    for node in tree.css('[id^="S:"]'):
        parts.setdefault(node.id[2:], node)
    if len(parts) > MANY_PARTS or tree.body is None:
        return
    reach: dict[int, int] = {}  # by part: how deep in it another one was put
    for place in tree.body.css('template[id^="B:"], template[id^="P:"]'):
        part = parts.pop(place.id[2:], None)
        around = None if part is None else _around(place, part)
        if part is None or around is None or len(around) + reach.get(part.mem_id, 0) > MAX_DEPTH:
            continue
        for depth, node in enumerate(around):
            reach[node] = max(reach.get(node, 0), depth + reach.get(part.mem_id, 0))
        if place.id.startswith("B"):
            _drop_until_end(place)
        while (child := part.child) is not None:
            place.insert_before(child, move=True)
        place.remove()


def _around(place: Any, part: Any) -> list[int] | None:
    """The elements around a place, the innermost one first; None where the part that belongs there is one of them."""
    found = []
    node = place.parent
    while node is not None:
        if node.mem_id == part.mem_id:
            return None
        found.append(node.mem_id)
        node = node.parent
    return found


def _drop_until_end(place: Any) -> None:
    """Removes what follows up to the comment that ends what stands there for the time being; nothing without such a comment."""
    level, node = 0, place.next
    waiting: list[Any] = []
    while node is not None and len(waiting) < MANY_WAITING:
        mark = node.comment_content if node.is_comment_node else ""
        if mark == "/$":
            if not level:
                for passed in waiting:
                    passed.remove()
                return
            level -= 1
        elif mark in ("$", "$?", "$!", "$~"):
            level += 1
        waiting.append(node)
        node = node.next


def _spelt_out(html: str) -> str:
    """`html` with closing tags where XHTML leaves them out, and with what stands in declared shadow trees, which browsers show, as part of the page."""
    if _XML.match(html):
        html = _closed(html)
    if "shadowrootmode" in html:
        opened: list[bool] = []  # by `template` that is open: whether it is a shadow tree

        def instead(tag: re.Match[str]) -> str:
            if tag[1]:
                return "" if opened and opened.pop() else tag[0]
            opened.append(_SHADOW.search(tag[0]) is not None)
            return "" if opened[-1] else tag[0]

        html = _TEMPLATE.sub(instead, html)
    return html


def _closed(html: str) -> str:
    """`html` in which elements that would swallow what follows are closed where they are said to be empty (`<script src="x"/>`)."""
    position = place = 0
    out: list[str] = []
    endless = set[str]()
    while tag := _TAG_OR_COMMENT.search(html, place):
        place = tag.end()
        kind = (tag[2] or "").lower()
        if tag[1] or kind not in _SWALLOWING:
            continue
        if tag[0].endswith("/>"):
            out += [html[position : place - 2], f"></{kind}>"]
            position = place
        elif kind in _RAW_END and kind not in endless:
            if end := _RAW_END[kind].search(html, place):
                place = end.start()
            else:
                endless.add(kind)
    return "".join([*out, html[position:]])


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


def _levels(kind: str) -> int:
    """How much deeper an element makes what stands in it: a table's `tbody`, `tr` and `td` are there whether they are written or not."""
    return 4 if kind == "table" else 1


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
        self.depth += _levels(kind)
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
            self.depth -= _levels(wall) + len(within)

    def _close(self, kind: str) -> None:
        _, within, count = self.levels[-1]
        last = ""
        while last != kind:
            last = within.pop()
            count[last] -= 1
            self.depth -= 1
