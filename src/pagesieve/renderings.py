"""Beside a page's way: a labelled page → the same page as other programs dump it, labels carried over.

Scrapers leave dumps of many makes. A model that is to read them all is trained on several renderings of its pages and
measured on all of them. What is here needs no program on the machine: `FROM_HTML` renders a page's HTML with Python
libraries (the extra `views`), `FROM_TEXT` rewrites its text dump. Everything here is a function of its input alone.
"""

from __future__ import annotations

import random
import re
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np

from pagesieve.carry import carry
from pagesieve.corpus import Document, Label, html_path, unpacked
from pagesieve.html import decode_html, read_html
from pagesieve.page import Page, Segment, split
from pagesieve.roles import ROLES

__all__ = ["FROM_HTML", "FROM_TEXT", "html_of", "html_view", "render", "rendered", "views", "with_scripts"]

COLUMNS = 80
MARGIN = "   "
BASE = "https://www.site.example/"  # what relative addresses are taken to be below
LONGEST_SCRIPT = 8000  # characters of a script or style sheet that are kept where they are taken for text
LEAST_FOUND = 0.5  # share of the labelled words a rendering must hold, or it shows another page
_BLOCKS = frozenset(  # not `flow.BLOCKS`: this rendering stays what models have been trained on
    "address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr html legend li main nav ol option p pre section summary table tbody tfoot thead tr ul".split()
)
_PARAGRAPHS = frozenset("blockquote h1 h2 h3 h4 h5 h6 ol p ul".split())
_LEAD = re.compile(r"\s*(?:[•*+◦□■○●☆-]|\d+\.)?\s*")  # indentation and list marker of a line
_WHOLE = re.compile(r"\s*(?:[*+-]|\d+\.)\s|\s*\||#|    ")
_UNSEEN = ("script", "style", "template", "head")
_UNSHOWN = (*_UNSEEN, "noscript", "svg", "iframe", "object", "select")


def _soup(html: str, unseen: tuple[str, ...] = _UNSEEN) -> Any:
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(html, "lxml")
    for element in soup(unseen):
        element.decompose()
    return soup


def _inscriptis(html: str) -> str:
    from inscriptis import get_text

    return str(get_text(html)) + "\n"


def _html_text(html: str) -> str:
    from html_text import extract_text

    return str(extract_text(html)) + "\n"


def _one_node_a_line(html: str) -> str:
    return str(_soup(html).get_text("\n", strip=True)) + "\n"


def _nodes(html: str) -> str:
    """A line's end between any two text nodes, each with the white space that it has in the HTML."""
    return str(_soup(html).get_text("\n")) + "\n"


def _get_text(html: str) -> str:
    """The text nodes one after another, parted by nothing but the white space that the HTML has."""
    return str(_soup(html).get_text()) + "\n"


def _markdown(html: str) -> str:
    from markdownify import markdownify

    text = markdownify(str(_soup(html)), heading_style="ATX")
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _markdown_78(html: str) -> str:
    """Markdown as html2text breaks it: paragraphs at 78 columns and behind hyphens, addresses too; list items, tables and headings not at all."""
    lines = _markdown(html).split("\n")
    broken = ([line] if _WHOLE.match(line) else textwrap.wrap(line, 78, break_long_words=False) or [""] for line in lines)
    return "\n".join(part for parts in broken for part in parts)


def _numbered(html: str) -> str:
    """As lynx dumps a page: three columns of margin, every link with its number, the addresses below."""
    from inscriptis import get_annotated_text
    from inscriptis.model.config import ParserConfig

    found = get_annotated_text(html, ParserConfig(annotation_rules={"a#href": ["link"]}))
    text, out, position = str(found.get("text", "")), [], 0
    starts = sorted({start for start, end, _ in found.get("label", ()) if text[start:end].strip()})
    for number, start in enumerate(starts, 1):
        lead = _LEAD.match(text, start)
        assert lead is not None
        out += [text[position : lead.end()], f"[{number}]"]
        position = lead.end()
    body = "".join([*out, text[position:]])
    addresses = [_address(a["href"]) for a in _soup(html)("a", href=True)][: len(starts)]
    listed = "".join(f"{number:>4}. {address}\n" for number, address in enumerate(addresses, 1))
    return _margin(body).rstrip() + "\n" + (f"\nReferences\n\n   Visible links\n{listed}" if listed else "")


def _address(href: str) -> str:
    try:
        return urljoin(BASE, re.sub(r"\s+", "", href))
    except ValueError:  # no address at all
        return href.strip()


def _innertext(html: str) -> str:
    """As a browser's `innerText` without its style sheets: blocks on lines of their own, paragraphs parted by a blank line."""
    from bs4.element import NavigableString

    out: list[str] = []

    def walk(element: Any) -> None:
        for child in element.children:
            if isinstance(child, NavigableString):
                if type(child) is NavigableString:
                    out.append(re.sub(r"\s+", " ", child))
            elif "hidden" in child.attrs or "display:none" in str(child.get("style") or "").replace(" ", ""):
                continue
            elif child.name == "br":
                out.append("\n")
            else:
                around = "\n\n" if child.name in _PARAGRAPHS else "\n" if child.name in _BLOCKS else ""
                out.append(around)
                walk(child)
                out.append("\t" if child.name in ("td", "th") else around)

    soup = _soup(html, _UNSHOWN)
    walk(soup.body or soup)
    text = re.sub(r"[ ]*\n[ ]*", "\n", "".join(out))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _wrapped(text: str) -> str:
    return "\n".join(part for line in text.split("\n") for part in _wrap(line))


def _wrap(line: str) -> list[str]:
    """`line` broken at `COLUMNS`, what follows indented as its own text is."""
    if _width(line) <= COLUMNS:
        return [line]
    lead = _LEAD.match(line)
    assert lead is not None
    hang = " " * min(_width(lead[0]), COLUMNS // 2)
    words = re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]|[^\s\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]+|\s+", line[lead.end() :])
    out, current = [], lead[0]
    for word in words:
        if _width(current) + _width(word) > COLUMNS and current.strip():
            out.append(current.rstrip())
            current = hang if word.isspace() else hang + word
        else:
            current += word
    return [*out, current.rstrip()]


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _margin(text: str) -> str:
    """As elinks dumps a page: three columns of margin, the lines broken at `COLUMNS`."""
    return _wrapped("\n".join(f"{MARGIN}{line}" if line.strip() else "" for line in text.split("\n")))


def _no_indent(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n"))


def _no_blank(text: str) -> str:
    return "".join(line + "\n" for line in text.split("\n") if line.strip())


def _one_line(text: str) -> str:
    return " ".join(text.split()) + "\n"


FROM_HTML: dict[str, Callable[[str], str]] = {
    "inscriptis": _inscriptis,
    "html-text": _html_text,
    "one-node-a-line": _one_node_a_line,
    "nodes": _nodes,
    "get-text": _get_text,
    "innertext": _innertext,
    "markdown": _markdown,
    "markdown-78": _markdown_78,
    "numbered": _numbered,
}
FROM_TEXT: dict[str, Callable[[str], str]] = {
    "wrapped-80": _wrapped,
    "margin": _margin,
    "no-indent": _no_indent,
    "no-blank": _no_blank,
    "one-line": _one_line,
}


def html_of(raw: Path) -> str | None:
    """The HTML that lies beside the text dump `raw` (.html or .html.gz), or None; `CorpusError` where it is packed and not whole."""
    path = html_path(raw)
    if path is None:
        return None
    data = unpacked(path)
    try:
        return data.decode("utf-8")  # whatever its meta says: `make label` keeps HTML so
    except UnicodeDecodeError:
        return decode_html(data)


def render(name: str, text: str, html: str | None) -> str | None:
    """The page as the rendering `name` shows it; None where that needs HTML and there is none, or its library fails on it."""
    if name in FROM_TEXT:
        return FROM_TEXT[name](text)
    if html is None:
        return None
    try:
        return FROM_HTML[name](html)
    except (RecursionError, ValueError, TypeError):  # too deep or too broken for the library
        return None


def rendered(document: Document, name: str, text: str) -> Document | None:
    """`document` with the `text` of its rendering `name` and the labels carried over; None if it hardly holds the page's words.

    The page's name gets `@name` at its end; `extra["renderer"]` is `name`.
    """
    return _rendered(document, name, text, split(text))


def with_scripts(document: Document, html: str) -> Document | None:
    """`document` as it is dumped where scripts and style sheets are taken for text; segments that are mostly these are boilerplate. None as for `rendered`.

    Its texts stand one after another, as lxml's `text_content` has them, or each on a line of its own: by the page's name. Of each script the
    first `LONGEST_SCRIPT` characters are kept, since of some pages little else would be learned.
    """
    from lxml import etree
    from lxml import html as lxml_html

    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=lxml_html.HTMLParser(encoding="utf-8"))
    except etree.ParserError:  # nothing in it
        return None
    apart = random.Random(document.page.name).random() < 0.5
    parts, inside = list[str](), list[bool]()
    for node in tree.xpath("//text()"):
        script = node.is_text and node.getparent().tag in ("script", "style")
        part = node[:LONGEST_SCRIPT] if script else str(node)
        if apart:
            part = part.strip() + "\n" if part.strip() else ""
        parts.append(part)
        inside.append(script)
    text = "".join(parts)
    of_scripts = np.concatenate([[0], np.cumsum(np.repeat(inside, [*map(len, parts)]))])  # characters of scripts up to each place
    segments = split(text)
    scripted = [bool(2 * (of_scripts[s.end] - of_scripts[s.start]) > s.end - s.start) for s in segments]
    return _rendered(document, "scripts", text, segments, scripted)


def _rendered(document: Document, name: str, text: str, segments: Sequence[Segment], foreign: Sequence[bool] = ()) -> Document | None:
    """`document` as `rendered` gives it, cut into `segments`; those that are `foreign`, all or most of which is none of the page's text, are boilerplate."""
    own = [s for s, other in zip(segments, foreign, strict=True) if not other] if foreign else segments
    carried = carry(document.labels, document.page.text, own)
    if not own or carried.found < LEAST_FOUND:
        return None
    roles = iter(carried.roles.tolist())
    labels = tuple(
        Label(s.start, s.end, "boilerplate" if other else ROLES[next(roles)])
        for s, other in zip(segments, foreign or [False] * len(segments), strict=True)
    )
    page = Page(text, f"{document.page.name}@{name}")
    return replace(document, page=page, labels=labels, extra={**document.extra, "renderer": name})


def html_view(document: Document, root: Path | str) -> Document | None:
    """The HTML page beside `document`'s text dump with the labels carried over; None where there is none or it hardly holds the page's words.

    The page's name gets `@html` at its end, its view is "html".
    """
    html = html_of(Path(root, "raw", document.page.name))
    if html is None:
        return None
    read = read_html(html, f"{document.page.name}@html")
    carried = carry(document.labels, document.page.text, read.segments)
    if not read.segments or carried.found < LEAST_FOUND:
        return None
    labels = tuple(Label(s.start, s.end, ROLES[role]) for s, role in zip(read.segments, carried.roles.tolist(), strict=True))
    return replace(document, page=read.page, labels=labels, of_html=read.segments, extra={**document.extra, "renderer": "html"})


def views(document: Document, root: Path | str, count: int, seed: int) -> Iterator[Document]:
    """`count` renderings of a page of the corpus `root`, drawn by `seed` and the page's name; fewer where some cannot be made."""
    names = sorted([*FROM_HTML, *FROM_TEXT])
    random.Random(f"{seed} {document.page.name}").shuffle(names)
    html = html_of(Path(root, "raw", document.page.name)) if count else None
    made = 0
    for name in names:
        if made == count:
            return
        text = render(name, document.page.text, html)
        view = None if text is None else rendered(document, name, text)
        if view is not None:
            made += 1
            yield view
