"""`pagesieve.cues`: lines that point to another story, and those that say that comments are closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
