"""`pagesieve.parse`: any markup is parsed in time and memory that grow with its size alone, and nothing a page shows is lost for it."""

from __future__ import annotations

import time

import pytest
from conftest import grows_linearly

from pagesieve.html import read_html
from pagesieve.page import Segment
from pagesieve.parse import MAX_DEPTH


def texts(html: str) -> list[str]:
    return [segment.text for segment in read_html(html).segments]


def test_a_page_nested_without_end_is_read_in_time() -> None:
    for opening in ("<div>", "<b>", "<div class=a><span>", "<blockquote><p>", "<ul><li>", "<div><table><td></div>"):
        page = read_html(opening * 100_000 + "Row on")
        assert [segment.text for segment in page.segments] == ["Row on"]
    for start, end in (
        ("<svg><title/>", ""),
        ("<svg><title>", "</title>"),
        ("<svg><style>", "</style>"),
        ("<title>", ""),
        ("<svg><g>", ""),
    ):
        read_html(start + "<div>" * 100_000 + "Row on" + end)
    assert texts("<div>" * (MAX_DEPTH - 1) + "Row" + "</div>" * (MAX_DEPTH - 1) + "on") == ["Row", "on"]


def test_parts_that_react_streams_stand_where_its_script_puts_them() -> None:
    html = (
        "<main><h1>Ferry</h1><!--$?--><template id='B:0'></template><p>Loading <!--$?-->…<!--/$--></p><!--$--><b>wait</b><!--/$--><!--/$--><p>Letters</p></main>"
        '<div hidden id="S:1">Tarn</div><div hidden id="S:0"><p>Row on, <template id="P:1"></template>!</p><p>Two</p></div><script>$RC("B:0","S:0")</script>'
    )
    assert texts(html) == ["Ferry", "Row on, Tarn!", "Two", "Letters"]
    assert read_html(html).notes == ()


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<p>Row on</p><div hidden id="S:0">lost</div>', ["Row on"]),  # nowhere to be put
        ('<p>Row on</p><template id="B:0"></template><i>wait</i><div hidden id="S:0">found</div>', ["Row on", "foundwait"]),
        ('<p>Row on</p><template id="B:0"></template><div hidden id="S:0"><template id="P:0"></template>found</div>', ["Row on", "found"]),
        ('<p>Row on</p><div hidden id="S:0">x<template id="B:0"></template>lost</div>', ["Row on"]),  # within itself
        (
            '<p>Row on</p><div hidden id="S:0">x<template id="B:1"></template></div><div hidden id="S:1">y<template id="B:0"></template></div>',
            ["Row on"],
        ),
        ('<template id="B:0"></template><div hidden id="S:0"></div><p>Row on</p>', ["Row on"]),
        ('<table><tr><td>Row<template id="P:0"></template></table><table hidden><tbody id="S:0"><tr><td>on</table>', ["Row", "on"]),
        (  # a part within another one, since an element was left open
            '<p>F</p><!--$?--><template id="B:0"></template>w0<!--/$--><!--$?--><template id="B:1"></template>w1<!--/$-->'
            '<div hidden id="S:0"><div>A<div hidden id="S:1">Bee</div></div></div>',
            ["F", "A", "Bee"],
        ),
        ('<p>F</p><div hidden id="S:0">one</div><div hidden id="S:0">two</div><template id="P:0"></template>', ["F", "one"]),
    ],
)
def test_parts_of_odd_pages_lose_nothing_that_is_shown(html: str, shown: list[str]) -> None:
    assert texts(html) == shown


def test_parts_do_not_make_a_page_deeper_without_end() -> None:
    deep = MAX_DEPTH - 10
    parts = [f'<div hidden id="S:{i}">{"<div>" * deep}{i}<template id="P:{i + 1}"></template>{"</div>" * deep}</div>' for i in range(9)]
    for order in (parts, parts[::-1]):
        assert texts("<p>F</p><template id='P:0'></template>" + "".join(order))[:2] == ["F", "0"]
        assert len(texts("<p>F</p><template id='P:0'></template>" + "".join(order))) < 4


def test_parts_within_each_other_without_end_are_read_in_time() -> None:
    def page(size: int) -> str:
        parts = "".join(f'<div hidden id="S:{i}"><template id="B:{i + 1}"></template>{"<i></i>" * size}</div>' for i in range(400))
        return f'<p>Row on</p><template id="B:0"></template>{parts}'

    assert texts(page(1)) == ["Row on"]
    assert grows_linearly(page, read_html, 20)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Row on</p><select>" + "<option>a" * 100_000 + "</select>",
        "<p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">Row on</p>",
        "<p>Row on</p><img src='data:," + "A" * 3_000_000 + "'>",
    ],
    ids=["options", "attributes", "address"],
)
def test_endless_options_and_attributes_are_read_in_time(html: str) -> None:
    started = time.process_time()
    assert texts("<html>" + html) == ["Row on"]
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "unit",
    ["<p>Row on</p>", "<div>Row", "<a href=x>Row</a> ", "<td>Row", "<!-- Row", "<p class='", "&lt;", "<br>Row", "<img alt='Row on'>"],
)
def test_time_grows_with_size_alone(unit: str) -> None:
    assert grows_linearly(lambda n: "<html>" + unit * n, read_html, 4_000)


MANY = "<br>" * 6_000  # more tags than a page has of which nothing is left out


@pytest.mark.parametrize(
    "before",
    [
        "<script>var page = '" + 600 * '<a href=\\"x\\"><h1>Row<\\/h1><\\/a>' + "'</script>",
        600 * "<ruby>a<rt>b</ruby>",
        600 * "<table><tbody><tr><td>a<td>b</table>",
        600 * "<!-- <div> -->" + 600 * "<!-->",
        600 * "<div><table><td></div></table></div>",
        600 * "<b>a<p>",
        600 * "</div>",
        600 * "<svg><g><path/></svg>",
    ],
)
def test_a_large_page_of_no_depth_is_read_as_a_small_one(before: str) -> None:
    page = "<h1>Row</h1><div hidden>no</div><table><tr><td>on<td>home</table><p><a href=/x>Rest</a>"
    large, small = ([*read_html(f"<body>{more}{page}").segments] for more in (before + MANY, ""))
    assert [told(segment) for segment in large[-3:]] == [told(segment) for segment in small]
    assert not any("no" in s.text for s in large)


def told(segment: Segment) -> tuple[str, int, list[str]]:
    assert segment.markup is not None
    return segment.text, segment.markup.heading, [link.address for link in segment.markup.links]


def test_what_stands_too_deep_is_text_but_code_there_is_not() -> None:
    deep = "<div>" * (MAX_DEPTH + 100) + "Row<script>no()</script><style>no{}</style> on" + "</div>" * (MAX_DEPTH + 100)
    assert texts(f"{MANY}{deep}<div hidden>no</div><p>home") == ["Row on", "home"]


def test_what_tables_hold_unwritten_counts_for_depth() -> None:
    page = read_html("<html><body>" + "<table><tr><td>Row on" * 2_000)
    assert max(len(segment.markup.path.split("/")) for segment in page.segments if segment.markup) <= MAX_DEPTH + 10


@pytest.mark.parametrize(
    "kind", ["script src='a.js'", "title", "style", "textarea", "iframe", "noscript", "select", "video src='a'", "canvas"]
)
def test_what_xhtml_says_is_empty_swallows_nothing(kind: str) -> None:
    page = f"<?xml version='1.0'?><html><body><p>Row</p><{kind}/><script>var a = '<title/>'</script><p>on</p></body></html>"
    assert texts(page) == ["Row", "on"]


def test_scripts_without_end_in_xhtml_take_linear_time() -> None:
    assert grows_linearly(lambda n: "<?xml version='1.0'?>" + "<script><title>" * n, read_html, 4_000)


def test_declared_shadow_trees_are_shown_and_other_templates_are_not() -> None:
    page = "<x-page><template shadowrootmode='open'><p>Row</p><template><p>no</p></template><p>on</p></template></x-page><template>no</template>"
    assert texts(page) == ["Row", "on"]


def test_unclosed_formats_do_not_add_up() -> None:
    assert grows_linearly(lambda n: "".join(f"<p><font size={i}>Row" for i in range(n)), read_html, 2_000)


def test_a_long_attribute_is_no_tag_of_many() -> None:
    state = '{"text": "' + "five > three " * 5_000 + '"}'
    assert texts(f"<p>Row</p><div hidden data-state='{state}'>no</div><p>on") == ["Row", "on"]
