"""`pagesieve.stated`: what a page states of itself, in its tags and its JSON-LD, and nothing else."""

from __future__ import annotations

import json

import pytest
from conftest import grows_linearly

import pagesieve
from pagesieve.html import read_html
from pagesieve.stated import Metadata, front_matter


def json_ld(value: str) -> str:
    return f'<script type="application/ld+json">{value}</script><p>Row'


def test_metadata_is_what_the_page_states() -> None:
    stated = {"@type": "NewsArticle", "datePublished": "2024-05-01", "author": [{"name": "Ada Quill"}, {"name": "Tom Rusk"}]}
    page = read_html(
        "<html lang=en-GB><head><title> Ferry  sails | Post </title><link rel=canonical href='https://post.example/f'>"
        f"<meta property='og:title' content='Ferry sails'><script type='application/ld+json'>{json.dumps(stated)}</script></head>"
    )
    metadata = page.metadata
    assert (metadata.title, metadata.url, metadata.language) == ("Ferry sails", "https://post.example/f", "en-GB")
    assert (metadata.date, metadata.author) == ("2024-05-01", "Ada Quill, Tom Rusk")


def test_nothing_is_guessed() -> None:
    metadata = read_html("<p>By Ada Quill, 1 May 2024").metadata
    assert (metadata.title, metadata.url, metadata.language, metadata.date, metadata.author) == ("", "", "", "", "")


def test_metadata_says_what_addresses_are_relative_to_and_reads_json_ld_with_a_charset() -> None:
    ld = '<script type="Application/LD+JSON; charset=utf-8">{"headline": "Row on", "author": {"name": "Ada Quill"}}</script>'
    assert (
        read_html("<meta property=article:author content='https://x.example/ada'><meta name=byl content='Ada Quill'><p>Row").metadata.author
        == "Ada Quill"
    )
    several = "".join(f"<meta name=author content='{name}'>" for name in ("https://x.example/ada", "Ada Quill", "Tom Rusk", "Ada Quill"))
    assert read_html(f"{several}<p>Row").metadata.author == "Ada Quill, Tom Rusk"
    found = read_html(f"<head><base target=_top><base href=' /news/ '><base href=/x/>{ld}</head><p>Row on.").metadata
    assert (found.title, found.author, found.base) == ("Row on", "Ada Quill", "/news/")


@pytest.mark.parametrize(
    ("author", "told"),
    [
        ('"Ada O&#039;Quill"', "Ada O'Quill"),
        ('"https://x.example/ada"', ""),
        ('[{"name": "https://x.example/ada"}, {"name": "Tom &amp; Ada"}]', "Tom & Ada"),
        ('"https://x.example/ada"}</script><script type=application/ld+json>{"author": "Tom Rusk"', "Tom Rusk"),
    ],
)
def test_an_author_of_json_ld_is_a_name_as_a_page_would_show_it(author: str, told: str) -> None:
    assert read_html(json_ld(f'{{"author": {author}}}')).metadata.author == told


def test_an_articles_own_json_ld_goes_before_that_of_its_pictures_and_videos() -> None:
    picture, video = '{"@type": "ImageObject", "author": "Agency"}', '{"@type": "VideoObject", "author": "Studio", "datePublished": "2019"}'
    for kind in ('"NewsArticle"', '["Thing", "BlogPosting"]', '"http://schema.org/Report"', "null"):
        article = f'{{"@type": {kind}, "headline": "Row on", "author": "Ada Quill", "datePublished": "2031"}}'
        found = read_html(json_ld(f'{{"@graph": [{picture}, {video}, {article}]}}')).metadata
        assert (found.title, found.author, found.date) == ("Row on", "Ada Quill", "2031")
    assert read_html(json_ld(picture)).metadata.author == "Agency"


def test_the_title_of_a_drawing_is_not_the_pages() -> None:
    logo = "<svg><g><title>Logo</title></g></svg>"
    assert read_html(f"<body>{logo}<h1>Row</h1>").metadata.title == ""
    assert read_html(f"<body>{logo}<title>Row on</title>").metadata.title == "Row on"


def test_json_ld_nested_without_end_is_read() -> None:
    for opening, closing in (("[", "]"), ('{"name":', "}")):
        for depth in (10, 600, 900, 100_000):
            page = read_html(json_ld(f'{{"headline": "Row on", "author": {opening * depth}"Ada"{closing * depth}}}'))
            assert page.metadata.author == ("Ada" if depth == 10 else "")


@pytest.mark.parametrize("unit", ["[]", "{}", '{"@graph": [{}]}', '"a"'])
def test_the_time_json_ld_takes_grows_with_its_size_alone(unit: str) -> None:
    assert grows_linearly(lambda n: json_ld(f"[{', '.join([unit] * n)}]"), read_html, 10_000)


@pytest.mark.parametrize(
    ("text", "stated", "rest"),
    [
        (
            '---\ntitle: "Ferry: stops"\nurl: https://quay.example/f\ndate: 2031-05-01\nauthor: Ada Quill\nlang: en\ntags: [a, b]\n---\n\n# Ferry\n',
            Metadata("Ferry: stops", "https://quay.example/f", "en", "2031-05-01", "Ada Quill"),
            "\n\n# Ferry\n",
        ),
        ("+++\ntitle = 'Ferry'\ndraft = false\n+++\nRow on.", Metadata("Ferry"), "\nRow on."),
        (
            "Title: Ferry stops\n\nURL Source: https://quay.example/f\n\nPublished Time: 2031-05-01\n\nMarkdown Content:\nRow on.",
            Metadata("Ferry stops", "https://quay.example/f", "", "2031-05-01"),
            "\nRow on.",
        ),
        (
            "\r\nTitle: Ferry stops\r\n\r\nURL Source: https://quay.example/f\r\n\r\nWarning: Target URL returned error 404\r\n\r\nMarkdown Content:\r\nRow on.",
            Metadata("Ferry stops", "https://quay.example/f"),
            "\nRow on.",
        ),
        (
            '---\r\n# made by hand\r\n"title": \'Ferry\'\'s "quay"\'\r\nsourceURL: "https://quay.example/f?x=1" # c\r\nauthor: "A \\"Q\\" Quill"\r\n...\r\nRow',
            Metadata('Ferry\'s "quay"', "https://quay.example/f?x=1", author='A "Q" Quill'),
            "\nRow",
        ),
        ("---\ndescription: >\n  Row\n  on\ntitle: Ferry\n---", Metadata("Ferry"), ""),
        ("---\nRow on.\n---\n", Metadata(), "---\nRow on.\n---\n"),
        ("---\ntitle: Ferry\nRow on.\n", Metadata(), "---\ntitle: Ferry\nRow on.\n"),
        ("Title: Ferry\n\nRow on.\n", Metadata(), "Title: Ferry\n\nRow on.\n"),
        ("", Metadata(), ""),
    ],
)
def test_a_text_dump_may_state_something_before_it_begins(text: str, stated: Metadata, rest: str) -> None:
    found, begin = front_matter(text)
    assert (found, text[begin:]) == (stated, rest)


@pytest.mark.parametrize("unit", ["a: b\n", "---\n", "---", "\n", "Title: a\n", "a", "# a\n", "...\n", " ", "Warning: a\n", "\r\n"])
def test_telling_what_stands_before_takes_linear_time(unit: str) -> None:
    for start in ("", "---\n", "Title: a\n", "Title: a\nURL Source: b\n", "---\na: b\n"):
        assert grows_linearly(lambda n, start=start: start + unit * n, front_matter, 2_000)  # type: ignore[misc]


def test_front_matter_is_metadata_and_no_part_of_the_article() -> None:
    page = "---\ntitle: Ferry stops\nlang: en\n---\n\n# Ferry stops\n\nThe ferry stops in May, the council said on Monday, for the quay is to be mended.\n\nIt has been in use since 1908.\n"
    found = pagesieve.load().segment(page)
    assert (found.metadata.title, found.metadata.language, found.headline) == ("Ferry stops", "en", "Ferry stops")
    assert "title:" not in found.body + found.markdown
    assert found.markdown.startswith("# Ferry stops\n\nThe ferry")
