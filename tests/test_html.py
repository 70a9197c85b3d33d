"""`pagesieve.html`: bytes and markup to the segments of a page as a browser lays it out."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.html import BARE, Cell, Item, Quotation, annotated, decode_html, dump_in, inert, looks_like_html, parts_of_page, read_html
from pagesieve.page import LEVELS, Page, Segments, split

WORDS = st.text("abcdé", min_size=1, max_size=6)
BLOCK_TAGS = ["div", "p", "ul", "li", "section", "blockquote", "h2", "table", "tr", "td", "article"]
INLINE_TAGS = ["b", "span", "a href=/x", "em", "time"]


def texts(html: str) -> list[str]:
    return [segment.text for segment in read_html(html).segments]


# ------------------------------------------------------------------------------------------------------ segments


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("<html><body></body></html>", []),
        ("Row on", ["Row on"]),
        ("<p>Row <b>on</b>,\n  boys</p><p>Home</p>", ["Row on, boys", "Home"]),
        ("<p>Row<p>on", ["Row", "on"]),
        ("<div>Row<div>on</div>home</div>", ["Row", "on", "home"]),
        ("one<br>two<br><br>three", ["one", "two", "three"]),
        ("<span>Row</span><span>on</span> <i>home</i>", ["Rowon home"]),
        ("<ul><li>One<ul><li>Two</ul><li>Three</ul>", ["One", "Two", "Three"]),
        ("<table><tr><td>Rovers</td><td>2</td></tr><tr><td> Town<td>1</table>", ["Rovers\t2", "Town\t1"]),
        ("<table><tr><td><p>Left</p></td><td><p>Right</p></td></tr></table>", ["Left", "Right"]),
        (
            "<table><tr><td><p>Row on.</p><a href=/p>Print</a></td><td>Rates<br>USD</td><td>Rovers</td><td>2</td></table>",
            ["Row on.", "Print", "Rates", "USD", "Rovers\t2"],
        ),
        (
            "<table><tr><td>Rovers<td>2<!-- <br> --><td>1<td hidden><p>no<td><b>3</b><td><ul><li>Left</ul>on<td>4",
            ["Rovers\t2\t1\t3", "Left", "on", "4"],
        ),
        (
            "<a href=/x><b>Quay shut in the valley</b></a><span>4 hours ago</span><br><time>1 May</time><a>Row on, boys</a>",
            ["Quay shut in the valley 4 hours ago", "1 May Row on, boys"],
        ),
        (
            "<a>Row on, boys</a><span>, he said</span><br><a>Row on</a><span>s</span><br><a>Row on, boys</a><b>!</b>s<br>",
            ["Row on, boys, he said", "Row ons", "Row on, boys!s"],
        ),
        (
            "<a>連絡船は明日動く</a><span>という</span><br><a>Row on, <span>boy</span></a><span></span>s<pre><a>Row on, boys</a><span>s",
            ["連絡船は明日動くという", "Row on, boys", "Row on, boyss"],
        ),
        ("<dl><dt>Tide</dt><dd>High</dd></dl><details><summary>More</summary>Less</details>", ["Tide", "High", "More", "Less"]),
        ("<pre>\n a  b\n  c <b>d\n</b></pre>e", ["a  b\n  c d", "e"]),
        ("<script>var a</script><style>p{}</style><template><p>t</p></template><p>seen</p><!-- no -->", ["seen"]),
        ("<select><option>a</select><textarea>b</textarea><iframe>c</iframe><svg><text>d</text></svg><p>seen</p>", ["seen"]),
        (
            "<p hidden>a</p><p style='color:red;display: NONE'>b</p><div style=visibility:hidden><p>c</p></div><p>seen as it is</p>",
            ["seen as it is"],
        ),
        (
            "<pre><b>def</b> <i>row</i>(n):\n    <b>if</b>&nbsp;n:\n\n\t<b>on</b>\n<i></i> \n  <u>\n</u><i>end</i>\n</pre>",
            ["def row(n):\n    if\xa0n:\n\n\ton\n \n  \nend"],
        ),
        ("<pre>a\n<!-- no --> <b hidden> no </b>  b</pre><p>c<code> d </code><pre> e </pre>", ["a\n   b", "c d", "e"]),
        ("<dialog>a</dialog><dialog open>b</dialog><p><i aria-hidden=true>icon</i>seen as it is</p>", ["b", "seen as it is"]),
        (
            "<p>Please wait</p><noscript><img alt='a picture of it'>text</noscript><p>" + "seen " * BARE + "</p>",
            ["Please wait", ("seen " * BARE).strip()],
        ),
        ("<figure><img alt='Two men in a boat'><figcaption>On the Ouse</figcaption></figure>", ["Two men in a boat", "On the Ouse"]),
        ("<p>Row <img alt=smile> on <img alt='two men in a boat'> home</p>", ["Row on home", "two men in a boat"]),
        ("<frameset><frame src=a></frameset>", []),
        ("&lt;p&gt; &amp; &eacute;&nbsp;x", ["<p> & é x"]),
    ],
)
def test_a_page_is_cut_as_a_browser_lays_it_out(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tuple[str, list[str]]:
    """Markup of nested blocks and inline elements, and its words in order."""
    parts, words = [], []
    for _ in range(draw(st.integers(0, 4))):
        if depth and draw(st.booleans()):
            inner, inside = draw(trees(depth - 1))
            tag = draw(st.sampled_from(BLOCK_TAGS + INLINE_TAGS))
            parts.append(f"<{tag}>{inner}</{tag.split()[0]}>")
            words += inside
        else:
            word = draw(WORDS)
            parts.append(f" {word} ")
            words.append(word)
    return "".join(parts), words


@given(trees())
def test_no_word_is_lost_and_every_segment_is_where_it_says(tree: tuple[str, list[str]]) -> None:
    html, words = tree
    page = read_html("<!doctype html>" + html)
    assert sorted(page.page.text.split()) == sorted(words)  # parsers put text out of a table before it
    position = 0
    for segment in page.segments:
        assert page.page.text[segment.start : segment.end] == segment.text == segment.text.strip()
        assert not page.page.text[position : segment.start].strip()
        position = segment.end
        assert segment.markup is not None
        for link in segment.markup.links:
            assert segment.text[link.start : link.end].strip()
    assert not page.page.text[position:].strip()
    assert page.page.view == "html"


def test_paragraphs_are_parted_by_a_blank_line_and_other_blocks_are_not() -> None:
    assert read_html("<div>Home</div><div>News</div><h2>Ferry</h2><p>Row on.</p>").page.text == "Home\nNews\n\nFerry\n\nRow on.\n"


# -------------------------------------------------------------------------------------------------------- markup


def test_markup_tells_where_a_segment_stands() -> None:
    html = (
        "<body><main id=page><div class='relatedPosts box-2'><a class=card href='/a'><h3>Ferry <b>sails</b></h3></a>"
        "<a class=card href=/b><h3>Mill shut</h3></a></div></main>"
    )
    first, second = (segment.markup for segment in read_html(html).segments)
    assert first is not None
    assert second is not None
    assert first.path == "html/body/main/div/a/h3"
    assert first.heading == 3
    assert {"<h3", "^a", "^.card", "^div", "^.related", "^.posts", "^.box", "^.page", "^main"} <= set(first.words)
    assert not any("2" in word for word in first.words)
    assert [(link.start, link.end, link.address) for link in first.links] == [(0, 11, "/a")]
    assert first.containers[0] == second.containers[0] != first.element != second.element
    assert first.shape == second.shape


def test_containers_are_all_the_blocks_around_a_segment() -> None:
    for depth in (0, 1, LEVELS, 3 * LEVELS):
        segments = read_html("<p>Ferry<section><div>Home</div>" + "<div>" * depth + "<p>News").segments
        markup = [segment.markup for segment in segments]
        assert [len(m.containers) for m in markup if m is not None] == [2, 3, 3 + depth]
        assert [segment.markup for segment in Segments.of(list(segments))] == markup


def test_peers_count_the_siblings_of_the_same_shape() -> None:
    markup = [segment.markup for segment in read_html("<ul><li>a<li>b<li class=x>c</ul>").segments]
    assert [m.peers[0] for m in markup if m is not None] == [2, 2, 1]


def test_adjacent_pieces_of_one_link_are_one() -> None:
    (segment,) = read_html("<p><a href=/a>Ferry <b>sails</b> again</a> and <a href=/b>again</a></p>").segments
    assert segment.markup is not None
    assert [segment.text[link.start : link.end] for link in segment.markup.links] == ["Ferry sails again", "again"]


# ------------------------------------------------------------------------- text that the page does not show


ARTICLE = "The ferry sails again. " * 40


def test_a_bare_page_has_its_text_from_noscript() -> None:
    page = read_html(f"<p>Please wait</p><noscript><p>{ARTICLE}</p></noscript>")
    assert page.notes == ("text from noscript",)
    assert page.segments[-1].text == ARTICLE.strip()


@pytest.mark.parametrize("item", [{"articleBody": ARTICLE}, {"@graph": [{"@type": "NewsArticle", "articleBody": f"<p>{ARTICLE}</p>"}]}])
def test_a_bare_page_has_its_text_from_json_ld(item: dict[str, object]) -> None:
    html = f"<script type='application/ld+json'>{json.dumps(item)}</script><script type='application/ld+json'>broken</script><p>Loading</p>"
    page = read_html(html)
    assert page.notes == ("body from JSON-LD",)
    assert [segment.text for segment in page.segments] == ["Loading", ARTICLE.strip()]
    assert page.segments[-1].markup is not None
    assert page.segments[-1].markup.words == ("<json-ld",)
    assert read_html(html + f"<p>{'Row on, boys. ' * 99}</p>").notes == ()


def test_a_bare_page_has_its_text_from_the_state_of_its_framework() -> None:
    state = {"props": {"page": [{"html": f"<p>{ARTICLE}</p>", "css": "a" * 999, "n": 1}]}}
    page = read_html(f"<p>Loading</p><script id=__NEXT_DATA__ type='application/json'>{json.dumps(state)}</script>")
    assert page.notes == ("body from framework state",)
    assert [segment.text for segment in page.segments] == ["Loading", ARTICLE.strip()]


def test_a_page_that_hides_most_of_itself_shows_it() -> None:
    page = read_html(f"<p>One of 29</p><div style='display:none'><p>{ARTICLE}</p></div>")
    assert page.notes == ("text from hidden elements",)
    assert page.segments[-1].text == ARTICLE.strip()


@pytest.mark.parametrize("around", ["article", "main", "div class=entry-content", "div id=articleBody", "section itemprop=articleBody"])
@pytest.mark.parametrize("hiding", ["hidden", "style='display: none'"])
def test_hidden_paragraphs_of_the_article_are_shown(around: str, hiding: str) -> None:
    menu = f"<nav><div hidden><p>{ARTICLE}</p></div></nav><p>{'Menu ' * 2000}</p><div hidden><p>{ARTICLE}</p></div>"
    page = read_html(
        f"<html>{menu}<{around}><h1>Ferry</h1><div {hiding}><p>{ARTICLE}</p><p>Row on.</p></div><p hidden>Sold</p></{around.split()[0]}>"
    )
    assert page.notes == ("text from hidden elements",)
    assert [segment.text for segment in page.segments][1:] == ["Ferry", ARTICLE.strip(), "Row on."]


@pytest.mark.parametrize(
    "html",
    [
        "<aside hidden><p>{}</p></aside>",
        "<form><div hidden><p>{}</p></div></form>",
        "<div hidden><form><p>{}</p></form></div>",
        "<div hidden><nav><p>{}</p></nav>Row on.</div>",
        "<dialog><p>{}</p></dialog>",
        "<div hidden>{}</div>",
        "<div hidden><div hidden><p>{}</p></div><p>Row on.</p></div>",
        "<div hidden><p>" + " " * 400 + "</p></div>",
        "</article><div hidden><article><div hidden><p>{}</p></div></article></div>",
        "</article><div class=history-content data-of=article-body><div hidden><p>{}</p></div></div>",
    ],
)
def test_hidden_text_of_an_article_that_is_no_part_of_it_stays_hidden(html: str) -> None:
    page = read_html(f"<html><article><p>{'Row on. ' * 2000}</p>{html.format(ARTICLE)}</article>")
    assert page.notes == ()
    assert len(page.segments) == 1


UNSPACED = {"ja": "連絡船は明日からまた動く。" * 60, "zh": "渡轮明天恢复通航。" * 60, "th": "เรือข้ามฟากกลับมาแล่น" * 40}


@pytest.mark.parametrize("article", UNSPACED.values(), ids=UNSPACED)
@pytest.mark.parametrize(
    ("html", "note"),
    [
        ("<noscript><p>{0}</p></noscript>", "text from noscript"),
        ("<div hidden><p>{0}</p></div>", "text from hidden elements"),
        ('<script type=\'application/ld+json\'>{{"articleBody": "{0}"}}</script>', "body from JSON-LD"),
        ('<script type=\'application/json\'>{{"a": ["{0}"]}}</script>', "body from framework state"),
    ],
)
def test_a_bare_page_has_its_text_in_scripts_without_spaces_too(html: str, note: str, article: str) -> None:
    page = read_html("<html><body>" + html.format(article))
    assert page.notes == (note,)
    assert [segment.text for segment in page.segments] == [article]


@pytest.mark.parametrize("article", UNSPACED.values(), ids=UNSPACED)
def test_a_page_that_shows_an_article_in_such_a_script_is_not_bare(article: str) -> None:
    legal = json.dumps({"notice": ARTICLE * 5})
    hidden = f"<div hidden>{ARTICLE}</div><noscript>{ARTICLE * 5}</noscript><script type='application/json'>{legal}</script>"
    page = read_html(f"<html><p>{article}</p>{hidden}")
    assert page.notes == ()
    assert [segment.text for segment in page.segments] == [article]


# -------------------------------------------------------------------------------------------------------- encodings

LEGACY = {
    "windows-1252": "Das Fährschiff fährt wieder über den Fluß, für fünf Kähne und zwölf Gänse.",
    "iso-8859-2": "Łódź płynie znów, żeglarze się cieszą, a dzień był długi i piękny.",
    "windows-1251": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "koi8-r": "Паром снова ходит через реку, сказал паромщик в понедельник утром.",
    "gb18030": "渡船星期二恢复运行，船长说桥还没有修好，村民们很高兴。",
    "big5": "渡船星期二恢復運行，船長說橋還沒有修好，村民們很高興。",
    "shift_jis": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-jp": "渡し船は火曜日に再開した。船長によると橋はまだ直っていない。",
    "euc-kr": "나룻배는 화요일에 다시 운항을 시작했다고 선장이 말했다.",
    "utf-8": "Das Fährschiff — 渡船 — паром",
}


@pytest.mark.parametrize("encoding", LEGACY)
@pytest.mark.parametrize("how", ["meta", "old meta", "server"])
def test_a_declared_encoding_is_used(encoding: str, how: str) -> None:
    declared = {"meta": f"<meta charset={encoding}>", "old meta": f"<meta http-equiv=Content-Type content='text/html; charset={encoding}'>"}
    html = f"<html><head>{declared.get(how, '')}</head><p>{LEGACY[encoding]}</p>"
    assert decode_html(html.encode(encoding), encoding if how == "server" else "") == html


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "windows-1251", "gb18030", "shift_jis", "euc-jp", "euc-kr"])
def test_an_undeclared_encoding_is_told_by_its_bytes(encoding: str) -> None:
    html = f"<html><head><title>x</title></head><div class=page>{('<p>' + LEGACY[encoding] + '</p>') * 30}</div>"
    assert decode_html(html.encode(encoding)) == html


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_a_byte_order_mark_goes_before_all(mark: bytes, encoding: str) -> None:
    html = "<meta charset=latin1><p>Fähre</p>"
    assert decode_html(mark + html.encode(encoding)) == html


def test_broken_bytes_and_unknown_names_are_no_error() -> None:
    assert decode_html(b"<p>F\xe4hre</p>", "utf-8") == "<p>F\ufffdhre</p>"
    assert decode_html("<p>Fähre</p>".encode(), "no-such-thing") == "<p>Fähre</p>"


# ---------------------------------------------------------------------------------------------------------- bad HTML


@given(st.text("<>/=\"'!-?[]&;abp1 \n\x00", max_size=300))
def test_any_markup_is_read(html: str) -> None:
    page = read_html(html)
    assert all(page.page.text[s.start : s.end] == s.text for s in page.segments)
    annotated(html, {0: ("body", "body")})


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("display:none", False),
        ("color:red; DISPLAY : none !important", False),
        ("/* no */visibility:hidden", False),
        ("backface-visibility:hidden", True),
        ("--menu-display: none", True),
        ("background:url(x?display:none)", True),
    ],
)
def test_what_a_style_hides_is_not_shown(style: str, shown: bool) -> None:
    assert texts(f"<p>Row</p><p style='{style}'>on") == ["Row", "on"][: 1 + shown]


def test_nul_bytes_xhtml_and_lone_surrogates_are_read() -> None:
    assert texts("<p>Row\x00 on \ud800</p>") == ["Row\ufffd on ?"]
    assert texts('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Row<br/>on</p></body></html>') == ["Row", "on"]


def test_a_page_that_is_nothing_but_preformatted_text_is_the_dump_in_it() -> None:
    dump = "Home\nNews\n\nFerry stops\n\nThe ferry stops in May, for the\nquay is to be mended.\n"
    page = dump_in(read_html(f"<html><head><title>Post</title></head><body><pre>{dump}</pre>"))
    assert (page.page, page.metadata.title, page.notes) == (Page(dump, "page"), "Post", ("a text dump in HTML",))
    assert [segment.text for segment in page.segments] == [segment.text for segment in split(dump)]
    for other in ("", "<pre>Row on</pre>", f"<p>Quay</p><pre>{dump}</pre>", "<p>Row<br>on</p>"):
        assert dump_in(read_html(other)).page.view == "html"


def test_html_is_told_from_text() -> None:
    assert looks_like_html("<!-- a --><!doctype html>")
    assert not looks_like_html("How to write <p>")
    dump = "# Ferry stops\n\nRow **on**, boys.<br>\n\n<details><summary>Rest</summary>\n\n## Rest\n\nRow home.\n\n</details>\n"
    assert not looks_like_html('<div class="skip">Skip</div>\n\n' + dump)
    assert looks_like_html("<!doctype html>" + dump)


def test_annotated_marks_the_numbered_elements_and_keeps_the_page() -> None:
    html = "<html><head></head><body><p>Row</p><p>on</p></body></html>"
    numbers = [s.markup.element for s in read_html(html).segments if s.markup is not None]
    marked = annotated(html, {numbers[1]: ("teaser", "teaser")}, "p{}")
    assert '<p>Row</p><p data-pagesieve="teaser" data-pagesieve-role="teaser">on</p>' in marked
    assert "<style>p{}</style></head>" in marked
    old = "<html><head><meta http-equiv=Content-Type content='text/html; charset=windows-1251'><title>Ряд</title></head><body><p>Ряд</p></body></html>"
    assert decode_html(annotated(decode_html(old.encode("cp1251")), {}).encode()).count("Ряд") == 2


def test_json_ld_cut_amid_a_character_can_be_written_out() -> None:
    body = "Row on. " * 100
    page = read_html(
        f'<script type="application/ld+json">{{"headline": "Row \\ud83d", "author": ["Ada \\udc80"], "articleBody": "{body}\\ud83d"}}</script><p>Row'
    )
    assert (page.metadata.title, page.metadata.author) == ("Row ?", "Ada ?")
    assert page.page.text == f"Row\n\n{body}?\n"


@pytest.mark.parametrize(
    ("html", "parts"),
    [
        ("<ol start=3><li>a<ul><li>b</ul><li value=9>c</ol><li>d", [Item(3), Item(), Item(9), Item()]),
        ("<ol reversed><li>a<li>b</ol><ol reversed start=9><li>c<li>d<li value=3>e<li>f", [Item(n) for n in (2, 1, 9, 8, 3, 2)]),
        ("<blockquote><p>a</blockquote>", [Quotation()]),
        ("<table><tr><td colspan=2><td><tr><td><table><td></table>", [Cell(0, 0, 0), Cell(0, 0, 2), Cell(0, 1, 0), Cell(1, 0, 0)]),
        ("<table><tr><td><td rowspan=2 colspan=2><td><tr><td><td>", [Cell(0, 0, 0), Cell(0, 0, 1), Cell(0, 0, 3), Cell(0, 1, 0), Cell(0, 1, 3)]),
        ("<table><tr><td rowspan=9><tfoot><tr><td>", [Cell(0, 0, 0), Cell(0, 1, 0)]),
        ("<table><tr><td hidden><td style='display: none'><td hidden=until-found>", [Cell(0, 0, 0)]),
        ("<table><tr><td colspan=x><td colspan=0><td colspan=-5><td colspan=999999><td>", [Cell(0, 0, c) for c in (0, 1, 2, 3, 103)]),
    ],
)  # fmt: skip
def test_items_cells_and_quotations_have_the_numbers_of_their_elements(html: str, parts: list[object]) -> None:
    found = parts_of_page(html)
    tables = sorted({part.table for part in found.values() if isinstance(part, Cell)})
    told = [Cell(tables.index(p.table), p.row, p.column) if isinstance(p, Cell) else p for p in found.values()]
    assert told == parts
    marked = annotated(html, {number: (type(part).__name__, "") for number, part in found.items()})
    assert re.findall(r'<(\w+)[^>]*? data-pagesieve="(\w+)"', marked) == [
        ({"Item": "li", "Cell": "td", "Quotation": "blockquote"}[type(part).__name__], type(part).__name__) for part in parts
    ]


@pytest.mark.parametrize("head", ["", "<!DOCTYPE html>", "<!-- a --><!doctype html><!-- b -->", "<!-- <!doctype html> -->"])
def test_pages_are_written_out_with_one_doctype(head: str) -> None:
    for written in (annotated(head + "<p>Row on</p>", {}), inert(head + "<p>Row on</p>")):
        assert len(re.findall("<!doctype", re.sub("<!-- <.*?-->", "", written), re.IGNORECASE)) == 1
    assert inert("").lower().startswith("<!doctype html>")


@pytest.mark.parametrize(
    "active",
    [
        "<script>alert(1)</script>",
        "<meta http-equiv=refresh content='0;url=https://a.example/'>",
        "<link rel=preconnect href=https://a.example/>",
        "<base href=https://a.example/>",
        "<iframe src=https://a.example/></iframe>",
        "<object data=https://a.example/></object><embed src=https://a.example/>",
        "<video src=https://a.example/ autoplay></video>",
        "<div><SCRIPT src=https://a.example/></SCRIPT></div>",
    ],
)
def test_inert_leaves_the_text_and_takes_what_runs_loads_or_leads_elsewhere(active: str) -> None:
    html = f"<html><head>{active}<style>p{{}}</style></head><body>{active}<p class=x>Row</p></body></html>"
    left = inert(html)
    assert "<style>p{}</style>" in left
    assert '<p class="x">Row</p>' in left
    assert "a.example" not in left
    assert "alert" not in left


# ------------------------------------------------------------------------------- what is hard to tell in a written-out tree

ODD = {
    "script within a comment within a script": "<script><!--<script>a</script>--></script><p>Row on</p>",
    "markup in raw text": "<style>a</style><script>if (a < b) x = '<p>no</p>'</script><iframe><b>no</b></iframe><p>Row on</p>",
    "template": "<template><p>no<template><i>no</template><style></template></style></template><p>Row on</p>",
    "names with signs": '<a<b>Row</a<b> <i g<h=1 a"b=c "=d =e=f>on</i>',
    "comments": "<!-->Row<!-- <p>no</p> --> <!--->on<!-- - -- <b -->",
    "processing instruction": "<?php a < b; echo $c ?>Row <?x?>on",
    "drawing": "<svg><style>a > b {}</style><g><title>no</title></g></svg><div>Row on<math><mi>no</mi></math></div>",
    "attributes in attributes": "<p title=' hidden=' id='x'>Row</p><p title=\"a style='display:none'\">on</p>",
    "hidden": "<div hidden>no<svg><g></svg><template><p>no</template></div><p style='x'>Row on<i aria-hidden=true>no</i><img hidden alt='no no'></p>",
}


@pytest.mark.parametrize("name", ODD)
def test_text_and_numbers_of_elements_are_those_of_the_tree(name: str) -> None:
    page = read_html("<html><body>" + ODD[name])
    assert " ".join(segment.text for segment in page.segments) == "Row on"
    for segment in page.segments:
        assert segment.markup is not None
        tag = segment.markup.path.rsplit("/")[-1]
        assert f'<{tag} data-pagesieve="here"' in re.sub(
            r' (?:title|id|style)="[^"]*"', "", annotated(page.source, {segment.markup.element: ("here", "here")})
        )


def test_what_is_shown_of_raw_text_is_not_read_as_markup() -> None:
    assert texts("<xmp>Row <b> &amp; on</xmp>off") == ["Row <b> &amp; on", "off"]
    assert texts("<pre>\n  Row <b>on</b>\n   off</pre>") == ["Row on\n   off"]
    assert texts("Row<plaintext>on</p> &lt;") == ["Row", "on</p> &lt;"]
