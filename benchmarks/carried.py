"""Where the labelled words of the text dumps are in the HTML view of the same pages, and where those are that it lacks.

    .venv/bin/python benchmarks/carried.py [folder …]

(`data` and `../shared/webpages` without one.) Labels live on the text dumps and are carried to the HTML's segments by aligning words
(`carry`). A word that is not found is looked for among the words that nothing was aligned with: first those the HTML view shows
(what `carry` should have aligned), then what it leaves out. Prints a table and writes `benchmarks/results/carried.json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pagesieve import corpus, report
from pagesieve.carry import WORD, aligned
from pagesieve.files import write_text
from pagesieve.flow import HIDING, ICONS, UNSEEN
from pagesieve.html import read_html
from pagesieve.parse import parse
from pagesieve.renderings import html_of

FOLDERS = ("data", "../shared/webpages")
FORM = frozenset("select datalist textarea input".split())
ADDRESSES = ("src", "data-src", "href", "srcset")
KINDS = {  # in the order in which a word is looked for
    "shown": "shown, not aligned",
    "hidden": "declared hidden",
    "noscript": "`noscript`",
    "form": "form fields",
    "picture": "alternative texts of one word, names of files",
    "unseen": "other elements that are never shown",
    "nowhere": "not in the HTML: numbers of lists, words written together with such texts",
}


def words(text: str | None) -> list[str]:
    return [match[0].lower() for match in WORD.finditer(text or "")]


def unshown(html: str) -> dict[str, Counter[str]]:
    """The words of a page that its HTML view leaves out, by kind."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    kind_of: dict[int, str] = {}
    for node in parse(html).root.traverse(include_text=True):
        kind = kind_of.get(node.parent.mem_id, "") if node.parent is not None else ""
        if node.tag == "-text":
            if kind:
                found[kind].update(words(node.text_content))
        elif (node.tag or "-")[0] != "-":
            attributes = node.attributes
            kind_of[node.mem_id] = kind or _kind(node.tag, attributes)
            found["form"].update(word for name in ("value", "placeholder") for word in words(attributes.get(name)))
            found["picture"].update(words(attributes.get("alt")))
            for name in ADDRESSES:
                found["picture"].update(words(re.split(r"[?#]", attributes.get(name) or "")[0].rsplit("/", 1)[-1]))
    return found


def _kind(name: str, attributes: dict[str, str | None]) -> str:
    """Why an element is not shown; "" for one that is."""
    if name in UNSEEN:
        return "noscript" if name == "noscript" else "form" if name in FORM else "unseen"
    hides = [key for key in HIDING if key in attributes and HIDING[key](attributes[key] or "")]
    return (
        "hidden" if (name == "dialog" and "open" not in attributes) or any(key != "aria-hidden" or name in ICONS for key in hides) else ""
    )


def counted(folder: str) -> Counter[str]:
    """Labelled words of the folder's pages: all, those found in the HTML view, and the others by kind."""
    total: Counter[str] = Counter()
    for document in tqdm(corpus.read(folder), desc=folder):
        html = html_of(Path(folder, "raw", document.page.name))
        if html is None:
            continue
        source = words(document.page.text)
        target = [word for segment in read_html(html).segments for word in words(segment.text)]
        pairs = aligned(source, target)
        left = {"shown": Counter(np.delete(np.array(target, dtype=object), pairs[:, 1]).tolist()), **_without_shown(html)}
        missing = np.delete(np.array(source, dtype=object), pairs[:, 0]).tolist()
        total.update(pages=1, words=len(source), found=len(source) - len(missing))
        for word in missing:
            kind = next((kind for kind in KINDS if left[kind][word] > 0), "nowhere")
            left[kind][word] -= 1
            total[kind] += 1
    return total


def _without_shown(html: str) -> dict[str, Counter[str]]:
    return {kind: bag for kind, bag in unshown(html).items() if kind != "shown"}


def table(counts: dict[str, Counter[str]]) -> str:
    """A row a kind, a column a folder; shares of all labelled words, and of those that the HTML view shows."""
    rows: list[list[Any]] = [["pages", *(c["pages"] for c in counts.values())], ["labelled words", *(c["words"] for c in counts.values())]]
    rows.append(["found", *(f"{c['found'] / c['words']:.2%}" for c in counts.values())])
    rows += [[name, *(f"{c[kind] / c['words']:.2%}" for c in counts.values())] for kind, name in KINDS.items()]
    rows.append(
        ["found, of those in text that the HTML view shows", *(f"{c['found'] / (c['found'] + c['shown']):.2%}" for c in counts.values())]
    )
    return report.table(["", *counts], rows)


def main() -> None:
    counts = {folder: counted(folder) for folder in sys.argv[1:] or FOLDERS}
    write_text(
        Path(__file__).parent / "results" / "carried.json", json.dumps({Path(f).name: c for f, c in counts.items()}, indent=1) + "\n"
    )
    print(table(counts))


if __name__ == "__main__":
    main()
