"""`pagesieve.excerpts`: pieces of a page's article, and the page without it, hold what they were cut from, with its labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import grows_linearly, write_page

from pagesieve import corpus
from pagesieve.corpus import Document
from pagesieve.excerpts import ARTICLE, BODY, HEADLINE, LEAST, article, excerpt, remainder
from pagesieve.renderings import html_view
from pagesieve.roles import ROLES

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def pages() -> list[Document]:
    return corpus.read(DATA)[::3]


@pytest.fixture(scope="module")
def html_pages(pages: list[Document]) -> list[Document]:
    return [view for page in pages[:40] if (view := html_view(page, DATA)) is not None]


def whole(document: Document) -> str:
    return " ".join(" ".join(segment.content for segment in document.segments).split())


@pytest.mark.parametrize("seed", range(3))
def test_a_piece_is_a_stretch_of_the_page_with_its_labels(pages: list[Document], seed: int) -> None:
    pieces = 0
    for page in pages:
        piece = excerpt(page, seed)
        if piece is None:
            continue
        pieces += 1
        known = [(" ".join(page.page.text[label.start : label.end].split()), label.role) for label in page.labels]
        known += [(segment.content, ROLES[role]) for segment, role in zip(page.segments, page.roles.tolist(), strict=True)]
        for label in piece.labels:
            text = " ".join(piece.page.text[label.start : label.end].split()).removeprefix("- ")
            assert any(text in content and role == label.role for content, role in known)
        assert sum(label.end - label.start for label in piece.labels) > 0.9 * len("".join(piece.page.text.split()))
        assert BODY in piece.roles
        # Of its first label or segment: on a page in one line that begins with the end of a caption, in a wrapped one a short title joins the byline.
        assert {ROLES.index(piece.labels[0].role), int(piece.roles[0])} & {BODY, HEADLINE}
        assert (piece.page.name, piece.site) == (f"{page.page.name}@excerpt", page.site)
    assert pieces > 0.95 * sum(BODY in page.roles for page in pages)


def test_pieces_are_of_all_kinds(pages: list[Document]) -> None:
    pieces = [(page, piece) for page in pages if (piece := excerpt(page, 0)) is not None]
    beginning = [piece.roles[0] for _, piece in pieces]
    assert 0.1 < np.mean([role == HEADLINE for role in beginning]) < 0.9
    share = [np.count_nonzero(piece.roles == BODY) / np.count_nonzero(page.roles == BODY) for page, piece in pieces]
    assert 0.3 < np.mean([part > 0.99 for part in share]) < 0.9
    assert any(piece.roles[-1] != BODY for _, piece in pieces)
    assert 0.3 < np.mean([piece.page.text.strip() in page.page.text for page, piece in pieces]) < 0.9


def test_bare_pieces_are_headline_and_body_and_the_others_what_they_were(pages: list[Document], html_pages: list[Document]) -> None:
    for some in (pages, html_pages):
        pieces = [(whole, piece) for page in some if (whole := excerpt(page, 0)) and (piece := excerpt(page, 0, bare=0.5))]
        changed = [piece for whole, piece in pieces if piece != whole]
        assert 0.2 * len(pieces) < len(changed) < 0.8 * len(pieces)
        assert all(set(piece.roles.tolist()) <= {HEADLINE, BODY} for piece in changed)
        assert 0.5 < np.mean([piece.roles[0] == HEADLINE for piece in changed]) < 0.9
        assert [excerpt(page, 0, bare=0) for page in some] == [excerpt(page, 0) for page in some]


def test_html_becomes_html_of_plain_tags(html_pages: list[Document]) -> None:
    pieces = [(page, piece) for page in html_pages if (piece := excerpt(page, 0)) is not None]
    assert len(pieces) > 0.9 * len(html_pages)
    links = 0
    for page, piece in pieces:
        assert piece.page.view == "html"
        held = iter(segment.content for segment in page.segments)
        assert all(segment.content in held for segment in piece.segments)  # in their order, too
        assert all(segment.markup is not None and not segment.markup.path.count("nav") for segment in piece.segments)
        links += sum(len(segment.markup.links) for segment in piece.segments if segment.markup is not None)
    assert links


def test_an_article_is_headline_and_body_and_nothing_else(pages: list[Document], html_pages: list[Document]) -> None:
    there = 0
    for page in [*pages, *html_pages]:
        found = article(page)
        places = np.flatnonzero(page.roles == BODY).tolist()
        above = np.flatnonzero(page.roles[: places[0] if places else 0] == HEADLINE).tolist()
        if found is None:
            assert len(places) < 2 or not above or page.of_html is not None
            continue
        there += 1
        expected = [page.segments[place].content for place in [above[-1], *places]]
        assert found.roles.tolist() == [HEADLINE] + [BODY] * len(places) or page.of_html is None  # a line may fall into several segments
        assert set(found.roles.tolist()) == {HEADLINE, BODY}
        assert whole(found) == " ".join(" ".join(expected).split()) or page.of_html is None
        assert (found.page.name, found.page.view, found.extra["renderer"]) == (f"{page.page.name}@article", page.page.view, "article")
    assert there > 0.8 * (len(pages) + len(html_pages))


def test_the_same_page_and_seed_give_the_same_piece(pages: list[Document]) -> None:
    for page in pages[:10]:
        assert excerpt(page, 5) == excerpt(replace(page), 5)
    assert any(excerpt(page, 5) != excerpt(page, 6) for page in pages[:10])


def test_a_page_without_two_paragraphs_has_no_piece(tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "one", [("headline", "Ferry stops"), ("body", "It rained for nine days on end.")])
    (page,) = corpus.read(tmp_path)
    assert np.count_nonzero(page.roles == BODY) == 1
    assert excerpt(page, 0) is None


def squeezed(document: Document, roles: frozenset[str]) -> list[tuple[str, str]]:
    """Role and text without white space of the labels that have none of these roles."""
    texts = ((label.role, "".join(document.page.text[label.start : label.end].split())) for label in document.labels)
    return [(role, text) for role, text in texts if role not in roles]


def test_a_page_without_its_article_keeps_all_else_with_its_labels(pages: list[Document]) -> None:
    there = 0
    for page in pages:
        rest = remainder(page)
        if rest is None:
            continue
        there += 1
        assert not {ROLES[role] for role in rest.roles.tolist()} & ARTICLE
        by_role = {role: "".join(text for own, text in squeezed(rest, frozenset()) if own == role) for role in ROLES}
        expected = squeezed(page, ARTICLE)
        missing = [text for role, text in expected if text not in by_role[role]]
        assert len(missing) <= max(0.05 * len(expected), 2)  # such as stand on a line with something of the article
        assert "\n\n\n" not in rest.page.text.replace(" ", "")
        assert (rest.page.name, rest.site, rest.extra["renderer"]) == (f"{page.page.name}@remainder", page.site, "remainder")
    assert there > 0.7 * len(pages)


def test_leaving_out_the_article_takes_time_linear_in_lines(tmp_path: Path) -> None:
    def page(n: int) -> Document:
        write_page(tmp_path, "a.example", "one", [("body", "Row"), *(("teaser", f"Ferry {i}") for i in range(n))])
        return corpus.read(tmp_path)[0]

    assert grows_linearly(page, remainder, 1_000)


def test_html_without_its_article_keeps_the_other_segments(html_pages: list[Document]) -> None:
    for page in html_pages:
        rest = remainder(page)
        kept = [(segment, role) for segment, role in zip(page.segments, page.roles.tolist(), strict=True) if ROLES[role] not in ARTICLE]
        if rest is None:
            assert len(kept) < LEAST or BODY not in page.roles
        else:
            assert list(zip(rest.segments, rest.roles.tolist(), strict=True)) == kept


def test_a_page_that_is_an_article_has_nothing_without_it(tmp_path: Path) -> None:
    write_page(
        tmp_path, "a.example", "one", [("headline", "Ferry stops"), ("body", "It rained."), *[("boilerplate", "Home")] * (LEAST - 1)]
    )
    write_page(tmp_path, "a.example", "two", [("headline", "Ferry stops"), ("body", "It rained."), *[("boilerplate", "Home")] * LEAST])
    one, two = map(remainder, corpus.read(tmp_path))
    assert one is None
    assert two is not None
    assert two.page.text == "Home\n" * LEAST
