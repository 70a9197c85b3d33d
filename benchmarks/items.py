"""How well teaser segments are grouped into stories: `group_teasers` on the true labels against items marked by hand.

    .venv/bin/python benchmarks/items.py ../shared/webpages

`teaser_items.json` names each page by the sha256 of its raw file and holds nothing but offsets into its text: for each
item the ranges of its title, summary and details. Ranges are whole lines; an item is *found* when a story has exactly its
extent, and *exact* when title and summary are right, too. Intervals are bootstrapped over pages.

On the HTML pages beside these dumps an item is carried over by aligning the words, as the labels are: it is *exact* when the
story that holds its title has that title and that summary, white space aside. Items whose title no single segment of the HTML page
holds (a dump runs a picture's text and the title together) with their stories, and stories without a word of the dump, don't count.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from pagesieve import corpus, report
from pagesieve.carry import WORD, aligned
from pagesieve.corpus import Document
from pagesieve.evaluation import Interval
from pagesieve.files import write_text
from pagesieve.renderings import html_view
from pagesieve.roles import LABEL_OF_ROLE, ROLES
from pagesieve.segmentation import LabeledSegment, Teaser, group_teasers

HERE = Path(__file__).parent
RESAMPLES = 1000
Ranges = list[list[int]]


def labelled(document: Document) -> list[LabeledSegment]:
    """The page's segments with their true labels."""
    names = [ROLES[role] for role in document.roles.tolist()]
    return [
        LabeledSegment(s.text, s.start, s.end, LABEL_OF_ROLE[name], name, 1.0, s.bullet, s.indent, s.blank_before, s.inline, s.markup)
        for s, name in zip(document.segments, names, strict=True)
    ]


def _words(text: str, ranges: Ranges) -> str:
    return " ".join(" ".join(text[start:end] for start, end in ranges).split())


def _bare(text: str) -> str:
    return text.lstrip("•*+-◦□■○●☆▪▸►0123456789.() ").strip()


def _solid(text: str) -> str:
    return "".join(_bare(text).split())


def counts(document: Document, items: list[dict[str, Ranges]]) -> np.ndarray:
    """(stories, items, found, with the right title, exact)."""
    stories = {(t.start, t.end): t for t in group_teasers(labelled(document))}
    found = titled = exact = 0
    for item in items:
        places = [place for ranges in item.values() for place in ranges]
        story: Teaser | None = stories.get((min(p[0] for p in places), max(p[1] for p in places)))
        if story is None:
            continue
        text = document.page.text
        title = _bare(_words(text, item["title"])) == _bare(story.title)
        found, titled = found + 1, titled + title
        exact += title and _bare(_words(text, item.get("summary", []))) == _bare(story.summary)
    return np.array([len(stories), len(items), found, titled, exact], dtype=float)


def counts_of_html(document: Document, page: Document, items: list[dict[str, Ranges]]) -> np.ndarray:
    """(stories, items, with the right title, exact) on the HTML `page` of the dump `document`."""
    words, others = ([*WORD.finditer(d.page.text)] for d in (document, page))
    place_of = dict(aligned([m[0].lower() for m in words], [m[0].lower() for m in others]).tolist())
    place_at = {word.start(): others[place_of[i]].start() for i, word in enumerate(words) if i in place_of}
    stories = [t for t in group_teasers(labelled(page)) if any(t.start <= place < t.end for place in place_at.values())]
    lost: set[Teaser] = set()
    carried = titled = exact = 0
    for item in items:
        places = sorted(place for at, place in place_at.items() for start, end in item["title"] if start <= at < end)
        middle = places[len(places) // 2] if places else -1
        title, summary = (_solid(_words(document.page.text, item.get(part, []))) for part in ("title", "summary"))
        story = next((t for t in stories if t.start <= middle < t.end), None)
        if not any(s.start <= middle < s.end and title in _solid(s.text) for s in page.segments):
            lost |= {story} if story is not None else set()
            continue
        right = story is not None and title == _solid(story.title)
        carried, titled = carried + 1, titled + right
        exact += right and story is not None and summary == _solid(story.summary)
    return np.array([len(stories) - len(lost), carried, titled, exact], dtype=float)


def figures(pages: np.ndarray, place: int) -> dict[str, Interval]:
    """Precision and recall of what column `place` counts, of the stories and items in the first two columns."""
    drawn = np.random.RandomState(0).multinomial(len(pages), np.full(len(pages), 1 / len(pages)), size=RESAMPLES) @ pages
    found = {}
    for what, of in (("precision", 0), ("recall", 1)):
        low, high = np.quantile(drawn[:, place] / drawn[:, of], [0.025, 0.975])
        found[what] = Interval(float(pages[:, place].sum() / pages[:, of].sum()), float(low), float(high))
    return found


def main() -> None:
    marked = json.loads((HERE / "teaser_items.json").read_text("utf-8"))
    documents = [d for d in corpus.read(sys.argv[1]) if d.sha256 in marked]
    views = [(d, page) for d in documents if (page := html_view(d, sys.argv[1])) is not None]
    pages = np.array([counts(d, marked[d.sha256]) for d in documents])
    of_html = np.array([counts_of_html(d, page, marked[d.sha256]) for d, page in views])
    results = {name: figures(pages, place) for place, name in ((2, "same extent"), (3, "and title"), (4, "and summary: exact"))}
    on_html = {name: figures(of_html, place) for place, name in ((2, "title"), (3, "and summary: exact"))}
    rows = [[name, found["precision"], found["recall"]] for name, found in results.items()]
    rows += [[f"HTML: {name}", found["precision"], found["recall"]] for name, found in on_html.items()]
    sizes = f"{len(pages)} pages, {int(pages[:, 1].sum())} items; HTML: {len(of_html)} pages, {int(of_html[:, 1].sum())} items"
    print(f"{sizes}\n\n{report.table(['item', 'precision', 'recall'], rows)}")
    html = {"pages": len(of_html), "items": int(of_html[:, 1].sum()), **report.plain(on_html)}
    write_text(HERE / "results" / "items.json", json.dumps({"pages": len(pages), **report.plain(results), "html": html}, indent=1) + "\n")


if __name__ == "__main__":
    main()
