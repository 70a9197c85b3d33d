from __future__ import annotations

import contextlib
import sys
import textwrap
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import pytest
from conftest import TEXTS, grows_linearly
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pagesieve.page import (
    BINARY_SHARE,
    BLANK,
    COLLAPSED_LINE,
    ENDLESS_LINE,
    MAX_INDENT,
    MAX_WRAP,
    MIN_WRAP_EVIDENCE,
    WIDEST,
    Page,
    PageError,
    Segments,
    decode,
    foreign,
    grouped,
    has_headings,
    is_markdown,
    read_page,
    split,
    unbroken,
)
from pagesieve.words import FORMAT, untagged

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


def contents(text: str) -> list[str]:
    return [segment.content for segment in split(text)]


def wrapped(paragraphs: list[str], width: int, gap: str = "\n\n", indent: str = "") -> str:
    """The paragraphs hard-wrapped at `width` columns, `gap` between them, every line indented."""
    fill = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return gap.join(fill.fill(paragraph) for paragraph in paragraphs) + "\n"


# ---------------------------------------------------------------------------------------------- what holds for any text


@given(TEXTS)
@example("")
@example("x" * ENDLESS_LINE + ". Y" + "\u2028")
@example("• \n  • \r\n\t•a")
@example(("One. Two | three  four • five 。" * 400)[: COLLAPSED_LINE * 3])
def test_splitting_loses_nothing(text: str) -> None:
    position = 0
    for segment in split(text):
        assert segment.start >= position
        assert not text[position : segment.start].strip(BLANK)
        assert segment.text == text[segment.start : segment.end]
        assert segment.text
        assert segment.text == segment.text.strip(BLANK)
        assert segment.text.startswith(segment.bullet)
        position = segment.end
    assert not text[position:].strip(BLANK)


def test_blank_is_white_space_and_what_shows_nothing() -> None:
    spaces = {char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()}
    assert spaces.isdisjoint(FORMAT)
    assert spaces | set(FORMAT) == set(BLANK)
    assert {unicodedata.category(char) for char in FORMAT} <= {"Cf", "Cn"}


@given(TEXTS.filter(lambda text: not set(FORMAT) & set(text)), st.sampled_from(FORMAT))
@example("News\n\n  • Home\n    page\n\n" + "Two words\n" * 9, "\u200f")
def test_format_characters_around_lines_hide_nothing(text: str, char: str) -> None:
    lines = text.splitlines()
    plain, written = (split("\n".join(found)) for found in (lines, [char + line + char for line in lines]))
    assert [(s.text.split(), s.bullet, s.indent, s.blank_before) for s in plain] == [
        (s.text.replace(char, "").split(), s.bullet, s.indent, s.blank_before) for s in written
    ]


@given(TEXTS)
def test_the_same_text_gives_the_same_segments(text: str) -> None:
    assert split(text) == split(str(text))


@given(st.text(BLANK))
def test_blank_text_has_no_segments(text: str) -> None:
    assert split(text) == ()


@given(st.lists(st.lists(WORDS, min_size=25, max_size=60).map(" ".join), min_size=3, max_size=6), st.integers(60, 100))
def test_paragraphs_wrapped_at_any_width_are_joined_again(paragraphs: list[str], width: int) -> None:
    text = wrapped(paragraphs, width)
    assume(len(text.split("\n")) - 2 * len(paragraphs) >= MIN_WRAP_EVIDENCE)  # lines that go on in the next one
    assert contents(text) == paragraphs


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\f", "\v", "\x85", "\u2028", "\u2029", "\n\f", "\n\u3000\n", "\n\xa0\n", "\n\t\n"])
def test_every_line_end_ends_a_segment(end: str) -> None:
    assert contents(f"Tide tables{end}Letters{end}") == ["Tide tables", "Letters"]


def test_white_space_of_any_kind_becomes_one_space_in_content() -> None:
    assert contents("Tide\xa0tables\tand \u2003 moon") == ["Tide tables and moon"]


def test_format_characters_within_a_segment_stay_in_the_text() -> None:
    assert [s.text for s in split("\u200bTide\u200btables\n\u200b\nLetters\u200e")] == ["Tide\u200btables", "Letters"]


@pytest.mark.parametrize("char", "\u200b\u200e\u200f\ufeff\xad\u2060")
def test_a_line_of_format_characters_is_blank(char: str) -> None:
    first, second = split(f"News\n {char}\n{char}\n{char}• Home page\n")
    assert (first.text, second.text) == ("News", "• Home page")
    assert (second.bullet, second.content, second.indent, second.blank_before) == ("•", "Home page", 0, 2)
    text = "\n\n".join(f"{char}{paragraph}" for paragraph in wrapped(ARTICLE, 80, gap=f"\n{char}\n").split("\n\n"))
    assert [content.replace(char, "") for content in contents(text)] == ARTICLE
    assert [s.bullet for s in split(f"•{char} Home\n(3){char} Home\n(3{char}) Home")] == ["•", "(3)", ""]


def test_a_segment_knows_its_lines() -> None:
    first, second, third = split("News\n\n\n\t• Tide tables\n \xa0 Letters\n")
    assert (first.indent, first.bullet, first.blank_before, first.inline) == (0, "", 0, False)
    assert (second.indent, second.bullet, second.blank_before, second.inline) == (8, "•", 2, False)
    assert (third.indent, third.bullet, third.blank_before, third.inline) == (3, "", 0, False)


@pytest.mark.parametrize(("indent", "told"), [(MAX_INDENT - 1, MAX_INDENT - 1), (MAX_INDENT, MAX_INDENT), (MAX_INDENT + 9, MAX_INDENT)])
def test_deep_indentation_counts_up_to_a_limit(indent: int, told: int) -> None:
    assert [s.indent for s in split(" " * indent + "Letters\n")] == [told]


# ------------------------------------------------------------------------------------------- bullets and what follows


@pytest.mark.parametrize("bullet", ["•", "*", "-", "+", "–", "◦", "▪", "›", "1.", "12)", "(3)", "2.1."])
def test_list_markers_are_told_from_words(bullet: str) -> None:
    (segment,) = split(f"  {bullet} Tide tables")
    assert (segment.bullet, segment.content) == (bullet, "Tide tables")


@pytest.mark.parametrize("text", ["-5 degrees", "1.5 metres", "2.1 Tides", "2024. A year", "*starred*", "--", "o Brother", "1234) no"])
def test_words_that_look_like_list_markers_are_none(text: str) -> None:
    (segment,) = split(text)
    assert segment.bullet == ""


def test_a_letter_is_a_list_marker_only_where_lynx_draws_it() -> None:
    assert [s.bullet for s in split("     o Tide tables\n      o Letters")] == ["", "o"]


def test_ordinals_are_no_list_markers() -> None:
    text = "4. FC Nordhaven buys a keeper\n1. März 2024\n\nLibrary opens\n28. Februar 2024\n  27. Februar 2024\n\n1. Wash\n2. Dry\n"
    assert [segment.bullet for segment in split(text)] == ["", "", "", "", "", "1.", "2."]
    assert [segment.bullet for segment in split("7. Walks\n8. Letters\n12. mars 2024\n")] == ["7.", "8.", ""]
    assert contents("Tickets from\n3. März 2024 at the pier") == ["Tickets from", "3. März 2024 at the pier"]


def test_continuation_lines_of_a_bullet_belong_to_it() -> None:
    text = "  • The ferry will not\n    run on Sunday\n    or Monday\n  • Orchard sold\n\n 10. Bells\n     restored\nImprint\n"
    assert contents(text) == ["The ferry will not run on Sunday or Monday", "Orchard sold", "Bells restored", "Imprint"]


def test_a_line_left_of_the_bullets_text_is_not_its_continuation() -> None:
    assert contents("  • Ferry\n    stops\n   Orchard\n") == ["Ferry stops", "Orchard"]


def test_a_bullets_headline_and_its_separated_summary_are_two_segments() -> None:
    text = "  • Ferry stops\n\n    The crossing ends in April.\n\n  • Orchard sold\n\n    A cider maker bought it.\n"
    segments = split(text)
    assert [s.content for s in segments] == ["Ferry stops", "The crossing ends in April.", "Orchard sold", "A cider maker bought it."]
    assert [s.bullet for s in segments] == ["•", "", "•", ""]


# ------------------------------------------------------------------------------------------------------- dump styles

KEPT = "The last ferry across the Tarn will keep its crew until spring, the valley council decided on Tuesday night after four hours of talk."  # fmt: skip
VOTE = "Mayor Ines Vale had wanted to sell the boat. She was outvoted by seven to two, with the two bakers abstaining because their flour comes by water."  # fmt: skip
QUOTE = "“We have rowed before and we can row again,” said Tom Rusk, who has steered the boat for thirty-one years. Nobody laughed."
ARTICLE = [KEPT, VOTE, QUOTE]


def test_w3m_dump() -> None:
    text = (
        "The Saltmarsh Courier\n\n  • News\n  • Weather\n      □ Tide tables\n      □ Moon\n[search] [Go]\n\nFerry gets a second winter\n\n"
        f"By Ada Quill, 4 May\n\n[quay]\n{wrapped(ARTICLE, 80)}\nRecommended Stories\n\n"
        "  • Orchard sold to a cider maker who promises to keep the old trees and to leave\n    the footpath open\n\n"
        f"{wrapped([VOTE], 80, indent='    ')}\n  • School bus divides two villages\n\n    Both want the seats at the back.\n\n© Saltmarsh Courier\n"
    )
    assert contents(text) == [
        "The Saltmarsh Courier", "News", "Weather", "Tide tables", "Moon", "[search] [Go]", "Ferry gets a second winter",
        "By Ada Quill, 4 May", "[quay]", *ARTICLE, "Recommended Stories",
        "Orchard sold to a cider maker who promises to keep the old trees and to leave the footpath open", VOTE,
        "School bus divides two villages", "Both want the seats at the back.", "© Saltmarsh Courier",
    ]  # fmt: skip


def test_lynx_dump_with_numbered_links() -> None:
    text = (
        "   #[1]Feed [2]Home\n\n   [3]The Saltmarsh Courier\n\n     * [4]News\n     * [5]Weather\n          + [6]Tide tables\n          + [7]Moon\n"
        "               o [8]Eclipses\n\n                          Ferry gets a second winter\n\n   By [9]Ada Quill\n\n"
        f"{wrapped(ARTICLE, 76, indent='   ')}\n   Search: ____________________ Go\n\nReferences\n\n   Visible links\n"
        "   1. https://saltmarsh.example/feed\n   2. https://saltmarsh.example/\n"
    )
    assert contents(text) == [
        "#[1]Feed [2]Home", "[3]The Saltmarsh Courier", "[4]News", "[5]Weather", "[6]Tide tables", "[7]Moon", "[8]Eclipses",
        "Ferry gets a second winter", "By [9]Ada Quill", *ARTICLE, "Search: ____________________ Go", "References", "Visible links",
        "https://saltmarsh.example/feed", "https://saltmarsh.example/",
    ]  # fmt: skip


def test_elinks_dump() -> None:
    text = (
        "   Link: [1]alternate (RSS)\n\n   [2]News [3]Weather [4]Tide tables\n\n                           Ferry gets a second winter\n\n"
        f"   Photo: [5]quay at noon\n{wrapped(ARTICLE, 80, indent='   ')}\n     * [6]Orchard sold\n     * [7]School bus divides two villages\n\n"
        "   Letters │ Imprint\n\nReferences\n\n   Visible links\n   1. https://saltmarsh.example/feed\n"
    )
    assert contents(text) == [
        "Link: [1]alternate (RSS)", "[2]News [3]Weather [4]Tide tables", "Ferry gets a second winter", "Photo: [5]quay at noon", *ARTICLE,
        "[6]Orchard sold", "[7]School bus divides two villages", "Letters │ Imprint", "References", "Visible links",
        "https://saltmarsh.example/feed",
    ]  # fmt: skip


def test_inscriptis_text() -> None:
    text = (
        "The Saltmarsh Courier\n\n  * News\n  * Weather\n    + Tide tables\n    + Moon\n\n\nFerry gets a second winter\n\n\n"
        f"By Ada Quill\n\n{KEPT}\n\n{VOTE}\n\n{QUOTE}\n\nHigh water  06:12  18:40\nLow water   00:05  12:31\n\nMore\n\n  * Orchard sold\n    A cider maker bought it.\n"
    )
    assert contents(text) == [
        "The Saltmarsh Courier", "News", "Weather", "Tide tables", "Moon", "Ferry gets a second winter", "By Ada Quill", *ARTICLE,
        "High water 06:12 18:40", "Low water 00:05 12:31", "More", "Orchard sold A cider maker bought it.",
    ]  # fmt: skip


def test_html_text_text() -> None:
    text = f"The Saltmarsh Courier\n\nNews\nWeather\n\nFerry gets a second winter\n\nBy Ada Quill\n4 May\n\n{KEPT}\n\n{VOTE}\n\n{QUOTE}\n\nOrchard sold\nSchool bus divides two villages"  # fmt: skip
    assert contents(text) == [
        "The Saltmarsh Courier", "News", "Weather", "Ferry gets a second winter", "By Ada Quill", "4 May", *ARTICLE,
        "Orchard sold", "School bus divides two villages",
    ]  # fmt: skip


def test_inner_text() -> None:
    text = f"News\nWeather\nSign in\n \nFerry gets a second winter\n\nAda Quill\n \n4 May\t4 min\n\n{KEPT}\n\n{VOTE}\n\n{QUOTE}\n\n\n\nOrchard sold\n\nA cider maker bought it.\n\n2 hours ago\n"  # fmt: skip
    assert contents(text) == [
        "News", "Weather", "Sign in", "Ferry gets a second winter", "Ada Quill", "4 May 4 min", *ARTICLE,
        "Orchard sold", "A cider maker bought it.", "2 hours ago",
    ]  # fmt: skip


def test_one_text_node_a_line() -> None:
    lines = ["News", "Weather", "Ferry gets a second winter", "The boat, says", "Ada Quill", ", will run.", *ARTICLE, "|", "Imprint"]
    assert contents("\n".join(lines)) == lines


def test_markdown() -> None:
    text = (
        "[News](/news) [Weather](/weather)\n\nFerry gets a second winter\n==========================\n\n"
        f"![The quay at noon](quay.jpg)\n*The quay at noon*\n\n{KEPT}\n\nThe vote\n--------\n{VOTE}\n\n> {QUOTE}\n\n***\n\n### More\n"
        "- [Orchard sold](/orchard)\n  A cider maker bought it.\n- School bus\n\n1. First\n2. Second\n   line\n\n| Tide | Time |\n|------|------|\n"
    )
    assert contents(text) == [
        "[News](/news) [Weather](/weather)", "Ferry gets a second winter ==========================", "![The quay at noon](quay.jpg)",
        "*The quay at noon*", KEPT, "The vote --------", VOTE, "> " + QUOTE, "***", "### More",
        "[Orchard sold](/orchard) A cider maker bought it.", "School bus", "First", "Second line", "| Tide | Time |", "|------|------|",
    ]  # fmt: skip


def test_a_line_end_alone_ends_no_paragraph_of_markdown() -> None:
    menu = "* [News](/news)\n* [Weather](/weather)\n* [Sign in](/sign-in)\n\n"
    text = (
        menu
        + "## Ferry\nThe boat runs again,\nsays Ada.\nHer rope\nis new.  \nIt holds.\n\n![Quay](q.jpg)\nThe quay\n\n- One\nand more\n> Two\n```\nx\n```\n"
    )
    assert contents(text)[3:] == [
        "## Ferry", "The boat runs again, says Ada. Her rope is new.", "It holds.", "![Quay](q.jpg)", "The quay", "One and more", "> Two", "```", "x", "```",
    ]  # fmt: skip
    few = text.replace("](/weather)", "").replace("](/news)", "")
    assert (is_markdown(text), is_markdown(few), is_markdown("")) == (True, True, False)  # by its heading and its fence
    assert "The boat runs again," in contents(few)  # but is cut as any dump
    one_a_line = "[News](/a)\n[Weather](/b)\n[Sign in](/c)\n" + "\n".join(f"Paragraph {i} is here." for i in range(9))
    assert len(contents(one_a_line)) == 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Ferry\n\nRow on.\n\n## Rest\n\nRow home.\n", True),
        ("# Ferry\n\nRow **on**, boys.\n", True),
        ("Home\n\n## Ferry\n\n> Row on.\n", True),
        ("Row:\n\n# first the oars\n\n# then the boat\n\n**rowed** = True\n", False),
        ("# Ferry\n\nRow on.\n", False),
        ("#ferry #quay\n\n#row **on**\n", False),
        ("     # Ferry\n\n     # Quay\n\n**Row on**\n", False),  # as lynx draws lists
        ("Row **on**, [boys](/x).\n", False),
    ],
)
def test_markdown_is_told_by_its_headings_where_it_has_few_links(text: str, expected: bool) -> None:
    assert is_markdown(text) == has_headings(text) == expected


def test_markdown_with_a_line_for_each_paragraph_has_no_lines_to_join() -> None:
    menu = "".join(f"  * [Section {i}](/s{i})\n" for i in range(9))
    lines = [
        "# Ferry sails again",
        "By [Ann Lee](/ann)",
        KEPT,
        VOTE,
        "[Bread prices rise](/bread)",
        "The miller says that flour is dear.",
        "[School bus](/bus)",
    ]
    assert contents(menu + "\n\n" + "\n".join(lines) + "\n" + menu)[9:16] == lines
    assert is_markdown("\n".join(lines))
    assert not is_markdown("\n".join(lines[2:4]))


def test_a_lone_backslash_within_a_link_of_markdown_belongs_to_the_line_above() -> None:
    card = "[![A kite](k.png)\\\n{0}\\\n{0}### Kites\\\n{0}fly\\\n{0}\\\n{0}\\\n{0}Today](/kites)\n"
    text = "[Home](/)\n\n" + card.format("") + "\n- " + card.format("  ") + "- [News](/n)\n"
    assert [(s.text, s.blank_before) for s in split(text)] == [
        ("[Home](/)", 0), ("[![A kite](k.png)\\\n\\", 1), ("### Kites\\", 1), ("fly\\\n\\\n\\", 0), ("Today](/kites)", 2),
        ("- [![A kite](k.png)\\\n  \\", 1), ("### Kites\\", 1), ("fly\\\n  \\\n  \\", 0), ("Today](/kites)", 2), ("- [News](/n)", 0),
    ]  # fmt: skip
    assert contents("\\\nKites\n\n\\\nfly\n") == ["\\", "Kites", "\\", "fly"]


@pytest.mark.parametrize("unit", ["#", "# a\n\n", "\n\n", "**", "**a", "[a](", "\n\n   ", "> "])
def test_telling_markdown_takes_linear_time(unit: str) -> None:
    assert grows_linearly(lambda n: unit * n, is_markdown, 4_000)


def test_sentences_torn_at_links_are_joined_where_nodes_have_lines_of_their_own() -> None:
    menu = [f"Section {i}" for i in range(20)]
    torn = ["The boat, says", "Ada Quill", ", will run", "again", "in May.", "Orchard sold"]
    expected = [*menu, "The boat, says Ada Quill , will run again in May.", "Orchard sold"]
    assert contents("\n".join([*menu, *torn])) == expected
    assert contents("\n".join([*menu[:9], *torn])) == [*menu[:9], *torn]  # too short to tell
    assert contents("\n\n".join([*menu, *torn])) == [*menu, *torn]
    broken = ["The boat, says Ada\n    Quill, will run again\n    in May, when the\n    ice is gone.", "Orchard sold", *torn[:4]]
    assert contents("\n".join([*menu, *broken, "Ada Quill"])) == [
        *menu, "The boat, says Ada Quill, will run again in May, when the ice is gone.", "Orchard sold", "The boat, says Ada Quill , will run again", "Ada Quill",
    ]  # fmt: skip
    wrapped_in_nodes = wrapped([*ARTICLE, *ARTICLE], 60, gap="\n")
    assert contents("\n".join(["Ferry", "Home", KEPT * 3, wrapped_in_nodes]))[:2] == ["Ferry", "Home"]
    assert contents("\n".join([*menu, "Ferry sold", "by Ada Quill", "Orchard sold"]))[-3:] == ["Ferry sold", "by Ada Quill", "Orchard sold"]
    answered = ["Nobody asked the ferryman.", "reply", "Mudlark", "It ran in May.", "reply"]
    assert contents("\n".join([*menu, *torn, *answered])) == [*expected, *answered]  # nothing goes on behind a full stop
    captioned = [
        "Photo by Tom Rusk, who rows",
        "Ada Quill",
        "home.",
        "A photo by Ada Quill",
        "The boat was seen",
        "off the quay.",
        "The boat and",
        KEPT[:-1],
        "again.",
    ]
    assert contents("\n".join([*menu, *torn, *captioned])) == [
        *expected, "Photo by Tom Rusk, who rows Ada Quill home.", "A photo by Ada Quill The boat was seen off the quay.", "The boat and", KEPT[:-1] + " again.",
    ]  # fmt: skip
    behind_a_name = ["A photo by Ada Quill", "The boat was seen again", "off the quay."]
    assert contents("\n".join([*menu, *torn, *behind_a_name])) == [
        *expected,
        "A photo by Ada Quill",
        "The boat was seen again off the quay.",
    ]
    small = [f"section {i}" for i in range(20)]
    assert contents("\n".join([*small, *torn])) == [*small, *torn]  # somebody who writes no capitals


@pytest.mark.parametrize("width", [60, 72, 80, 100])
@pytest.mark.parametrize("indent", ["", "   "])
def test_wrapped_paragraphs_with_blank_lines(width: int, indent: str) -> None:
    text = f"{indent}Ferry gets a second winter\n\n{indent}By Ada Quill\n\n" + wrapped([*ARTICLE, *ARTICLE], width, indent=indent)
    assert contents(text) == ["Ferry gets a second winter", "By Ada Quill", *ARTICLE, *ARTICLE]


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_wrapped_paragraphs_without_blank_lines(width: int) -> None:
    text = "Ferry gets a second winter\nBy Ada Quill\n" + wrapped([VOTE, QUOTE, KEPT], width, gap="\n")
    assert contents(text) == ["Ferry gets a second winter", "By Ada Quill", VOTE, QUOTE, KEPT]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_wrapped_paragraphs_with_other_line_ends(end: str) -> None:
    assert contents(wrapped(ARTICLE, 72).replace("\n", end)) == ARTICLE


def test_wrapped_chinese() -> None:
    first, second = "塔恩河上最后一班渡船将保留船员直到春天镇议会在星期二晚上四个小时" * 4, "镇长原本想卖掉这条船" * 9
    lines = [p[i : i + 36] for p in (first, second) for i in range(0, len(p), 36)]
    assert contents("\n".join(["渡船", "", *lines, "", "版权所有"])) == ["渡船", first, second, "版权所有"]


def test_wrapped_by_a_program_that_takes_a_wide_character_for_one_column() -> None:
    first, second = "塔恩河上最后一班渡船将保留船员直到春天镇议会在星期二晚上四个小时" * 8, "镇长原本想卖掉那条船" * 17
    paragraphs = [[f"   {p[i : i + 71]}" for i in range(0, len(p), 71)] for p in (first, second)]
    korean = [" ".join(["나루터의 마지막 배는 봄까지 남는다고 군의회가 화요일 밤에 네 시간 만에 결정했다."] * times) for times in (5, 4)]
    assert contents("\n\n".join(["渡船", *map("\n".join, paragraphs), "版权所有"])) == ["渡船", first, second, "版权所有"]
    assert contents(wrapped(["나루", *korean], 74, indent="   ")) == ["나루", *korean]


def test_a_list_of_addresses_is_no_text_that_could_have_been_broken() -> None:
    share = "https://share.example/?text=Ferry gets a second winter, and nobody knows who is to pay for it&url=https://quay.example/ferry"
    listed = "\n".join(f"  {number}. {share}" for number in range(30))
    assert contents(f"{wrapped(ARTICLE, 76, indent='   ')}\n\nReferences\n\n{listed}\n")[: len(ARTICLE)] == ARTICLE


def test_list_items_left_whole_in_wrapped_text() -> None:
    items = [f"* {paragraph} {paragraph}" for paragraph in ARTICLE]
    assert [s.text.strip() for s in split("\n".join([wrapped(ARTICLE, 78), "", *items]))][-len(items) :] == items
    assert contents("\n".join([wrapped(ARTICLE, 78), "", *items]))[: len(ARTICLE)] == ARTICLE


def test_a_markdown_address_broken_behind_a_hyphen() -> None:
    text = "[Ferry gets a second winter](https://quay.example/ferry-\nsecond-winter)\nOrchard sold\n"
    assert [s.text for s in split(text)] == [text.removesuffix("\nOrchard sold\n"), "Orchard sold"]


def test_tags_that_were_left_in_a_text_end_its_lines() -> None:
    lines = ["Home", "Ferry gets a second winter", "", KEPT, "", "<b>Related</b>", '<a href="/orchard">Orchard sold</a>']
    for end in ("<br>", "<br />\n", "<BR/>\r\n"):
        found = split(end.join(lines))
        assert [(untagged(s.content), s.blank_before) for s in found] == [
            ("Home", 0), ("Ferry gets a second winter", 0), (KEPT, 1), ("Related", 1), ("Orchard sold", 0),
        ]  # fmt: skip
    paragraphs = split(f"Home\n<p>{KEPT}</p><p>{VOTE}</p>\n<p>\n{QUOTE}\n</p>\n")
    assert [untagged(s.content) for s in paragraphs] == ["Home", KEPT, VOTE, QUOTE]
    assert [s.text for s in split("<br>\n<br>\n<br>")] == ["<br>", "<br>", "<br>"]  # nothing else is there
    (only,) = split("<br>\n<br>\n\n<br>\n- Home\n\n<br>\n")
    assert (only.start, only.end, only.bullet) == (0, len("<br>\n<br>\n\n<br>\n- Home\n\n<br>"), "")


def test_lines_that_tags_end_in_wrapped_text_are_not_joined() -> None:
    paragraphs = wrapped([KEPT, VOTE, QUOTE], 72).replace("\n\n", "<br>\n")
    full = "The old landing stage will be torn down for good, says Ada Quill<br>"  # no room for another word
    lines = [full, "Tickets for children are for free<br>", full, "Tickets for others are not</p>", "Subscribe to our newsletter"]
    found = [untagged(s.content) for s in split("\n".join([paragraphs, *lines]))]
    assert found == [KEPT, VOTE, QUOTE, *map(untagged, lines)]


def test_tags_that_end_all_lines_of_wrapped_text_part_nothing() -> None:
    text = "".join(f"{line}<br>\n" for line in wrapped([KEPT, VOTE, QUOTE], 72).split("\n"))
    assert [" ".join(untagged(s.text).split()) for s in split(text)] == [KEPT, VOTE, QUOTE]


@pytest.mark.parametrize(
    "text",
    [
        "Lines end with <br> and paragraphs with </p> there.\nNever write two <br> in a row.\nA <br> has no end.",
        "# Kites\n\n| one<br>two<br>three | four<br>five |\n|---|---|\n| six<br>seven | eight |",
    ],
    ids=["a text about tags", "a table of Markdown"],
)
def test_few_tags_and_those_in_a_table_end_no_line(text: str) -> None:
    assert [s.text for s in split(text)] == [line for line in text.splitlines() if line]


def test_text_torn_at_links_between_the_blank_lines_of_the_html() -> None:
    gap = "\n\n\n\n\n"
    menu = gap.join(["Harbour", "Tides", "Letters", "Weather"])
    paragraphs = [
        ["The ferry stays until", "spring", ", says the council in", "Tarn", "."],
        ["Nobody", "asked the miller", ", though."],
    ] * 4
    text = gap.join([menu, *("\n".join(parts) for parts in paragraphs), "Orchard sold", "Print"])
    assert [" ".join(s.text.split()) for s in split(text)][4:-2] == [" ".join(parts) for parts in paragraphs]


def test_japanese_torn_at_links() -> None:
    torn = ["町議会は", "渡船", "を春まで残すと決めた。", "町長は", "船", "、そして乗組員に礼を述べた。"]
    text = "\n".join(["Harbour", "Tides", "Letters", "Weather"] * 5 + torn * 2)
    assert contents(text)[20:24] == ["町議会は", "渡船を春まで残すと決めた。", "町長は", "船、そして乗組員に礼を述べた。"]


@given(st.lists(st.text("渡船は止まる春。가나Ab ", min_size=1, max_size=9), min_size=1, max_size=4))
def test_a_line_s_end_amid_a_script_without_spaces_is_no_space(parts: list[str]) -> None:
    one_line = unbroken("\n".join(parts))
    assert "\n" not in one_line
    assert one_line.replace(" ", "") == "".join(parts).replace(" ", "")
    for before, after in pairwise(part.strip() for part in parts):
        if before and after:
            assert (f"{before} {after}" in unbroken(f"{before}\n{after}")) is bool(
                {before[-1], after[0]} & set("가나Ab")
            ) or "  " in before + after


def test_chinese_paragraphs_on_one_line_each_are_not_taken_for_wrapped() -> None:
    text = "镇议会在星期二晚上决定，塔恩河上最后一班渡船的船员留到春天为止。" * 4
    lines = ["渡船", *(text[:length] for length in (27, 80, 27, 95, 27, 70, 26, 88, 27, 120))]
    assert contents("\n".join(lines)) == lines


def test_the_widths_that_explain_wrapped_lines_are_neighbours() -> None:
    narrow, wide = ([f"{'a' * 29} {'b' * length}", "x" * 12] for length in (29, 60))  # both widths have as many votes
    assert len(split("\n".join([*narrow, "", *wide, ""] * MIN_WRAP_EVIDENCE))) == 4 * MIN_WRAP_EVIDENCE


def test_too_little_evidence_for_a_width_leaves_lines_alone() -> None:
    lines = wrapped([QUOTE], 60).splitlines()
    assert len(lines) == 3
    assert contents("\n".join(lines)) == lines
    assert contents(wrapped([QUOTE, QUOTE], 60)) == [QUOTE, QUOTE]


def test_long_lines_beside_wrapped_ones_mean_that_nothing_is_wrapped() -> None:
    narrow = wrapped([KEPT, VOTE], 60)
    assert contents(narrow) == [KEPT, VOTE]
    assert contents(narrow + "\n" + KEPT * 3 + "\n")[:3] == narrow.splitlines()[:3]


@pytest.mark.parametrize(
    ("width", "joined"),
    [
        (26, False),
        (32, True),
        (40, True),
        (49, True),
        (60, True),
        (MAX_WRAP, True),
        (120, True),
        (132, True),
        (200, True),
        (WIDEST + 50, False),
    ],
)
def test_only_text_of_a_plausible_width_is_taken_for_wrapped(width: int, joined: bool) -> None:
    paragraphs = [" ".join(ARTICLE[:4]), *ARTICLE] * 3
    text = wrapped(paragraphs, width)
    assert contents(text) == (paragraphs if joined else [line for line in text.splitlines() if line])


CREW = "the ferry across the Tarn keeps its crew until spring, says the council of the valley"
WIDE_LINES = {
    **{
        f"summaries that end in {end}": [f"{CREW}, and {CREW[:n]}{end}" for n in (31, 33, 32, 34)] * 2
        for end in (".", '."', "।", "۔", "؟", "]")
    },
    "columns": [f"{'Tarnfoot':<60}{CREW:<90}{'9.30 to 17'}{'x' * n}" for n in (1, 2, 3, 1)] * 2,
    "tabs": [f"tarnfoot\t{CREW}\tdaily but on Sundays and {'x' * n}" for n in (1, 2, 3, 1)] * 2,
    "bars": [f"| tarnfoot | {CREW} | daily but on Sundays {'x' * n}" for n in (1, 2, 3, 1)] * 2,
    "log": [
        f'203.0.113.10 - - [12/May/2031:10:10:00 +0000] "GET /news/{n}.html HTTP/1.1" 200 1013 "-" "Browser (Y; Tarn x86) row"'
        for n in range(10, 19)
    ],
    "chat": [f"[2031-05-12 10:0{n}:00] <anna> {CREW} and {'x' * (n % 4)}" for n in range(9)],
    "beginnings": [f"{CREW.capitalize()}, and {CREW} "[: 139 + n % 2].rstrip() for n in range(9)],
}


@pytest.mark.parametrize("lines", WIDE_LINES.values(), ids=WIDE_LINES)
def test_wide_lines_that_are_no_text_are_not_taken_for_wrapped(lines: list[str]) -> None:
    assert contents("\n".join(["Ferry", *lines, "Orchard"])) == ["Ferry", *(" ".join(line.split()) for line in lines), "Orchard"]


@pytest.mark.parametrize(
    "lines",
    [
        ["Harbour and landing stage", "Tide tables of the Tarn", "Letters to Ada Quill", "Orchards in bloom along the river"] * 4,
        [f"The ferry across the Tarn keeps {'its crew' if n % 2 else 'rowing'}" for n in range(12)],
        [f"and the ferry across the Tarn {'keeps its crew' if n % 3 else 'stays'}" for n in range(12)],
        ["and be one traveler, long I stood", "and looked down one as far as I could", "to where it bent in the undergrowth"] * 5,
        ["جدول المد والجزر في نهر التارن الكبير", "رسائل القراء إلى آدا كويل في الميناء", "بساتين مزهرة على طول النهر والبحر"] * 5,
        [f"10:{10 + n} <anna> the ferry {'stays, it' * (n % 2)} seems" for n in range(12)],
    ],
    ids=["menu", "verse", "verse without capitals", "more of it", "menu in Arabic", "chat"],
)
def test_narrow_lines_that_are_no_text_are_not_taken_for_wrapped(lines: list[str]) -> None:
    assert contents("\n".join(lines)) == [" ".join(line.split()) for line in lines]


def test_wide_lines_of_all_lengths_are_not_taken_for_wrapped() -> None:
    lines = [
        f"{'The ferry across the Tarn keeps its crew until spring, says the council ' * 2}{'and so on ' * n}and on"
        for n in (0, 3, 1, 4, 2, 4, 4, 0, 3, 4)
    ]
    assert contents("\n".join(lines)) == lines


def test_the_last_line_of_a_centred_paragraph_belongs_to_it() -> None:
    text = wrapped([KEPT, VOTE, QUOTE], 72)
    centred = "\n".join(line.center(72).rstrip() for line in text.splitlines())
    assert contents(centred) == contents(text) == [KEPT, VOTE, QUOTE]


def test_a_paragraph_whose_first_line_is_indented_is_one_of_its_own() -> None:
    lines = [
        "The ferry across the Tarn keeps its crew until the spring of next",
        "year, says the council of the valley where the old mill has stood.",
        "  Orchards bloom along the river again, and the landing stage below",
        "the mill is open daily but Sundays from half past nine to five, for",
        "all who row.",
    ]
    assert len(contents("\n".join(lines * 2))) == 4


def test_a_dash_at_the_start_of_a_wrapped_line_is_no_bullet() -> None:
    first = "The boat, the crew and the landing stage at Tarnfoot stay as they are –"
    text = wrapped([KEPT, VOTE, QUOTE], 72) + "\n" + first + "\n– at least so says Ada Quill, who has counted the votes.\n"
    assert len(contents(text)) == 4


def test_a_page_in_one_line_is_cut_after_sentences_and_at_separators() -> None:
    text = (
        "News | Weather · Tide tables » Sign in  Ferry gets a second winter\tBy Ada Quill "
        f"{' '.join(ARTICLE)} Dr. Rusk and J. Smith agree! “Row on.” Is that all? Yes… 12 boats remain. nobody objects • Orchard sold ▪ School bus "
        f"{' '.join(ARTICLE)}"
    )
    assert contents(text) == [
        "News |", "Weather ·", "Tide tables »", "Sign in", "Ferry gets a second winter", "By Ada Quill " + KEPT,
        "Mayor Ines Vale had wanted to sell the boat.", VOTE.partition(". ")[2],
        *QUOTE.partition(" Nobody")[:1], "Nobody laughed.", "Dr. Rusk and J. Smith agree!", "“Row on.”", "Is that all?", "Yes…",
        "12 boats remain. nobody objects", "Orchard sold", "School bus " + KEPT, "Mayor Ines Vale had wanted to sell the boat.",
        VOTE.partition(". ")[2], *QUOTE.partition(" Nobody")[:1], "Nobody laughed.",
    ]  # fmt: skip
    assert [s.inline for s in split(text)] == [False] + [True] * 20
    assert [s.bullet for s in split(text) if s.bullet] == ["•", "▪"]


def test_a_chinese_page_in_one_line_is_cut_after_full_stops() -> None:
    assert contents("渡船将保留到春天。" * 80) == ["渡船将保留到春天。"] * 80


def test_a_line_counts_as_a_collapsed_page_only_if_it_is_long_and_nearly_all_there_is() -> None:
    line = ("Row. " * 200)[:COLLAPSED_LINE]
    assert len(split(line[:-1] + "x")) > 1
    assert len(split(line[:-2] + "x")) == 1
    assert len(split(line[:-1] + "x" + "\n" + "word " * 25)) > 2
    assert len(split(line[:-1] + "x" + "\n" + "word " * 35)) == 2


def test_an_endless_line_is_cut_on_any_page() -> None:
    others = "\n".join(["a short line"] * 2000)
    line = ("Row. " * 2000)[: ENDLESS_LINE - 1]
    assert len(split(others + "\n" + line + "x")) > 2001
    assert len(split(others + "\n" + line[:-1] + "x")) == 2001


# ---------------------------------------------------------------------------------------------------- bytes to text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("Ä 渡".encode(), "Ä 渡"),
        ("Ä 渡".encode("utf-8-sig"), "Ä 渡"),
        (b"\xff\xfe" + "Ä 渡".encode("utf-16-le"), "Ä 渡"),
        (b"\xfe\xff" + "Ä 渡".encode("utf-16-be"), "Ä 渡"),
        (b"\xef\xbb\xbf", ""),
        ("Tür und “Tor” – für 5 €".encode("cp1252"), "Tür und “Tor” – für 5 €"),
        ("Über uns".encode() + b" \xff", "Über uns \ufffd"),
        (b"\xff\xfea\x00b", "a\ufffd"),
        (b"tide\x1b[31m tables", "tide\x1b[31m tables"),
    ],
)
def test_bytes_are_decoded_by_mark_then_as_utf8_then_by_their_looks(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_a_few_broken_bytes_in_a_long_utf8_page_do_not_change_its_encoding() -> None:
    page = ("x" * 150_000 + "é" * 100).encode()
    assert decode(page + b"\xe9 \xe9 \xe9").endswith("é\ufffd \ufffd \ufffd")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf8_text_comes_back(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


@given(st.binary())
def test_any_bytes_give_a_text_or_a_page_error(data: bytes) -> None:
    with contextlib.suppress(PageError):
        assert isinstance(decode(data), str)


def test_one_control_character_is_a_slip() -> None:
    assert decode(b"Row on.\r\n\x1a") == "Row on.\r\n\x1a"
    with pytest.raises(PageError, match="looks binary"):
        decode(b"Row on.\x00\x1a")


def test_binary_data_are_refused_by_name_from_a_share_of_control_characters() -> None:
    with pytest.raises(PageError, match=r"^holiday\.png: looks binary \(3 control characters in the first 100\).*encoding"):
        read_page(b"\x00" * 3 + b"x" * 97, "holiday.png")
    assert read_page(b"\x00" * int(BINARY_SHARE * 100) + b"x" * 98).text.count("\x00") == 2


def test_utf16_without_a_mark_is_refused() -> None:
    with pytest.raises(PageError, match="say what encoding"):
        decode("Tide tables".encode("utf-16-le"))
    assert decode("Tide tables".encode("utf-16-le"), encoding="utf-16-le") == "Tide tables"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_page_is_read_from_any_bytes(kind: type) -> None:
    assert read_page(kind(b"Tide"), "x.txt") == Page("Tide", "x.txt")


@pytest.mark.parametrize("wrong", [None, 3, ["Tide"], ("Tide",)])
def test_anything_else_is_no_page(wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"x\.txt: .* not {type(wrong).__name__}"):
        read_page(wrong, "x.txt")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------- time


LINEAR = [
    "word ",
    "A sentence. ",
    "a line\n",
    "• \n",
    "•\n",
    "  • a\n    b\n",
    " ",
    "\t",
    "\n",
    ". ",
    '."',
    "===\n",
    "漢。",
    "a  ",
    " |",
    "\x00",
    "'",
]


@pytest.mark.parametrize("piece", LINEAR)
def test_splitting_takes_time_linear_in_size(piece: str) -> None:
    assert grows_linearly(lambda n: piece * (n // len(piece)), split, 30_000)


@pytest.mark.parametrize(("text", "work"), [("字", unbroken), ("{a}", foreign)])
def test_endless_line_feeds_are_read_in_linear_time(text: str, work: Callable[[str], object]) -> None:
    assert grows_linearly(lambda n: f"{text}{chr(10) * n}x", work, 5_000)


@pytest.mark.parametrize("blank", " \t")
def test_deep_indentation_takes_linear_time(blank: str) -> None:
    assert grows_linearly(lambda n: (blank * n + "• a\n") * 30, split, 10_000)


# --------------------------------------------------------------------------------------------------------------- columns


def test_segments_are_a_sequence_of_segments() -> None:
    segments = split("Ferry\n\n  • Row on\n  • Home\n")
    plain = tuple(segments)
    assert segments == plain
    assert hash(segments) == hash(plain)
    assert segments != plain[1:]
    assert segments[-1] == plain[2]
    assert segments[1:] == plain[1:]
    assert plain[1] in segments
    with pytest.raises(IndexError):
        segments[3]
    assert Segments.of(plain) == segments
    assert Segments.of(plain).contents() == [s.content for s in plain] == ["Ferry", "Row on", "Home"]
    assert split("") == ()


# ----------------------------------------------------------------------------------------------------------- groups


@given(st.lists(st.integers(0, 9)), st.integers(1, 20))
def test_a_group_ends_with_the_page_that_fills_it(sizes: list[int], most: int) -> None:
    groups = list(grouped(sizes, sizes, most))
    assert [size for group in groups for size in group] == sizes
    assert all(sum(group[:-1]) < most for group in groups)
    assert all(sum(group) >= most for group in groups[:-1])
