"""An article as Markdown: CommonMark, and tables as GitHub has them; and back, what its pieces say, or those of a text that another program left marks in. Strings in, strings out.

What a page says in plain characters must not become markup, but stays as readable as it can: only such signs are escaped as would be read as
markup where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from itertools import accumulate, chain, groupby, pairwise
from string import punctuation
from typing import Any
from urllib.parse import quote

from pagesieve.html import Cell
from pagesieve.page import Link
from pagesieve.words import CHARACTER, LEAST_LEFT, PICTURE_NUMBER, TAG, has_tags

__all__ = ["Around", "Block", "Said", "has_addresses", "page_markdown", "unmarked", "unreferenced"]

_HREF = re.compile(
    r"""<a(?:\s+(?!href\b)[\w:-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))?)*\s+href\s*=\s*("[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)""",
    re.IGNORECASE,
)
_LINK_END = re.compile(r"</a\s*/?>", re.IGNORECASE)
LINKED_BLOCKS = 12  # that one link is around, at most; the half of another one is a slip
SPARSE = 100  # places for each line of text from which a table's empty cells are left out: they would grow with the square of the page

_REFERENCE = rf"(?={CHARACTER.pattern})&"
# References, tags, comments, addresses in angle brackets, the middle of a link.
_MARKUP = re.compile(rf"{_REFERENCE}|<(?=[A-Za-z/!?]|[^\s<>]+@)|\](?=\()")
# How a heading, quotation, item, fence, underline, rule or definition of a link begins.
_BEGINNING = re.compile(r"#{1,6}(?!\S)|>|[-+*](?!\S)|`{3}|~{3}|(?:=+|-+)$|([-_*])(?:\s*\1){2,}\s*$|\[[^\[\]]*\]:")
_NUMBER = re.compile(r"[0-9]{1,9}(?=[.)](?!\S))")
_CLOSING = re.compile(r"(?<!\S)(?=#+$)")  # signs at a heading's end that are no part of it
_PAIRED = re.compile("[*_`]")  # what is markup where it stands twice
_SPACE = re.compile(r"\s")
_UNSAFE = re.compile(r"[\x00-\x20]*(?:javascript|vbscript|data):", re.IGNORECASE)
_DROPPED = re.compile(r"[\t\n\r]")  # browsers take an address without them
_ENCODED = re.compile(r"[\s\x00-\x1f\x7f<>()`]")

# What a block begins with: quotations, an item's mark, a heading; and how one ends: a heading's closing signs or underline, a line's break.
_OPENING = re.compile(r"\s*(?:>\s?)*((?:[-*+]|\d{1,9}[.)])\s+)?(?:(#{1,6})(?:\s+|\Z))?")
_CLOSING_SIGNS = re.compile(r"\s+#+\s*\Z")
_UNDERLINE = re.compile(r"(?<=\S)\s+(?:(=)={2,}|-{3,})\s*\Z")
_BREAK = re.compile(r"\s*(?:\\(?!\\)\s*)+")  # read backwards, so that time stays linear
_DRAWN = re.compile(r"[-|:=*_+\s\\]+\Z")  # rules, the lines of a table that hold nothing
# A fence's first line, with the mark of an item perhaps, and its last one.
_FENCE = re.compile(r"\s*(?:>\s?)*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(`{3,}|~{3,})[^`\n]*\Z")
_FENCE_END = re.compile(r"\s*(?:>\s?)*(`{3,}|~{3,})\s*\Z")
# Halves of a link around several blocks: its end with the address, its beginning.
_PICTURE = r"!\[[^\[\]]*\]\((?:<[^<>]*>|[^()\s]*)\)"
_TORN_END = re.compile(rf"((?:{_PICTURE}|[^\[\]])*)\]\((<[^<>\n]*>|(?:\\.|\([^()\s]*\)|[^()\s\\])*)(?:\s+\"[^\"\n]*\")?\)")
_TORN_BEGINNING = re.compile(rf"(?<!!)\[(?=(?:{_PICTURE}\s*)*[^\[\]]*\Z)")
# What CommonMark would not read as those mean it who write it, beside code and emphasis that it does: stars within words, and around those of any script;
# spaces in an address.
_LETTER = "[0-9A-Za-z\u00c0-\u024f]"
_LAX = re.compile(
    rf"`[^`\n]*`|(?<={_LETTER})(?P<stars>\*{{1,2}})(?={_LETTER})|\*\*(?=\S)(?P<strong>[^*\n]+)(?<=\S)\*\*|(?<!{_LETTER})(?<!\*)\*(?![*\s])[^*\n]*\*"
    r"|(?<=\]\()(?P<address>(?:[a-z]+:/)?/[^()<>\"\s]*(?: [^()<>\"\s]+)+)(?=\))"
)
# An address in brackets; a picture's is followed by that of its link.
_ADDRESS = re.compile(r"\s?\[((?:https?:/|/|mailto:)[^\s\[\]]*)\](?!\()((?:[a-z]+:)?/[^\s\[\]]*)?")
_PICTURE_FILE = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)(?![^?#])", re.IGNORECASE)
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_CITED = re.compile("\u27e8\\d{1,4}\u27e9")  # numbers of links, as Crawl4AI has them
_QUOTED = re.compile(r"\n\s*(?:>\s?)+")
_KNOWN_TAG = re.compile(
    r"</?(?:a|abbr|b|cite|div|em|figcaption|figure|font|i|img|mark|p|small|span|strong|sub|sup|time|u)\b[^<>]*>", re.IGNORECASE
)
_LINE_TAG = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_HEADED = re.compile(r"(?<=[\[)])\s*#{1,6}\s+")  # a heading within a link, behind its picture perhaps, as some programs write it
_PICTURE_NUMBER = re.compile(PICTURE_NUMBER)
# Where a link leads that is named elsewhere.
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n^][^\[\]\n]*)\]:[ \t]*(\S+)(?:[ \t]+\".*\")?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Around:
    """What a block stands in: a list's item that begins with `marker` ("-", "2."), or, without one, a quotation; its `number` is its own."""

    number: int
    marker: str = ""

    @property
    def opening(self) -> str:
        """What its first line begins with."""
        return f"{self.marker} " if self.marker else "> "

    @property
    def further(self) -> str:
        """What its other lines begin with."""
        return " " * len(self.opening) if self.marker else "> "


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of an article: its text and links, the level of a heading (0 for none), what is `around` it, outermost first.

    `code` is kept as it is. A block with a `cell` is a line of that.
    """

    text: str
    links: Sequence[Link] = ()
    level: int = 0
    around: tuple[Around, ...] = ()
    code: bool = False
    cell: Cell | None = None


def page_markdown(blocks: Iterable[Block]) -> str:
    """An article's blocks as Markdown, items of a list on adjacent lines, a blank line between all others; "" for none."""
    out: list[str] = []
    before: tuple[Around, ...] = ()
    for around, lines in _written(blocks):
        kept = next((i for i, (a, b) in enumerate(zip(before, around, strict=False)) if a != b), min(len(before), len(around)))
        if out:
            out.append("\n" if _is_next_item(before, around, kept) else "\n" + _further(around[:kept]).rstrip() + "\n")
        first, *others = lines
        out.append(_further(around[:kept]) + "".join(a.opening for a in around[kept:]) + first)
        out += ["\n" + (_further(around) + line if line else _further(around).rstrip()) for line in others]
        before = around
    return "".join([*out, "\n"]) if out else ""


def _further(around: Sequence[Around]) -> str:
    return "".join(a.further for a in around)


def _is_next_item(before: Sequence[Around], around: Sequence[Around], kept: int) -> bool:
    """Whether a block begins an item right below another one of the list, or below the line of the item it stands in.

    `kept` counts what is around both. A list amid an item that does not count from 1 needs a blank line: it goes on with the text otherwise.
    """
    marker = around[kept].marker if kept < len(around) else ""
    listed = any(a.marker for a in before[max(kept - 1, 0) :])
    return bool(marker) and listed and (kept < len(before) or marker in ("-", "1."))


def _written(blocks: Iterable[Block]) -> Iterator[tuple[tuple[Around, ...], list[str]]]:
    """The lines of each paragraph and of each table, and what is around them."""
    for table, group in groupby(blocks, lambda block: block.cell.table if block.cell else -1):
        rows = [*group]
        if table >= 0:
            yield rows[0].around, _table(rows)
        else:
            yield from ((block.around, _lines(block)) for block in rows)


def _lines(block: Block) -> list[str]:
    if block.code:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.text)), default=0))
        return [fence, *re.split("[\r\n]", block.text), fence]
    if block.level:
        return ["#" * block.level + " " + _CLOSING.sub(r"\\", _line(block))]
    return [_line(block, _beginning(block.text))]


def _table(blocks: Sequence[Block]) -> list[str]:
    """Cells as a table, its first row as its head, as Markdown wants one; the lines of a cell are parted by `<br>`."""
    lines: dict[int, dict[int, list[Block]]] = {}
    for block in blocks:
        if block.cell is not None:
            lines.setdefault(block.cell.row, {}).setdefault(block.cell.column, []).append(block)
    rows = {number: {column: _cell(found) for column, found in row.items()} for number, row in lines.items()}
    columns = 1 + max(max(row) for row in rows.values())
    sparse = columns * len(rows) > SPARSE * (len(blocks) + 1)
    cells = [[*row.values()] if sparse else [row.get(column, "") for column in range(columns)] for row in rows.values()]
    columns = max(map(len, cells))
    cells[0] += [""] * (columns - len(cells[0]))
    return ["| " + " | ".join(row) + " |" for row in (cells[0], ["---"] * columns, *cells[1:])]


def _cell(lines: Sequence[Block]) -> str:
    """The lines of a cell on one: what is no markup in one of them may be with a sign of the next."""
    signs = [[match.start() for match in _PAIRED.finditer(line.text)] if len(lines) > 1 else [] for line in lines]
    return "<br>".join(_line(line, places).replace("|", "\\|") for line, places in zip(lines, signs, strict=True))


def _line(block: Block, escaped: Iterable[int] = ()) -> str:
    """The block's text on one line with its links, a backslash before each sign that would be markup, and at the places `escaped`."""
    text = _SPACE.sub(" ", block.text)
    links = [link for link in block.links if not _UNSAFE.match(_DROPPED.sub("", link.address))]
    signs = dict.fromkeys([*escaped, *_markup(text, links)], "\\")
    for link in reversed(links):  # so that one which ends where another one begins is closed before
        signs[link.end] = f"]({_address(link.address)})" + signs.get(link.end, "")
        signs[link.start] = "[" + signs.get(link.start, "")
    for match in re.finditer(r"\\", text):
        if match.end() in signs or text[match.end() : match.end() + 1] in punctuation:
            signs[match.start()] = signs.get(match.start(), "") + "\\"
    places = sorted({0, *signs})
    return "".join(signs.get(start, "") + text[start:end] for start, end in pairwise([*places, len(text)]))


def _beginning(text: str) -> list[int]:
    """Where a paragraph's text is escaped for what it begins with."""
    number = _NUMBER.match(text)
    return [number.end()] if number else [0] if _BEGINNING.match(text) else []


def _markup(text: str, links: Sequence[Link]) -> Iterator[int]:
    """Where a text would have markup anywhere in it."""
    edges = {place for link in links for place in (link.start, link.end)}
    yield from (match.start() for match in _MARKUP.finditer(text))
    yield from _emphasis(text, "*", edges)
    yield from _emphasis(text, "_", edges)
    ticks = [match.start() for match in re.finditer("`", text)]
    if len(ticks) > 1 and (ticks[-1] - ticks[0] >= len(ticks) or edges.intersection(ticks)):  # more than one run of them
        yield from ticks
    for link in links:
        yield from (match.start() + link.start for match in re.finditer(r"[\[\]]", text[link.start : link.end]))
        if text[max(link.start - 1, 0) : link.start] == "!":  # no picture
            yield link.start - 1


def _emphasis(text: str, sign: str, edges: set[int]) -> Iterator[int]:
    """Where `sign` may begin emphasis that may end later on, or end it; within a word "_" does neither. Links begin and end at the `edges`."""
    opening: list[range] = []
    closing: list[range] = []
    runs = (match.span() for match in re.finditer(rf"\{sign}+", text))
    for start, end in chain.from_iterable(pairwise([a, *(i for i in range(a + 1, b) if i in edges), b]) for a, b in runs):
        before, after = text[max(start - 1, 0) : start], text[end : end + 1]
        behind_word, before_word = before.isalnum() and start not in edges, after.isalnum() and end not in edges
        if (after.strip() or end in edges) and not (sign == "_" and behind_word):
            opening.append(range(start, end))
        if (before.strip() or start in edges) and not (sign == "_" and before_word):
            closing.append(range(start, end))
    if opening and closing:
        yield from (place for run in opening if run.start < closing[-1].start for place in run)
        yield from (place for run in closing if run.start > opening[0].start for place in run)


def _address(address: str) -> str:
    """A link's address in a form that Markdown reads."""
    encoded = _ENCODED.sub(lambda match: quote(match[0]), _DROPPED.sub("", address))
    return re.sub(rf"\\|{_REFERENCE}", r"\\\g<0>", encoded)


@dataclass(frozen=True, slots=True)
class Said:
    """What a block of Markdown says: its `text` without marks, the `links` in that, the level of the `heading` (0 for none), whether it is a `picture` alone, or `code`."""

    text: str
    links: tuple[Link, ...] = ()
    heading: int = 0
    picture: bool = False
    code: bool = False


def unmarked(page: str, blocks: Iterable[str]) -> list[Said]:
    """What the blocks of a `page` in Markdown say, in order. Code in fences stays as it is, and so do the marks of lists.

    Links and pictures become their texts, headings, quotations and emphasis what stands in them; rules and fences say nothing. Of a link around several blocks
    each has its part.

    >>> unmarked("", ["### [Kite *club* wins](/kite) today"])
    [Said(text='Kite club wins today', links=(Link(start=0, end=14, address='/kite'),), heading=3, picture=False, code=False)]
    """
    blocks = list(blocks)
    parser = _parser()
    names = {
        " ".join(name.split()).upper(): {"title": "", "href": address.strip("<>")} for name, address in reversed(_DEFINITION.findall(page))
    }
    fences, inside = _fenced(blocks)
    found = list[Said]()
    begun: int | None = None  # place of the block that begins with the link which is still open
    for place, text in enumerate(blocks):
        if place in fences or place in inside:
            found.append(Said("") if place in fences else Said(text, code=True))
            continue
        said, address, begins = _said(text, parser, {"references": names})
        found.append(said)
        if address and begun is not None and len(found) - begun <= LINKED_BLOCKS:
            found[begun:-1] = [
                replace(other, links=(Link(0, len(other.text), address),)) if other.text and not other.links and not other.code else other
                for other in found[begun:-1]
            ]
        if begins:
            begun = len(found) - 1
        elif address is not None:
            begun = None
    return found


def has_addresses(page: str) -> bool:
    """Whether a page has addresses in brackets behind its links, as html-to-text writes them, and more of these than links of Markdown."""
    there = any(begin in page for begin in ("[/", "[http", "[mailto:"))  # told quickly; few pages have any
    return there and len(_ADDRESS.findall(page)) >= max(LEAST_LEFT, page.count("]("))


def unreferenced(page: str, blocks: Iterable[str]) -> list[Said]:
    """What the blocks of a `page` say that is no Markdown but holds references to characters ("&quot;"), tags, or addresses in brackets behind its links; [] where it has none of these.

    All between two addresses, or up to the first one, is what links there: more is not told.

    >>> unreferenced("", ["Kites &amp; co. [/kites]"]), unreferenced("Kites [/a] and [/b] on [/c]", ["Kites &amp; co. [/kites]"])
    ([], [Said(text='Kites &amp; co.', links=(Link(start=0, end=15, address='/kites'),), heading=0, picture=False, code=False)])
    """
    tagged, addressed = has_tags(page), has_addresses(page)
    referred = tagged or len(CHARACTER.findall(page)) >= LEAST_LEFT
    if not (referred or addressed):
        return []

    def resolved(part: str) -> str:
        return CHARACTER.sub(lambda reference: unescape(reference[0]), part) if referred else part

    found = []
    for text in blocks:
        whole, links, at = "", list[Link](), 0
        since, begun = 0, None  # where the last address ended, and where a link in tags began, with its address
        for mark in _marks(text, tagged, addressed):
            whole += resolved(text[at : mark.start()])
            at = mark.end()
            if mark.re is _ADDRESS:
                address = mark[2] or ("" if _PICTURE_FILE.search(mark[1]) else mark[1])
                if address and whole[since:].strip():
                    links.append(Link(since, len(whole), address))
                since = len(whole)
                parted = whole[-1:].isalnum() and text[at : at + 1].isalnum()
            else:
                if href := _HREF.match(mark[0]):
                    begun = len(whole), unescape(href[1].strip("\"'"))
                elif begun and _LINK_END.match(mark[0]):
                    if begun[1] and whole[begun[0] :].strip():
                        links.append(Link(begun[0], len(whole.rstrip()), begun[1]))
                    begun = None
                parted = mark["block"] is not None and bool(whole)
            whole += " " * parted
        found.append(Said((whole + resolved(text[at:])).rstrip() if tagged else whole + resolved(text[at:]), tuple(links)))
    return found


def _marks(text: str, tagged: bool, addressed: bool) -> Iterator[re.Match[str]]:
    """The tags and the addresses in brackets in a text, in order, none within another one."""
    at = 0
    some = [*(TAG.finditer(text) if tagged else ()), *(_ADDRESS.finditer(text) if addressed else ())]
    for mark in sorted(some, key=lambda mark: mark.start()):
        if mark.start() >= at:
            at = mark.end()
            yield mark


def _fenced(blocks: Sequence[str]) -> tuple[set[int], set[int]]:
    """The places of the fences around code, and of what stands between two; one that is never closed is none."""
    ends = [match[1] if (match := _FENCE_END.match(text)) else "" for text in blocks]
    longest = {sign: [0] * (len(blocks) + 1) for sign in "`~"}  # end from each place on
    for place in range(len(blocks) - 1, -1, -1):
        for sign, of in longest.items():
            of[place] = max(of[place + 1], len(ends[place]) * ends[place].startswith(sign))
    fences, inside = set[int](), set[int]()
    opening = ""
    for place, text in enumerate(blocks):
        if not opening:
            match = _FENCE.match(text)
            opening = match[1] if match and longest[match[1][0]][place + 1] >= len(match[1]) else ""
            fences |= {place} if opening else set()
        elif ends[place].startswith(opening):
            fences.add(place)
            opening = ""
        else:
            inside.add(place)
    return fences, inside


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt  # only now: most dumps are none

    parser: Any = MarkdownIt("commonmark").enable("strikethrough")
    # Addresses stay as they stand on the page.
    parser.normalizeLink = parser.normalizeLinkText = lambda address: address
    parser.validateLink = lambda address: True
    return parser


def _said(text: str, parser: Any, environment: dict[str, Any]) -> tuple[Said, str | None, bool]:
    """What a block says, where a link leads that begins in one before and ends in it (None: there is none), and whether one begins in it that ends in another."""
    if _DRAWN.match(text) or not _DEFINITION.sub("", text).strip():
        return Said(""), None, False
    text, mark, heading = _inner(text)
    end = _TORN_END.match(text)
    if end:
        text = f"[{end[1]}]({end[2]}){text[end.end() :]}"
    opened = _TORN_BEGINNING.search(text) is not None
    text = _LAX.sub(_as_meant, _TORN_BEGINNING.sub("", text))
    parts, links = _parts(parser.parseInline(text, environment)[0].children or (), mark)
    kinds = {kind for part, kind in parts if kind and part.strip()}
    if heading and kinds != {"image"}:
        parts = [("", kind) if kind == "image" else (part, kind) for part, kind in parts]
    whole = "".join(part for part, _ in parts)
    places = [
        *accumulate((len(part) for part, _ in parts), initial=len(whole.lstrip()) - len(whole))
    ]  # in the text without white space before it
    said = Said(
        whole.strip(),
        tuple(Link(max(places[begin], 0), places[end], address) for begin, end, address in links if max(places[begin], 0) < places[end]),
        heading,
        kinds == {"image"},
    )
    return said, (links[0][2] if links else "") if end else None, opened


def _inner(text: str) -> tuple[str, str, int]:
    """A block without what makes it a heading, quotation or row of a table, and without a break at its end; the mark of an item, the level of a heading."""
    opening = _OPENING.match(text)
    assert opening is not None  # it may be empty
    mark, heading, inner = opening[1] or "", len(opening[2] or ""), text[opening.end() :]
    if ">" in opening[0]:
        inner = _QUOTED.sub("\n", inner)
    inner = _CITED.sub("", _PICTURE_NUMBER.sub("", inner))
    if inner.startswith("|") and inner.endswith("|"):
        inner = _CELL_EDGE.sub(" ", inner).strip()
    if heading:
        inner = _CLOSING_SIGNS.sub("", inner)
    elif underline := _UNDERLINE.search(inner):
        inner, heading = inner[: underline.start()], 1 if underline[1] else 2
    if broken := _BREAK.match(inner[::-1]):
        inner = inner[: len(inner) - broken.end()]
    return _HEADED.sub("", inner).rstrip(), mark, heading


def _parts(tokens: Iterable[Any], mark: str) -> tuple[list[tuple[str, str]], list[tuple[int, int, str]]]:
    """The parts of a block's text, `mark` first, with their kinds, and its links: where each begins and ends among the parts, and where it leads.

    Pictures, and links that stand beside each other, do not run together with what is beside them.
    """
    parts, links = [(mark, "")], list[tuple[int, int, str]]()
    begins: list[tuple[int, str]] = []  # of the links that are open, where they begin and lead to
    closed = False  # whether a link has just ended
    for token in tokens:
        if token.type == "link_close":
            begin, address = begins.pop()
            parts[begin:] = _without_pictures(parts[begin:])
            links.append((begin, len(parts), address))
            closed = True
            continue
        text = "" if token.type == "link_open" else _shown(token)
        beside = closed if token.type == "link_open" else "image" in (token.type, parts[-1][1]) and text[:1].isalnum()
        if beside and parts[-1][0][-1:].isalnum():
            parts.append((" ", ""))
        if token.type == "link_open":
            begins.append((len(parts), str(token.attrs.get("href") or "")))
        else:
            parts.append((text, token.type))
        closed = False
    return parts, links


def _as_meant(found: re.Match[str]) -> str:
    """What `_LAX` finds as CommonMark reads it."""
    if found["strong"]:
        return found["strong"]
    return found["stars"].replace("*", "\\*") if found["stars"] else f"<{found['address']}>" if found["address"] else found[0]


def _shown(token: Any) -> str:
    """The text of a part of a block; of tags that only give it a look, or break a line, what they show."""
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "html_inline":
        return " " if _LINE_TAG.fullmatch(token.content) else _KNOWN_TAG.sub("", token.content)
    return str(token.content)


def _without_pictures(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parts of a link, without its pictures where there is text, too: that is what is linked."""
    texts = [(part, kind) for part, kind in parts if kind != "image"]
    if not any(part.strip() for part, _ in texts):
        return parts
    while not texts[0][0].strip():
        del texts[0]
    return [(texts[0][0].lstrip(), texts[0][1]), *texts[1:]]
