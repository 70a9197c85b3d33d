"""A labelled page to look at: as HTML (notebooks, reports, `--format html`), on a terminal, and as Markdown. Strings in, strings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from pagesieve.page import Link

__all__ = ["ANNOTATION_STYLE", "ANSI", "COLOURS", "HTML_STYLE", "Block", "page_ansi", "page_document", "page_html", "page_markdown"]

COLOURS = {"body": "#d8f0d3", "boilerplate": "#ececec", "teaser": "#ffdcb2"}  # backgrounds that print well, dark text on them
ANSI = {"body": "\x1b[32m", "boilerplate": "\x1b[90m", "teaser": "\x1b[33m"}
RESET = "\x1b[0m"

HTML_STYLE = (
    ".pagesieve{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace;color:#222;background:#fff;padding:1em}"
    + "".join(f".pagesieve .{label}{{background:{colour}}}" for label, colour in COLOURS.items())
    + ".pagesieve .wrong{outline:2px solid #c00}.pagesieve .key{margin-right:1em;padding:0 .4em}"
)

ANNOTATION_STYLE = "".join(
    f"[data-pagesieve={label}]{{background:{colour}!important;color:#222!important}}" for label, colour in COLOURS.items()
)
Mark = tuple[int, int, str, str]  # start, end, CSS class (a label, perhaps with " wrong"), what to show on hovering


def page_html(text: str, marks: Sequence[Mark]) -> str:
    """`text` as an HTML fragment with its own style, each marked range (in order, not overlapping) in its colour."""
    out = [f"<style>{HTML_STYLE}</style><div class='pagesieve' dir='auto'>"]
    out.append("<p>" + "".join(f"<span class='key {label}'>{label}</span>" for label in COLOURS) + "</p>")
    position = 0
    for start, end, kind, title in marks:
        out.append(escape(text[position:start]))
        out.append(f"<span class='{kind}' title='{escape(title, quote=True)}'>{escape(text[start:end])}</span>")
        position = end
    out.append(escape(text[position:]) + "</div>")
    return "".join(out)


def page_document(fragment: str, title: str) -> str:
    """A whole HTML document around a fragment."""
    return f"<!doctype html>\n<html><head><meta charset='utf-8'><title>{escape(title)}</title></head><body>{fragment}</body></html>\n"


def page_ansi(text: str, marks: Sequence[Mark]) -> str:
    """`text` with terminal colours: green body, yellow teasers, grey boilerplate. Control characters are shown, not sent."""
    out: list[str] = []
    position = 0
    for start, end, label, _ in marks:
        out.append(_printable(text[position:start]))
        out.append(ANSI[label] + _printable(text[start:end]) + RESET)
        position = end
    out.append(_printable(text[position:]))
    return "".join(out)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of an article: its text, the path of tags to it, the level of a heading (0 for none), its links.

    `marker` is what a list's item begins with ("-", "2."), "" for what is none; `table` the number of the table of which it is a row,
    the cells parted by tabs, -1 for what is none.
    """

    text: str
    path: str
    level: int
    links: Sequence[Link]
    marker: str = ""
    table: int = -1


def page_markdown(blocks: Sequence[Block]) -> str:
    """An article's blocks as Markdown, items of a list on adjacent lines, a blank line between all others; "" for none."""
    out: list[str] = []
    in_list = False
    for table, group in groupby(blocks, lambda block: block.table):
        if table >= 0:
            out += ["\n\n" if out else "", _table([_cells(row) for row in group])]
            in_list = False
            continue
        for block in group:
            tags = block.path.split("/")
            item = bool(block.marker) and "pre" not in tags
            line = f"```\n{block.text}\n```" if "pre" in tags else " ".join(_linked(block.text, block.links).split())
            if "pre" not in tags:
                line = "#" * block.level + " " + line if block.level else f"{block.marker} {line}" if item else line
                line = "> " + line if "blockquote" in tags else line
            if out:
                out.append("\n" if item and in_list else "\n\n")
            out.append(line)
            in_list = item
    return "".join([*out, "\n"]) if out else ""


def _cells(row: Block) -> list[str]:
    return [" ".join(cell.split()).replace("|", "\\|") for cell in _linked(row.text, row.links).split("\t")]


def _table(rows: Sequence[list[str]]) -> str:
    """Rows of cells as a table, the first as its head, as Markdown wants one; all are filled up to the longest."""
    columns = max(map(len, rows))
    head, *others = [row + [""] * (columns - len(row)) for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * columns, *others))


def _linked(text: str, links: Sequence[Link]) -> str:
    """`text` with its links as Markdown has them."""
    out: list[str] = []
    position = 0
    for link in links:
        address = link.address.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
        out += [text[position : link.start], f"[{text[link.start : link.end]}]({address})"]
        position = link.end
    return "".join([*out, text[position:]])


def _printable(text: str) -> str:
    """`text` without what would steer a terminal: a page is foreign matter."""
    return "".join(ch if (ch >= " " and ch != "\x7f" and not "\x80" <= ch <= "\x9f") or ch in "\n\t" else "\ufffd" for ch in text)
