"""`pagesieve.titles`: how much of the title that a page states of itself each of its lines is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.features import MARKUP, column_names, layout, measure
from pagesieve.html import read_html
from pagesieve.titles import titled

WORD = st.text("abcdeÄ渡船", min_size=1, max_size=6)


def share(text: str, title: str) -> float:
    return float(titled([text], title)[0])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Ferry sails again", "Ferry sails again"),
        ("FERRY sails “again”!", "Ferry sails again | Harbour News"),
        ("Ferry sails again - Harbour News", "Ferry sails again – Harbour News"),
        ("Ferry – it sails again", "Ferry - it sails again - Harbour News"),
        ("Storm", "Storm"),
        ("STRASSE", "Straße"),
        ("渡船は「明日」も止まる", "渡船は明日も止まる｜港新聞"),
        ("เรือข้ามฟากหยุด", "เรือข้ามฟากหยุด - ข่าวท่าเรือ"),
    ],
)
def test_the_title_with_or_without_its_tail_is_the_title(text: str, title: str) -> None:
    assert share(text, title) == 1


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("Live: ferry sails again today", "Ferry sails again today | News", 23 / 28),
        ("Ferry sails again today", "Ferry sails again today at last", 23 / 31),
        ("Live: ferry sails again", "Ferry sails again | News", 0),  # three words
        ("Ferry sails again today", "The ferry of the mill in the valley sails again today, as the quay is whole", 0),  # no half of it
        ("Errys ails again todays", "Ferry sails again today", 0),
        ("Ferry sails again, yes, today", "Ferry sails again today", 0),
        ("The Long Harbour News", "Ferry sails | The Long Harbour News", 0),  # the tail
        ("Storm", "Storm | Harbour News", 0),  # a word is no title beside a tail
        ("明日も渡船は全て止まる", "渡船は全て止まる", 8 / 11),
        ("渡船は止まる、明日", "渡船は止まる", 0),  # six characters
        ("", "Ferry", 0),
        ("Ferry", "", 0),
        ("Ferry", "| – |", 0),
    ],
)
def test_what_holds_the_title_or_is_part_of_it_counts_for_its_share(text: str, title: str, expected: float) -> None:
    assert share(text, title) == pytest.approx(expected, abs=0.02)


@given(st.lists(WORD, min_size=1, max_size=9), st.integers(0, 9), st.integers(1, 9), st.lists(WORD, max_size=4))
def test_no_line_that_is_the_title_or_most_of_it_is_passed_over(words: list[str], first: int, size: int, more: list[str]) -> None:
    title = " ".join(words)
    assert share("»" + title.upper(), title) == 1
    part, longer = " ".join(words[first : first + size]), " ".join([*words, *more])
    for text in (part, longer):
        found = share(text, title)
        assert 0 <= found <= 1
        shorter, whole = sorted((text, title), key=len)
        if "渡" not in whole and "船" not in whole and 4 <= len(shorter.split()) < len(whole.split()) and len(shorter) > len(whole) / 2:
            assert found == pytest.approx(len(shorter) / len(whole))


def test_a_headline_that_only_the_title_tells_has_a_column() -> None:
    head = "<head><title>Ferry sails again | News</title></head>"
    segments = read_html(f"<html>{head}<div class=x7>News</div><div class=q1>Ferry sails again</div><div class=x7>Quay shut</div>").segments
    found = dict(zip(column_names((MARKUP,)), layout(measure(segments), (MARKUP,)).T.tolist(), strict=True))
    assert found["titled"] == [0, 1, 0]
    assert [segment.markup.titled for segment in segments if segment.markup] == [0, 1, 0]
    assert "titled" not in column_names()
