"""Beside a page's way: a labelled page → a piece of its article alone, all of it, or the page without its article, labels kept.

Not everything that is to be segmented is a whole page: people try a few paragraphs, feeds hold the article's HTML and nothing around it,
and what another extractor left has its article, a few foreign lines in it, and no furniture. A model that knows only whole pages
takes what no menu precedes for furniture (`excerpt`; `article` to measure by). And a crawl has lists of stories, menus and search results: a
model that knows only pages with an article looks for one there, too (`remainder`). Everything here is a function of its input alone.
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

__all__ = ["article", "excerpt", "remainder"]

HEADLINE, BODY = ROLES.index("headline"), ROLES.index("body")
SHORT = 8  # paragraphs of a short piece, at most
TITLED = 0.8  # share of pieces of nothing but the body's beginning that the headline is put before
NEAR = 8  # segments between headline and article, at most, where both are taken
AFTER = 12  # segments after the article that a long piece may end with
ARTICLE = frozenset(("headline", "meta", "caption", "body", "comment"))  # roles of what a page without its article has none of
LEAST = 10  # lines or segments that are left of such a page, at least
_AROUND = ("{}", "<article>{}</article>", "<div>{}</div>", "<!doctype html><html><body>{}</body></html>")
_OWN_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 li blockquote figcaption pre".split())


def excerpt(document: Document, seed: int, bare: float = 0.0) -> Document | None:
    """A piece of `document`, drawn by `seed` and the page's name: its first paragraphs, some others, or the whole article.

    Whatever stands between the first and the last segment taken is in it, the headline sometimes; of a share of the pages, `bare`, it is nothing but
    headline and body. The piece of a text dump is text, as the dump has it or a line a segment; that of an HTML page is HTML of plain tags. Its page's
    name gets `@excerpt` at its end, `extra["renderer"]` is "excerpt". None for a page without two paragraphs, or whose HTML the parser reads in
    other pieces.
    """
    chance, other_chance = random.Random(f"{seed} {document.page.name}"), random.Random(f"{seed} bare {document.page.name}")
    places = _drawn(document, chance)
    if places is None:
        return None
    if other_chance.random() < bare:
        places = _bare(document, places, other_chance)
    changed = _changed(document, "excerpt")
    if document.of_html is None:
        return _of_text(document, changed, places, chance)
    return _in_tags(document, changed, places, chance.choice(_AROUND))


def _drawn(document: Document, chance: random.Random) -> list[int] | None:
    """The places of the segments taken, in order."""
    body: list[int] = np.flatnonzero(document.roles == BODY).tolist()
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
        headline = _headline(document, start)
        start = headline[0] if headline and start - headline[0] <= NEAR else start
    return list(range(start, stop))


def _bare(document: Document, places: list[int], chance: random.Random) -> list[int]:
    """The places of body among these, mostly with the headline before where they begin as the page's body does."""
    body = [place for place in places if document.roles[place] == BODY]
    begins = body[0] == np.flatnonzero(document.roles == BODY)[0]
    return [*(_headline(document, body[0]) if begins and chance.random() < TITLED else ()), *body]


def _headline(document: Document, start: int) -> list[int]:
    """The place of the last headline above the one where the body starts; [] for a page without."""
    found: list[int] = np.flatnonzero(document.roles[:start] == HEADLINE).tolist()
    return found[-1:]


def article(document: Document) -> Document | None:
    """`document` with nothing but headline and body, a line or an element each: what other extractors leave of a page.

    Its page's name gets `@article` at its end, `extra["renderer"]` is "article". None for a page without a headline above two paragraphs, or whose
    HTML the parser reads in other pieces.
    """
    body = np.flatnonzero(document.roles == BODY).tolist()
    headline = _headline(document, body[0]) if len(body) > 1 else []
    if not headline:
        return None
    changed = _changed(document, "article")
    if document.of_html is None:
        return _written(document, changed, headline + body, "\n\n")
    return _in_tags(document, changed, headline + body, "{}")


def _changed(document: Document, renderer: str, text: str = "") -> Document:
    """`document` with another page, whose name tells what it is made by."""
    page = Page(text, f"{document.page.name}@{renderer}", document.page.view)
    return replace(document, page=page, extra={**document.extra, "renderer": renderer})


def _of_text(document: Document, changed: Document, places: list[int], chance: random.Random) -> Document:
    """Half of the pieces of which nothing is left out are cut out of the dump, the others written anew."""
    whole = len(places) == places[-1] - places[0] + 1
    if not whole or chance.random() >= 0.5:
        return _written(document, changed, places, chance.choice(["\n", "\n\n"]))
    begin, end = document.segments[places[0]].start, document.segments[places[-1]].end
    labels = tuple(
        Label(max(label.start, begin) - begin, min(label.end, end) - begin, label.role)
        for label in document.labels
        if label.start < end and label.end > begin
    )
    return replace(changed, page=replace(changed.page, text=document.page.text[begin:end] + "\n"), labels=labels)


def _written(document: Document, changed: Document, places: list[int], end_of_line: str) -> Document:
    """The segments at these places, a line each."""
    segments = [document.segments[place] for place in places]
    lines = [("- " if segment.bullet else "") + segment.content for segment in segments]
    ends = np.cumsum([len(line) + len(end_of_line) for line in lines]).tolist()
    labels = tuple(
        Label(end - len(end_of_line) - len(line), end - len(end_of_line), ROLES[role])
        for line, end, role in zip(lines, ends, document.roles[places].tolist(), strict=True)
    )
    return replace(changed, page=replace(changed.page, text=end_of_line.join(lines) + "\n"), labels=labels)


def _in_tags(document: Document, changed: Document, places: list[int], around: str) -> Document | None:
    """The segments at these places, an element each, with this `around` them."""
    source = around.format("".join(_element(document.segments[place]) for place in places))
    read = read_html(source, changed.page.name)
    if len(read.segments) != len(places):
        return None
    roles = document.roles[places].tolist()
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
    its end, `extra["renderer"]` is "remainder". None for a page that has no article, and where less than `LEAST` lines or segments are left.
    """
    if BODY not in document.roles:
        return None
    changed = _changed(document, "remainder", document.page.text)
    if document.of_html is None:
        return _without_lines(changed)
    roles = document.roles.tolist()
    kept = [segment for segment, role in zip(document.segments, roles, strict=True) if ROLES[role] not in ARTICLE]
    return replace(changed, of_html=Segments.of(kept)) if len(kept) >= LEAST else None


def _without_lines(document: Document) -> Document | None:
    lines: list[str] = []
    labels: list[Label] = []
    position = size = first = last = 0  # labels from the first up to the last touch the line
    for line in document.page.text.splitlines(keepends=True):
        start, position = position, position + len(line)
        while first < len(document.labels) and document.labels[first].end <= start:
            first += 1
        while last < len(document.labels) and document.labels[last].start < position:
            last += 1
        own = document.labels[first:last]
        if any(label.role in ARTICLE for label in own) or not (line.strip() or (lines and lines[-1].strip())):
            continue  # nor are two blank lines left where there was a paragraph between them
        labels += [Label(max(label.start, start) - start + size, min(label.end, position) - start + size, label.role) for label in own]
        lines.append(line)
        size += len(line)
    changed = replace(document, page=replace(document.page, text="".join(lines)), labels=tuple(labels))
    return changed if sum(map(bool, map(str.strip, lines))) >= LEAST else None
