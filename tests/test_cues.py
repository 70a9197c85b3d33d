"""`pagesieve.cues`: lines that point to another story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.cues import FIRST_TOKENS, POINTER
from pagesieve.features import measure
from pagesieve.page import split
from pagesieve.words import tokens


@pytest.mark.parametrize(
    "line",
    [
        "Read more: Harbour ferry loses its night crossing",
        "READ: Seven barns that were saved",
        "[Read: Why the mill stood still]",
        "Read more on the strike: Nobody rowed on Tuesday",
        "SEE ALSO: The kite club divides the valley",
        "Related: What is the best soil for a lilac?",
        "• MORE: Lighthouse closes for winter",
        "Lesen Sie auch: Die Mühle steht wieder still",
        "Mehr dazu lesen Sie hier: Wer zahlt für die Fähre",
        "À lire aussi : Le bac ne part plus le soir",
        "Lea también: El molino vuelve a girar",
        "Les også: Fergen går ikke lenger om natten",
        "Czytaj też: Młyn znowu stoi w polu",
        "Читайте также: Паром больше не ходит ночью",
        "関連記事：渡し船の夜間運航が終了",
    ],
)
def test_a_line_that_points_to_another_story_is_told(line: str) -> None:
    assert measure(split(line)).pointer.tolist() == [1]


@pytest.mark.parametrize(
    "line",
    [
        "Read more",
        "Read more: ferries",
        "Read the rules before you row out on the lake.",
        "More than a hundred people came: all of them rowed.",
        "Related stories",
        "Mehr als hundert Leute kamen: alle ruderten.",
        "She said: read more: it helps at sea",
        "Se rompió el molino: nadie sabe por qué",
    ],
)
def test_other_lines_are_not(line: str) -> None:
    assert measure(split(line)).pointer.tolist() == [0]


@given(st.sampled_from(["Read more: ", "Lire aussi : ", "See also: "]), st.text(max_size=60))
def test_every_line_that_matches_begins_with_a_first_token(phrase: str, rest: str) -> None:
    line = phrase + rest
    if POINTER.match(line):
        assert tokens(line)[0] in FIRST_TOKENS
