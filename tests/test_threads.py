"""`pagesieve.threads`: a thread of comments in other clothes keeps what was written, the rest of the page and all labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pagesieve import corpus
from pagesieve.corpus import Document, Label
from pagesieve.page import Page
from pagesieve.renderings import html_view
from pagesieve.roles import ROLES
from pagesieve.threads import _PHRASES, COMMENT, TALK, redressed
from pagesieve.words import count_words

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def pages() -> list[Document]:
    return corpus.read(DATA)[::2]


@pytest.fixture(scope="module")
def pairs(pages: list[Document]) -> list[tuple[Document, Document]]:
    return [(page, view) for page in pages for seed in (0, 1) if (view := redressed(page, seed)) is not None]


def page_of(*lines: tuple[str, str]) -> Document:
    """A page of these lines, each with its role."""
    labels, text = [], ""
    for role, line in lines:
        labels.append(Label(len(text), len(text) + len(line), role))
        text += line + "\n"
    return Document(Page(text, "mews.example/gulls.txt", "text"), tuple(labels), "mews.example", "en", "reviewed", "0")


THREAD = page_of(
    ("headline", "Gulls take the fish market"),
    ("body", "The market hall of Mews was closed on Monday after gulls had moved in by the skylight."),
    ("comment", "Comments"),
    ("comment", "Ada, 4 May"),
    ("comment", "They were here long before the hall was, and they will outlast it."),
    ("comment", "And the fish was theirs in the first place, if you think about it."),
    ("comment", "Reply"),
    ("comment", "Bo, 5 May"),
    ("comment", "My lunch was not theirs and yet it is gone, with the bag."),
    ("boilerplate", "About us"),
)


def test_labels_cover_the_page_and_nothing_but_the_thread_changes(pairs: list[tuple[Document, Document]]) -> None:
    assert len(pairs) > 80
    for page, view in pairs:
        old, new = page.page.text, view.page.text
        assert not list(corpus._range_faults([{"start": x.start, "end": x.end, "role": x.role} for x in view.labels], new))
        assert view.page.name.startswith(f"{page.page.name}@thread")
        assert view.site == page.site
        start, stop = longest(page)
        before, behind = old[: page.segments[start].start].rstrip(), old[page.segments[stop - 1].end :]
        assert new.startswith(before)
        assert new.endswith(behind)
        assert all(x.role == "comment" for x in view.labels if x.start > len(before) and x.end < len(new) - len(behind))


def longest(page: Document) -> tuple[int, int]:
    """The range of segments of a page's longest thread."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], page.roles == COMMENT, [0]]))).tolist()
    return max(zip(edges[::2], edges[1::2], strict=True), key=lambda edge: edge[1] - edge[0])


def test_what_readers_wrote_is_kept_in_order(pairs: list[tuple[Document, Document]]) -> None:
    for page, view in pairs:
        place = 0
        for segment in page.segments[slice(*longest(page))]:
            if count_words(segment.content) >= TALK:
                place = view.page.text.index(segment.content, place) + len(segment.content)


def test_threads_look_different() -> None:
    looks = {view.page.text for seed in range(60) if (view := redressed(THREAD, seed)) is not None}
    assert len(looks) > 55
    assert any("Posted by" in look or "Submitted by" in look for look in looks)
    assert not any("Ada, 4 May" in look or "\nReply\nBo" in look for look in looks)
    for look in looks:
        assert look.startswith("Gulls take the fish market\nThe market hall")
        assert look.endswith("\nAbout us\n")


def test_of_one_seed_a_page_becomes_one_page() -> None:
    assert redressed(THREAD, 5) == redressed(replace(THREAD), 5)
    assert redressed(THREAD, 5) != redressed(THREAD, 6)


def test_paragraphs_of_one_comment_stay_together() -> None:
    view = next(v for seed in range(200) if (v := redressed(THREAD, seed)) is not None and "Posted by:" in v.page.text)
    first, second = (view.page.text.index(said) for said in ("They were here", "And the fish"))
    assert "Posted by" not in view.page.text[first:second]


def test_pages_without_a_thread_and_html_have_none() -> None:
    assert redressed(page_of(("headline", "Gulls"), ("body", "A paragraph of the article that is long enough.")), 0) is None
    assert redressed(page_of(("body", "A paragraph."), ("comment", "One comment alone that says something at length.")), 0) is None
    assert redressed(page_of(), 0) is None
    page = next(
        p for p in corpus.stream(DATA) if (p.roles == COMMENT).sum() > 10 and (DATA / "raw" / p.page.name).with_suffix(".html").exists()
    )
    html = html_view(page, DATA)
    assert html is not None
    assert redressed(html, 0) is None


@pytest.mark.parametrize("language", sorted(_PHRASES))
def test_phrases_are_whole(language: str) -> None:
    phrases = _PHRASES[language]
    assert len(phrases.months) == 12
    assert all(says.format(name="Ada", date="4 May", n=1) for says in phrases.says)
    assert all("Ada" in says.format(name="Ada", date="", n=1) for says in phrases.says)
    assert all(phrases)
    assert ROLES[COMMENT] == "comment"
