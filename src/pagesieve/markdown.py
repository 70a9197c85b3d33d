"""An article as Markdown: CommonMark, and tables as GitHub has them. Strings in, strings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pagesieve.page import Link

__all__ = ["Block", "page_markdown"]


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
