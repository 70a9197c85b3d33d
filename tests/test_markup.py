"""`pagesieve.markup`: where laid out lines stand, as numbers and in words."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pagesieve.html import read_html, read_pages
from pagesieve.markup import ABOVE_WORDS, PATH_LEVELS
from pagesieve.page import MarkupColumns, Segments
from pagesieve.words import hashes

QUICK = settings(max_examples=40)
WORDS = ["card", "relatedPosts", "x", "a&amp;b", "Ünder-line", "mega", "IDs", "box-2"]
TAGS = ["div", "p", "span", "section", "li", "b", "h3", "custom-element"]


@st.composite
def pages(draw: st.DrawFn, depth: int = 5) -> str:
    """Nested elements with classes, ids and texts."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        inner = draw(pages(depth - 1)) if depth and draw(st.booleans()) else "row on"
        names = " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=3)))
        tag = draw(st.sampled_from(TAGS))
        parts.append(
            draw(st.sampled_from([f"<{tag} class='{names}'>", f"<{tag} id='{names}' itemprop=e>", f"<{tag}>"])) + f"{inner}</{tag}>"
        )
    return "".join(parts)


def columns(html: str) -> MarkupColumns:
    found = read_html(html).segments.markup
    assert found is not None
    return found


def terms(markup: MarkupColumns) -> list[list[int]]:
    """The hashes of each style's terms, in order of size."""
    return [sorted(of.tolist()) for of in np.split(markup.terms, np.cumsum(markup.term_count)[:-1])]


def assert_numbers_say_what_words_say(markup: MarkupColumns) -> None:
    assert terms(markup) == [sorted(hashes(tags.words).tolist()) for tags in markup.tags]
    assert markup.heading.tolist() == [tags.heading for tags in markup.tags]
    shapes = {(shape, tags.shape) for shape, tags in zip(markup.shape.tolist(), markup.tags, strict=True)}
    assert {shape for shape, _ in shapes} == set(range(len(shapes)))
    assert len({shape for _, shape in shapes}) == len(shapes)


@given(pages())
@QUICK
def test_numbers_say_what_words_say(html: str) -> None:
    assert_numbers_say_what_words_say(columns("<html>" + html))


def test_far_away_elements_add_no_words() -> None:
    deep = "".join(f"<div class='{chr(97 + i // 26)}{chr(97 + i % 26)}'>" for i in range(60))
    markup = columns(f"<html>{deep}<p>Row on</p>")
    assert_numbers_say_what_words_say(markup)
    words = markup.tags[0].words
    assert len(words) == 1 + ABOVE_WORDS
    assert words[:4] == ("<p", "^div", "^.ch", "^.cg")
    assert markup.tags[0].path.count("/") == PATH_LEVELS


@given(st.lists(pages(), min_size=2, max_size=4))
@QUICK
def test_a_pages_markup_does_not_depend_on_the_pages_read_with_it(sources: list[str]) -> None:
    for page, source in zip(read_pages([("<html>" + html, "page") for html in sources]), sources, strict=True):
        assert page == read_html("<html>" + source)


@given(pages())
@QUICK
def test_markup_that_was_looked_at_is_the_same_in_columns_again(html: str) -> None:
    found = read_html("<html><title>Row on</title>" + html).segments
    again = Segments.of(list(found))
    assert again == found
    assert again.markup is not None
    assert found.markup is not None
    assert_numbers_say_what_words_say(again.markup)
    for name in ("element", "containers", "peers", "link_row", "link_start", "link_end", "titled"):
        np.testing.assert_array_equal(getattr(again.markup, name), getattr(found.markup, name))
