"""Beside a page's way: a labelled page → a piece of its article alone, or the page without its article, labels kept.

Not everything that is to be segmented is a whole page: people try a few paragraphs, feeds hold the article's HTML and nothing around it,
and what another extractor left has its article, a few foreign lines in it, and no furniture. A model that knows only whole pages
takes what no menu precedes for furniture (`excerpt`). And a crawl has lists of stories, menus and search results: a model that knows only
pages with an article looks for one there, too (`remainder`). Everything here is a function of its input alone.
"""

from __future__ import annotations

import html
import random
from dataclasses import replace

import numpy as np

from pagesieve.corpus import Document, Label
from pagesieve.html import read_html
from pagesieve.page import Page, Segment, Segments
from pagesieve.roles import ROLES

__all__ = ["excerpt", "remainder"]

HEADLINE, BODY = ROLES.index("headline"), ROLES.index("body")
SHORT = 8  # paragraphs of a short piece, at most
NEAR = 8  # segments between headline and article, at most, where both are taken
AFTER = 12  # segments after the article that a long piece may end with
ARTICLE = frozenset(("headline", "meta", "caption", "body", "comment"))  # roles of what a page without its article has none of
LEAST = 10  # lines or segments that are left of such a page, at least
_AROUND = ("{}", "<article>{}</article>", "<div>{}</div>", "<!doctype html><html><body>{}</body></html>")
_OWN_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 li blockquote figcaption pre".split())


def excerpt(document: Document, seed: int) -> Document | None:
    """A piece of `document`, drawn by `seed` and the page's name: its first paragraphs, some others, or the whole article.

    Whatever stands between the first and the last segment taken is in it, the headline sometimes. The piece of a text dump is text, as the
    dump has it or a line a segment; that of an HTML page is HTML of plain tags. Its page's name gets `@excerpt` at its end,
    `extra["renderer"]` is "excerpt". None for a page without two paragraphs, or whose HTML the parser reads in other pieces.
    """
    chance = random.Random(f"{seed} {document.page.name}")
    places = _drawn(document, chance)
    if places is None:
        return None
    page = Page("", f"{document.page.name}@excerpt", document.page.view)
    changed = replace(document, page=page, extra={**document.extra, "renderer": "excerpt"})
    return (_of_text if document.of_html is None else _of_html)(document, changed, places, chance)


def _drawn(document: Document, chance: random.Random) -> range | None:
    """The places of the segments taken."""
    body = np.flatnonzero(document.roles == BODY).tolist()
    if len(body) < 2:
        return None
    first, last = 0, len(body) - 1
    if chance.random() < 0.5:  # a short piece, mostly the beginning
        first = chance.randrange(len(body)) if chance.random() < 0.3 else 0
        last = min(first + chance.randrange(SHORT), last)
    start, stop = body[first], body[last] + 1
    if last == len(body) - 1 and chance.random() < 0.5:
        stop = min(stop + chance.randint(1, AFTER), len(document.roles))
    if first == 0 and chance.random() < 0.6:
        headlines = np.flatnonzero(document.roles[max(start - NEAR, 0) : start] == HEADLINE)
        start = max(start - NEAR, 0) + int(headlines[-1]) if len(headlines) else start
    return range(start, stop)


def _of_text(document: Document, changed: Document, places: range, chance: random.Random) -> Document:
    """Half of the pieces are cut out of the dump, the others written anew."""
    segments = [document.segments[place] for place in places]
    if chance.random() < 0.5:
        begin, end = segments[0].start, segments[-1].end
        labels = tuple(
            Label(max(label.start, begin) - begin, min(label.end, end) - begin, label.role)
            for label in document.labels
            if label.start < end and label.end > begin
        )
        return replace(changed, page=replace(changed.page, text=document.page.text[begin:end] + "\n"), labels=labels)
    end_of_line = chance.choice(["\n", "\n\n"])
    lines = [("- " if segment.bullet else "") + segment.content for segment in segments]
    ends = np.cumsum([len(line) + len(end_of_line) for line in lines]).tolist()
    roles = document.roles[places.start : places.stop].tolist()
    labels = tuple(
        Label(end - len(end_of_line) - len(line), end - len(end_of_line), ROLES[role])
        for line, end, role in zip(lines, ends, roles, strict=True)
    )
    return replace(changed, page=replace(changed.page, text=end_of_line.join(lines) + "\n"), labels=labels)


def _of_html(document: Document, changed: Document, places: range, chance: random.Random) -> Document | None:
    around = chance.choice(_AROUND)
    source = around.format("".join(_element(document.segments[place]) for place in places))
    read = read_html(source, changed.page.name)
    if len(read.segments) != len(places):
        return None
    roles = document.roles[places.start : places.stop].tolist()
    labels = tuple(Label(s.start, s.end, ROLES[role]) for s, role in zip(read.segments, roles, strict=True))
    return replace(changed, page=read.page, labels=labels, of_html=read.segments)


def _element(segment: Segment) -> str:
    """The segment as an element of its own: with its own tag where that says something, its links kept."""
    assert segment.markup is not None
    name = segment.markup.path.rpartition("/")[2]
    name = f"h{segment.markup.heading}" if segment.markup.heading else name if name in _OWN_TAGS else "p"
    out, position = "", 0
    for link in segment.markup.links:
        out += html.escape(segment.text[position : link.start])
        out += f'<a href="{html.escape(link.address)}">{html.escape(segment.text[link.start : link.end])}</a>'
        position = link.end
    return f"<{name}>{out}{html.escape(segment.text[position:])}</{name}>"


def remainder(document: Document) -> Document | None:
    """`document` without its article: what is left of its furniture and its stories, in order.

    A text dump loses all lines in which something of the article stands, HTML the segments that are part of it. The page's name gets `@remainder` at
    its end, `extra["renderer"]` is "remainder". None where less than `LEAST` lines or segments are left.
    """
    page = Page(document.page.text, f"{document.page.name}@remainder", document.page.view)
    changed = replace(document, page=page, extra={**document.extra, "renderer": "remainder"})
    if document.of_html is None:
        return _without_lines(changed)
    roles = document.roles.tolist()
    kept = [segment for segment, role in zip(document.segments, roles, strict=True) if ROLES[role] not in ARTICLE]
    return replace(changed, of_html=Segments.of(kept)) if len(kept) >= LEAST else None


def _without_lines(document: Document) -> Document | None:
    lines: list[str] = []
    labels: list[Label] = []
    position = size = 0
    for line in document.page.text.splitlines(keepends=True):
        start, position = position, position + len(line)
        own = [label for label in document.labels if label.start < position and label.end > start]
        if any(label.role in ARTICLE for label in own) or not (line.strip() or (lines and lines[-1].strip())):
            continue  # nor are two blank lines left where there was a paragraph between them
        labels += [Label(max(label.start, start) - start + size, min(label.end, position) - start + size, label.role) for label in own]
        lines.append(line)
        size += len(line)
    changed = replace(document, page=replace(document.page, text="".join(lines)), labels=tuple(labels))
    return changed if sum(map(bool, map(str.strip, lines))) >= LEAST else None
