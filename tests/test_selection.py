from __future__ import annotations

from pathlib import Path

from conftest import grows_linearly, page_lines, page_text, write_page
from hypothesis import given
from hypothesis import strategies as st

from pagesieve import corpus
from pagesieve.page import split
from pagesieve.selection import ALIKE, Candidate, Doubt, _layouts, by_page, furniture, order_of, review_order

MENUS = (frozenset({"Home", "News", "Weather"}), frozenset({"Start", "Politik", "Wetter"}), frozenset[str]())
candidates = st.lists(
    st.builds(Candidate, st.uuids().map(str), st.sampled_from("abcd"), st.floats(0, 1), st.sampled_from(MENUS)), unique_by=lambda c: c.page
)


@given(candidates)
def test_every_page_is_in_the_order_once_whatever_the_order_of_the_input(pages: list[Candidate]) -> None:
    order = review_order(pages)
    assert sorted(order) == sorted(c.page for c in pages)
    assert order == review_order(pages[::-1])


@given(candidates)
def test_the_least_sure_page_comes_first(pages: list[Candidate]) -> None:
    if pages:
        assert review_order(pages)[0] == min(pages, key=lambda c: (c.confidence, c.page)).page


@given(st.lists(st.floats(0, 1), min_size=1))
def test_pages_of_different_sites_and_layouts_go_by_confidence_alone(confidences: list[float]) -> None:
    pages = [Candidate(f"{i:04}", f"{i}.example", c, frozenset({f"menu {i}"})) for i, c in enumerate(confidences)]
    assert review_order(pages) == [c.page for c in sorted(pages, key=lambda c: (c.confidence, c.page))]


def test_a_template_does_not_stand_in_a_row_while_others_wait() -> None:
    weak = [Candidate(f"weak/{i}", f"{i}.example", 0.1 + i / 100, MENUS[0]) for i in range(10)]  # ten sites, one template
    strong = [Candidate(f"strong/{i}", "strong.example", 0.9 + i / 100, frozenset({f"menu {i}"})) for i in range(5)]
    order = review_order([*weak, *strong])
    assert order[:4] == ["weak/0", "strong/0", "weak/1", "strong/1"]


def test_two_pages_of_a_site_share_their_furniture_and_two_sites_do_not() -> None:
    one, two, other = (furniture(split(page_text(page_lines(*page)))) for page in (("saltmarsh", 1), ("saltmarsh", 2), ("larkrise", 1)))
    assert "Subscribe to saltmarsh" in one & two
    assert "Subscribe to saltmarsh" not in other


def test_layouts_are_alike_from_a_third_of_their_furniture_on() -> None:
    def order(shared: int) -> list[str]:
        menus = [frozenset({*(f"same {i}" for i in range(shared)), *(f"{page} {i}" for i in range(10 - shared))}) for page in "ab"]
        first, second = (Candidate(page, f"{page}.example", 0.1, menu) for page, menu in zip("ab", menus, strict=True))
        return review_order([first, second, Candidate("c", "c.example", 0.9, frozenset({"another"}))])

    assert order(2) == ["a", "b", "c"]  # 2 of 18
    assert order(6) == ["a", "c", "b"]  # 6 of 14


def test_a_heading_is_furniture_and_a_paragraph_is_none() -> None:
    text = "Kite club wins new lease despite many doubts\n\nThe harbour master counted the lanterns before dawn, and nobody asked why.\n"
    assert furniture(split(text)) == {"Kite club wins new lease despite many doubts"}


def test_a_paragraph_without_spaces_is_none_either() -> None:
    text = "市の天気と交通\n\n渡し船は火曜日の朝に運航を再開した。船長によると橋はまだ直っておらず、村の人々は船を待っている。\n"
    assert furniture(split(text)) == {"市の天気と交通"}


@given(st.lists(st.frozensets(st.sampled_from("abcdefgh")), max_size=12))
def test_a_page_has_the_layout_of_the_first_one_it_is_like(menus: list[frozenset[str]]) -> None:
    known: list[frozenset[str]] = []
    expected = []
    for menu in menus:
        layout = next((i for i, other in enumerate(known) if menu & other and len(menu & other) >= ALIKE * len(menu | other)), len(known))
        known += [menu] * (layout == len(known))
        expected.append(layout)
    assert _layouts(menus) == expected


def test_ordering_takes_time_linear_in_pages() -> None:
    def pages(n: int) -> list[Candidate]:
        return [Candidate(f"{i}", f"{i}.example", i / n, frozenset({"Home", *(f"{i} {line}" for line in range(20))})) for i in range(n)]

    assert grows_linearly(pages, review_order, 1_000)


def test_pages_without_a_segment_are_not_in_the_order(tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "empty", [("", " ")])
    write_page(tmp_path, "a.example", "story", [("body", "The ferry left.")])
    assert order_of(corpus.read(tmp_path), None) == ["a.example/story.txt"]


def test_doubts_of_a_page_are_listed_in_the_order_of_its_text() -> None:
    found = [
        Doubt("a", 9, 10, "body", "meta", 0.9, ""),
        Doubt("b", 0, 1, "body", "meta", 0.8, ""),
        Doubt("a", 2, 3, "body", "meta", 0.7, ""),
    ]
    assert {page: [d.start for d in some] for page, some in by_page(found).items()} == {"a": [2, 9], "b": [0]}
    assert list(by_page(found)) == ["a", "b"]
