"""`markdown`: texts, links and tables as CommonMark reads them."""

from __future__ import annotations

import pytest
from conftest import grows_linearly
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.html import Cell
from pagesieve.markdown import Around, Block, page_markdown, unmarked
from pagesieve.page import Link


def written(text: str, *links: Link, level: int = 0) -> str:
    return page_markdown([Block(text, links, level)]).removesuffix("\n")


@pytest.mark.parametrize(
    "text",
    [
        "# Row",
        "#",
        "> Row",
        "- Row",
        "+ Row",
        "* Row",
        "-",
        "1. Row",
        "12) Row",
        "---",
        "* * *",
        "___",
        "===",
        "```",
        "~~~ Row",
        "[Row]: /x",
    ],
)
def test_what_would_begin_a_block_is_escaped(text: str) -> None:
    place = next(i for i, char in enumerate(text) if not char.isalnum())
    escaped = f"{text[:place]}\\{text[place:]}"
    assert written(text) == escaped
    assert page_markdown([Block(text, around=(Around(0, "-"),))]) == f"- {escaped}\n"
    assert page_markdown([Block(text, around=(Around(0),))]) == f"> {escaped}\n"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
        ("Row <!-- on --> <?x?> <1@b.example>", "Row \\<!-- on --> \\<?x?> \\<1@b.example>"),
        ("Row *on* and **on**", "Row \\*on\\* and \\*\\*on\\*\\*"),
        ("Leser*innen und Kolleg*innen", "Leser\\*innen und Kolleg\\*innen"),
        ("_Row_ __on__", "\\_Row\\_ \\_\\_on\\_\\_"),
        ("`Row` on", "\\`Row\\` on"),
        ("[Row](on)", "[Row\\](on)"),
        ("&lt; &#60; &#x3c;", "\\&lt; \\&#60; \\&#x3c;"),
        ("\\* Row", "\\\\* Row"),
    ],
)
def test_what_would_be_markup_anywhere_is_escaped(text: str, escaped: str) -> None:
    assert written(text) == escaped
    assert written(text, level=2) == f"## {escaped}"


@pytest.mark.parametrize(
    "text",
    ["a * b * c", "snake_case_name and _x", "Row [sic] (on)", "1 < 2 <3", "5* and 4* boats", "AT&T &c", "a ` b", "C:\\boats", "#ferry", "-5",
     "1.5 boats", "Row # on", "Row | on", "2024 was > 2023", "a - b - c"],
)  # fmt: skip
def test_what_says_nothing_to_markdown_stays(text: str) -> None:
    assert written(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"), [("# Row", "# Row"), ("1. Row", "1. Row"), ("Row #", "Row \\#"), ("C#", "C#"), ("##", "\\##")]
)
def test_in_a_heading_only_signs_at_its_end_are_escaped(text: str, escaped: str) -> None:
    assert written(text, level=1) == f"# {escaped}"


@pytest.mark.parametrize("address", ["javascript:x()", " JavaScript:x()", "java\nscript:x()", "data:text/html,x", "VBScript:x"])
def test_an_address_that_runs_is_no_link(address: str) -> None:
    assert written("Row on", Link(0, 3, address)) == "Row on"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/a b", "/a%20b"),
        ("/a(b", "/a%28b"),
        ("/<b>", "/%3Cb%3E"),
        ("/a\n\tb", "/ab"),
        ("/a\\*", "/a\\\\*"),
        ("javascript&colon;x", "javascript\\&colon;x"),  # as a page may write "&amp;colon;"
        ("/?a=1&b=`_*|", "/?a=1&b=%60_*|"),
    ],
)
def test_addresses_are_such_as_markdown_reads(address: str, told: str) -> None:
    assert written("Row on", Link(0, 3, address)) == f"[Row]({told}) on"


def test_links_texts_are_escaped() -> None:
    assert written("Row [x] on", Link(4, 7, "/x")) == "Row [\\[x\\]](/x) on"
    assert written("Row on", Link(0, 3, "/x"), Link(3, 6, "/y")) == "[Row](/x)[ on](/y)"
    assert written("Row!on\\", Link(4, 6, "/x")) == "Row\\![on](/x)\\\\"
    assert written("a`` b", Link(1, 2, "/x")) == "a[\\`](/x)\\` b"
    assert written("*** ", Link(1, 2, "/x")) == "\\*[\\*](/x)\\* "
    assert written("a_b __a_ b", Link(5, 8, "/x")) == "a_b \\_[\\_a\\_](/x) b"


def test_code_has_a_fence_longer_than_any_in_it() -> None:
    assert page_markdown([Block("```\n*a*", code=True)]) == "````\n```\n*a*\n````\n"
    assert page_markdown([Block("a `b`", code=True)]) == "```\na `b`\n```\n"


def test_a_table_whose_cells_are_nearly_all_empty_is_not_filled_up() -> None:
    cells = [Block("x", cell=Cell(0, row, column)) for row in range(99) for column in ([0, 9_999] if row else [0, 1])]
    lines = page_markdown(cells).splitlines()
    assert lines[:3] == ["| x | x |", "| --- | --- |", "| x | x |"]
    assert len(lines) == 100


def test_signs_in_the_lines_of_a_cell_make_no_markup_together() -> None:
    cell, other = Cell(0, 0, 0), Cell(0, 1, 0)
    table = page_markdown([Block("`ls", cell=cell), Block("`cd *a", cell=cell), Block("`ls *a|b", cell=other)])
    assert table == "| \\`ls<br>\\`cd \\*a |\n| --- |\n| `ls *a\\|b |\n"


# ----------------------------------------------------------------------------------------------------------- and back


@pytest.mark.parametrize(
    ("text", "said", "links"),
    [
        ("", "", []),
        ("Row on, boys.", "Row on, boys.", []),
        ("# Ferry *stops* ##", "Ferry stops", []),
        ("> > ## Ferry", "Ferry", []),
        ("Ferry stops\n-----", "Ferry stops", []),
        ("Ferry stops ======", "Ferry stops", []),
        ("#ferry #quay", "#ferry #quay", []),
        ("* * *", "", []),
        ("| --- | :-: |", "", []),
        ("* ### [Ferry stops](/ferry)", "* Ferry stops", [("Ferry stops", "/ferry")]),
        ("[![dock](d.jpg) ### Ferry stops](/ferry)", "Ferry stops", [("Ferry stops", "/ferry")]),
        ("- **Live:** [Ferry](/f) and [mill *burns*](/mill)", "- Live: Ferry and mill burns", [("Ferry", "/f"), ("mill burns", "/mill")]),
        ('[Ferry](https://quay.example/a_(b)_c "Ferry, the")', "Ferry", [("Ferry", "https://quay.example/a_(b)_c")]),
        ("[![Two men in a boat](boat.jpg)](/boat) Rowing", "Two men in a boat Rowing", [("Two men in a boat", "/boat")]),
        ("![Two men](boat.jpg)", "Two men", []),
        ("[\\[Video\\] Ferry](/f g)", "[Video] Ferry", [("[Video] Ferry", "/f g")]),
        ("[Ferry](see below)", "[Ferry](see below)", []),
        ("Leser*innen, 2*3*4, *Montag*s, `a*b`, f**k and s**t", "Leser*innen, 2*3*4, Montags, a*b, f**k and s**t", []),
        ('**「機械が止める」**と**A****B**, **"배"**고', '「機械が止める」とAB, "배"고', []),
        ("**Note:**the rest, 日本**強調**です, **bold**ly", "Note:the rest, 日本強調です, boldly", []),
        ("![pic](a.jpg)Caption ![b](b.jpg) c", "pic Caption b c", []),
        ("# ![logo](l.png) Ferry stops", "Ferry stops", []),
        ("# ![logo](l.png) [Ferry](/f) stops", "Ferry stops", [("Ferry", "/f")]),
        ("# [![logo](l.png)](/) Ferry stops", "Ferry stops", []),
        ("[Food](/food)[Bread](/bread)s", "Food Breads", [("Food", "/food"), ("Bread", "/bread")]),
        ("> Row on,\n> > boys.", "Row on,\nboys.", []),
        ("| January | 3 \\| 4 | [Quay](/q) |", "January   3 | 4   Quay", [("Quay", "/q")]),
        ("Ferry\u27e84\u27e9 stops", "Ferry stops", []),
        ('[1]: /a.jpg\n[2]: /x "T"', "", []),
        ("Ferry[^1]", "Ferry[^1]", []),
        ("15<br>16 <details>x</details>", "15 16 <details>x</details>", []),
        ("3 hours ago](/bread_\\(2\\))", "3 hours ago", [("3 hours ago", "/bread_(2)")]),
        ("![Ann](/a.jpg) Ann Lee](</my bread>)", "Ann Lee", [("Ann Lee", "/my bread")]),
        ("[![x](/1.jpg) ![badge](</b b.png>)", "x badge", []),
        ("[### Ferry stops](/ferry)", "Ferry stops", [("Ferry stops", "/ferry")]),
        ("[\\[Video\\] Ferry](</f g>)", "[Video] Ferry", [("[Video] Ferry", "/f g")]),
        ("[[Video] Ferry](/überfahrt)", "[Video] Ferry", [("[Video] Ferry", "/überfahrt")]),
        ("**Ferry stops**](/ferry) today", "Ferry stops today", [("Ferry stops", "/ferry")]),
        ("[![Two men](boat.jpg)", "Two men", []),
        ("[Skillet biscuits \\", "Skillet biscuits", []),
        ("Skillet biscuits\\\n\\\n  \\", "Skillet biscuits", []),
        ("![Image 7: Two men](boat.jpg) Image 7: rowing", "Two men Image 7: rowing", []),
        ("](/ferry)", "", []),
        ("Row [on][quay], see [2] (below)", "Row on, see [2] (below)", [("on", "/the/quay")]),
        ("2 * 3 * 4, ~~snake_case~~, ***both*** and **a_b**", "2 * 3 * 4, snake_case, both and a_b", []),
        ("`__init__` and \\*on\\*, 1\\. May", "__init__ and *on*, 1. May", []),
        ("Row\non <b>and</b> on &amp; <x>on", "Row\non and on & <x>on", []),
    ],
)
def test_a_block_says_what_stands_in_it_without_marks(text: str, said: str, links: list[tuple[str, str]]) -> None:
    (found,) = unmarked("[quay]: /the/quay\n", [text])
    assert found.text == said
    assert [(found.text[link.start : link.end], link.address) for link in found.links] == links


def test_each_block_has_its_part_of_a_link_around_several() -> None:
    first = ["[![Two men](boat.jpg)\\\n\\", "### Ferry stops\\\n\\", "Row [on](/row)\\", "\\", "Today](/ferry)[![A mill](mill.jpg)\\"]
    found = unmarked("", [*first, "Mill burns", "](/mill)", "Rest](/x)", "[Lost", *["on"] * 12, "end](/y)"])
    assert [(said.text, [link.address for link in said.links]) for said in found[:11]] == [
        ("Two men", ["/ferry"]), ("Ferry stops", ["/ferry"]), ("Row on", ["/row"]), ("", []), ("Today A mill", ["/ferry"]),
        ("Mill burns", ["/mill"]), ("", []), ("Rest", ["/x"]), ("Lost", []), ("on", []), ("on", []),
    ]  # fmt: skip
    assert found[-1].links == (Link(0, 3, "/y"),)
    assert not any(said.links for said in found[8:-1])


def test_headings_and_pictures_are_told() -> None:
    found = unmarked("", ["### Ferry", "Ferry\n===", "[![Two men](boat.jpg)](/boat)", "![Two men](boat.jpg) Rowing", "Ferry"])
    assert [(said.heading, said.picture) for said in found] == [(3, False), (1, False), (0, True), (0, False), (0, False)]


def test_code_in_a_fence_says_what_it_is() -> None:
    code = ["def __init__(self): # *no*", "    return [docs](/d)"]
    assert [said.text for said in unmarked("", ["**Row**", "```python", *code, "```", "**on**"])] == ["Row", "", *code, "", "on"]


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        (["```python", "x", "~~~", "```", "*y*"], "x~~~"),
        (["```pip install ferry```", "*y*", "```", "x", "```"], "x"),
        (["```", "x", "never closed, *y*"], ""),
        (["```x", "```y", "*z*"], ""),
        (["~~~", "*y*", "```", "x", "```"], "x"),
        (["> ```", "> x", "> ````", "*y*"], "> x"),
        (["````", "```", "x", "```", "````"], "```x```"),
        (["1. ```", "x", "```"], "x"),
    ],
)
def test_only_what_stands_between_two_fences_is_code(blocks: list[str], code: str) -> None:
    found = unmarked("", blocks)
    assert "".join(said.text for said in found if said.code) == code
    assert all("*" not in said.text for said in found)


@given(st.lists(st.text('xy *_`#>[]()!\\"<\n-1.', max_size=40), max_size=4))
def test_no_letter_is_lost_but_those_of_addresses(blocks: list[str]) -> None:
    for text, said in zip(blocks, unmarked("", blocks), strict=True):
        letters = [char for char in said.text if char in "xy"]
        assert (
            "](" in text or any(block.lstrip().startswith("```") for block in blocks) or letters == [char for char in text if char in "xy"]
        )


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "[a](",
        "[a]( ",
        " ",
        "![",
        "*a",
        "__a",
        "`a",
        "``a`",
        '[a](b "',
        "[a](((",
        "\\",
        "> ",
        "# ",
        "[a](b 'c",
        "**a__",
        "[a](x(y)",
        "a](b ",
        " \\",
        "[![a](b)",
        "![a](b)",
        "a*",
        "**a ",
        "](/a ",
        "](a\\",
        "](a()",
        "<b",
        "| ",
        "> \n",
        "[a]: b\n",
    ],
)
def test_unmarking_takes_linear_time(unit: str) -> None:
    assert grows_linearly(lambda n: ["x [a](" + unit * n + "b c", unit * n], lambda blocks: unmarked("\n".join(blocks), blocks), 1_000)


@pytest.mark.parametrize("unit", ["```", "```x", "~~~", "````", "[x", "](y)"])
def test_unmarking_many_blocks_takes_linear_time(unit: str) -> None:
    assert grows_linearly(lambda n: [unit + "`" * (i % 7) for i in range(n)], lambda blocks: unmarked("", blocks), 500)
