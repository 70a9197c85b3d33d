"""`pagesieve.cues`: lines that point to another story, those that say that comments are closed, and landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pagesieve.cues import FIRST_TOKENS, POINTER, TOGETHER, notices
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


@pytest.mark.parametrize(
    "line",
    [
        "For the time being we have closed the comments under our stories from the harbour.",
        "Comments on this article are temporarily unavailable while we mend the mill of our opinions.",
        "Wir haben die Kommentarfunktion unter diesem Beitrag vorübergehend abgeschaltet.",
        "Les commentaires sont fermés pendant la nuit, le temps que nous dormions un peu.",
        "Hemos cerrado los comentarios de esta noticia hasta que baje la marea.",
        "I commenti sotto questo articolo sono sospesi fino alla fine della vendemmia.",
        "Комментарии к этой статье закрыты до конца ледохода на нашей реке.",
        "この記事へのコメントの受け付けは、編集部の都合によりしばらくのあいだ停止しています。いつも読んでくださる皆さまに感謝します。",
    ],
)
def test_a_notice_of_closed_comments_is_told(line: str) -> None:
    assert measure(split(line)).notice.tolist() == [1]


@pytest.mark.parametrize(
    "line",
    [
        "Comments are closed.",
        "The ferry was closed for a week. Nobody would comment on when it may sail again.",
        "The minister's comments drew laughter from the harbour pilots and their wives.",
        "The bridge over the mill race is temporarily closed to carts and to geese.",
    ],
)
def test_no_other_line_is_a_notice(line: str) -> None:
    assert measure(split(line)).notice.tolist() == [0]


def test_notices_are_found_among_many_texts() -> None:
    lines = ["The ferry sails again, and nobody was aboard to see it leave."] * (2 * TOGETHER)
    lines[3] = lines[TOGETHER + 7] = "We have closed the comments below our stories until the mill turns again."
    assert list(notices(lines)) == [3, TOGETHER + 7]
    assert list(notices([])) == []


@given(st.lists(st.text(alphabet="comment closed.İ\n", min_size=38, max_size=60), max_size=4))
def test_each_text_is_judged_by_itself(texts: list[str]) -> None:
    assert list(notices(texts)) == [place for place, text in enumerate(texts) if list(notices([text])) == [0]]


DAYS = (
    "22.04.2020",
    "Updated 2020-04-22",
    "Publié le 22 avril 2020",
    "1 de mayo de 2022",
    "April 22nd, 2020",
    "Dec. 9, 2016",
    "3 March 1998",
    "2020年4月22日",
    "10/06/20",
)
TIMES = (
    "Anne, 17:07",
    "le lundi 29 octobre à 17h07",
    "13.47 Uhr",
    "7 p.m.",
    "7:30PM",
    "3 hours ago",
    "vor 2 Stunden",
    "il y a 12 minutes",
    "3日前",
    "2시간 전",
)
NEITHER = (
    *(
        "Festivals 2020",
        "Version 15.1.2",
        "+1 212 318 2000",
        "3.65 of 1990 ratings",
        "Bus 22",
        "2 cups or 500 g rice",
        "3:1 for the harbour",
        "24/7",
    ),
    *("2½ cups in water for an hour", "Rule 12: no rowing", "10 minutes by ferry", "1:100"),
)
TOLD = {
    **dict.fromkeys(DAYS, (1, 0)),
    **dict.fromkeys(TIMES, (0, 1)),
    **dict.fromkeys(NEITHER, (0, 0)),
    "Ann | Di, 21. April 2020 - 17:07": (1, 1),
}


@pytest.mark.parametrize(("line", "told"), TOLD.items())
def test_a_short_line_with_a_day_or_a_time_is_told(line: str, told: tuple[int, int]) -> None:
    measures = measure(split(line))
    assert (*measures.dated.tolist(), *measures.timed.tolist()) == told


def landmarks(text: str) -> NDArray[np.float32]:
    found = measure(split(text))
    return np.stack([found.dated, found.timed, found.on_comments], axis=1)


def test_a_paragraph_is_no_landmark() -> None:
    paragraph = "On 22 April 2020 at 17:07 the ferry left with nobody aboard, and those who had come to comment on it stood on the quay and waited for the next one."
    assert not landmarks(paragraph).any()


@pytest.mark.parametrize(
    "line",
    ["27 commentaires", "COMMENTS (3)", "Kommentare", "Комментарии: 5", "コメント（3件）", "评论 12", "댓글 3", "10 réactions", "3 svar"],
)
def test_a_very_short_line_on_comments_is_told(line: str) -> None:
    assert measure(split(line)).on_comments.tolist() == [float(line != "3 svar")]


@given(
    st.lists(
        st.sampled_from(["22.04.2020", "17:07", "Comments", "A boat", "3 March 1998, 9:15 am", "ab\u200bc 12"]), min_size=1, max_size=12
    )
)
def test_landmarks_are_told_of_each_line_alone(lines: list[str]) -> None:
    assert landmarks("\n\n".join(lines)).tolist() == [landmarks(line)[0].tolist() for line in lines]
