"""`segmentation` and `render`: what is made of labelled segments."""

from __future__ import annotations

import html
import json
import re
from dataclasses import asdict, replace

import pytest
from conftest import TEXTS, grows_linearly
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.html import read_html
from pagesieve.page import split
from pagesieve.render import ANSI, COLOURS, page_ansi, page_document, page_html
from pagesieve.roles import LABEL_OF_ROLE, LABELS
from pagesieve.segmentation import LabeledSegment, LabeledSegments, Segmentation, Teaser, group_teasers
from pagesieve.stated import Metadata

SUMMARY = "The council had wanted to sell the boat but was outvoted by seven to two."
SHORTER = "The council had wanted to sell the boat but was outvoted again."
OTHER = "Nobody in the two villages could remember a storm that came so early in autumn."


def labelled(text: str, *roles: str) -> Segmentation:
    """The segments of `text` with these roles, the last one for all that follow."""
    segments = split(text)
    given = [roles[min(i, len(roles) - 1)] for i in range(len(segments))]
    return Segmentation(
        text,
        tuple(
            LabeledSegment(s.text, s.start, s.end, LABEL_OF_ROLE[r], r, 0.9, s.bullet, s.indent, s.blank_before, s.inline)
            for s, r in zip(segments, given, strict=True)
        ),
    )


def stories(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(t.title, t.summary, t.details) for t in labelled(text, "teaser").teasers]


# ------------------------------------------------------------------------------------------------------ body and more


def test_body_is_the_paragraphs_joined_by_a_blank_line() -> None:
    page = labelled("Home\nFerry stops\nRow  on,\tthey say.\n\n\n  • Then row\n    back.\nImprint", "boilerplate", "headline", "body", "body", "meta")  # fmt: skip
    assert page.body == "Row on, they say.\n\n• Then row back."
    assert page.headline == "Ferry stops"
    assert page.boilerplate == ("Home", "Imprint")


def test_whatever_is_labelled_body_is_in_the_body_but_the_headline() -> None:
    page = labelled("Ferry stops\nThe ferry at its quay\nRow on.", "headline", "caption", "body")
    kept = Segmentation(page.text, tuple(replace(s, label="body") for s in page.segments))
    assert (page.body, kept.body, kept.headline) == ("Row on.", "The ferry at its quay\n\nRow on.", "Ferry stops")
    assert kept.boilerplate == ()


def test_of_a_dump_that_is_markdown_values_have_no_marks() -> None:
    text = "# Ferry **stops**\n\nRow on, said [Ada](/ada), 1\\. mate.\n\n## Rest\n\n- [Mill *burns* down before dawn](/mill)\n\n- [Boys row home](/boys) 12:30\n"
    page = labelled(text, "headline", "body", "teaser_heading", "teaser")
    assert (page.headline, page.body) == ("Ferry stops", "Row on, said Ada, 1. mate.")
    assert [(t.title, t.url, text[t.start : t.end]) for t in page.teasers] == [
        ("Mill burns down before dawn", "/mill", "- [Mill *burns* down before dawn](/mill)"),
        ("Boys row home", "/boys", "- [Boys row home](/boys) 12:30"),
    ]
    assert page.teasers[1].details == ("12:30",)
    assert page.markdown == "# Ferry **stops**\n\nRow on, said [Ada](/ada), 1\\. mate.\n"
    assert page.plain().startswith("Ferry stops\nRow on, said Ada, 1. mate.\n")


def test_code_keeps_its_lines_in_the_body() -> None:
    code = "def row(boat):\n    for oar in boat:\n\n        pull(oar)"
    text = f"Row **on**.\n\n```python\n{code}\n```\n\n[Rest](/rest) is *a*\nline.\n\n## Rest\n\n- [Mill](/m)\n- [Quay](/q)\n"
    assert labelled(text, "body").body == f"Row on.\n\n{code}\n\nRest is a line.\n\nRest\n\n- Mill\n\n- Quay"
    assert of_html(f"<p>Row\non.<pre>{code}</pre><p>Rest", "body").body == f"Row on.\n\n{code}\n\nRest"


def test_a_story_in_markdown_leads_where_its_title_does() -> None:
    story = "- [Politics](/politics)\n  [![](x.jpg)](/x)\n  [{0}](/{1})\n\n"
    page = labelled(
        story.format("Truck hits the covered bridge again", 1) + story.format("Mill burns down before dawn on Monday", 2), "teaser"
    )
    assert [t.url for t in page.teasers] == ["/1", "/2"]
    assert [t.title for t in page.teasers] == ["Truck hits the covered bridge again", "Mill burns down before dawn on Monday"]


def test_cards_of_markdown_with_a_link_around_each_are_stories() -> None:
    card = "[![Photo {0}](/{0}.jpg)\\\n\\\n### {1}\\\n\\\n{2}\\\n\\\n2 hours ago](/{0})\n"
    titles = ("Truck hits the covered bridge again", "Mill burns down before dawn on Monday", "Boys row home across the lake")
    page = labelled("\n".join(card.format(n, title, SUMMARY) for n, title in enumerate(titles, 1)), "teaser")
    assert [(t.title, t.summary, t.details, t.url) for t in page.teasers] == [
        (title, SUMMARY, (f"Photo {n}", "2 hours ago"), f"/{n}") for n, title in enumerate(titles, 1)
    ]


def test_addresses_in_brackets_are_links_and_references_are_characters() -> None:
    text = (
        "Ferry &amp; mill [/]\n\nAda said on Monday [/monday], &quot;row on&quot;, and in [brackets] &lt;so&gt;.\n\n"
        " * Mill burns down before dawn in 2024 [https://quay.example/mill?a=1&amp;b=2]\n\n * BOYS ROW HOME ACROSS THE LAKE\n   [/boys]\n   "
        + SUMMARY
        + "\n"
    )
    page = labelled(text, "headline", "body", "teaser")
    assert (page.headline, page.body) == ("Ferry & mill", 'Ada said on Monday, "row on", and in [brackets] <so>.')
    assert page.markdown == '# Ferry & mill\n\nAda said on Monday, "row on", and in [brackets] \\<so>.\n'
    assert [(t.title, t.url) for t in page.teasers] == [
        ("Mill burns down before dawn in 2024", "https://quay.example/mill?a=1&amp;b=2"), ("BOYS ROW HOME ACROSS THE LAKE", "/boys"),
    ]  # fmt: skip
    plain = labelled(
        "Ferry &amp; mill\n\nRow &quot;on&quot;.\n\nMill &#38; boys row home &hellip;\n\nBoys row\n", "headline", "body", "teaser"
    )
    assert (plain.headline, plain.body) == ("Ferry & mill", 'Row "on".')
    assert [t.title for t in plain.teasers] == ["Mill & boys row home …"]
    assert labelled("Ferry &amp; mill\n\nRow on [/x].", "headline", "body").body == "Row on [/x]."


def test_tags_that_were_left_in_a_text_are_no_part_of_what_it_says() -> None:
    text = (
        "<b>Ferry &amp; mill</b><br>\nAda said on <a class=day href='/monday'>Monday</a>: <i>row on</i>, 1 &lt; 2.<br><br>\n"
        '<a target="_blank" href="/mill?a=1&amp;b=2">Mill burns down before dawn in 2024</a><br>\n'
    )
    page = labelled(text, "headline", "body", "teaser")
    assert (page.headline, page.body) == ("Ferry & mill", "Ada said on Monday: row on, 1 < 2.")
    assert page.markdown == "# Ferry & mill\n\nAda said on Monday: row on, 1 < 2.\n"
    assert [(t.title, t.url) for t in page.teasers] == [("Mill burns down before dawn in 2024", "/mill?a=1&b=2")]
    assert page.text == text
    lines = labelled("Kites fly.<br>\n\n<br>\n\nKites land.<br>\n<br>\nRow.<br>", "body", "body", "body")
    assert lines.body == "Kites fly.\n\nKites land.\n\nRow."
    mixed = labelled("Ferry gets a winter [/ferry] and [/b] more [/c] and [/d] <em>row</em> <i>on</i>\n", "body")
    assert mixed.body == "Ferry gets a winter and more and row on"
    story = labelled(
        '<p><a href="/kites" title="use href=no">Kites fly over the mill again </a></p>\n<p>1 <b>2</b></p>\n', "teaser", "boilerplate"
    )
    assert [(t.title, t.url) for t in story.teasers] == [("Kites fly over the mill again", "/kites")]


@pytest.mark.parametrize("line", ["{0}{1}{2}", "{0} | {1} · {2}", "| {0} | {1} | {2} |", "- {0} {1}\n- {2}"])
def test_cards_side_by_side_in_markdown_are_stories_of_their_own(line: str) -> None:
    cards = ("[![Image 3: dock](d.jpg) ### Truck hits the bridge](/1)", "[Mill *burns* down before dawn](/2)", "[Boys row home](/3)")
    page = labelled(line.format(*cards) + "\n\n[Home](/)\n", "teaser")
    found = [(t.title, t.url) for t in page.teasers]
    assert found[:3] == [("Truck hits the bridge", "/1"), ("Mill burns down before dawn", "/2"), ("Boys row home", "/3")]
    told = "The [council of the town](/a) had wanted to sell it, but was outvoted by [seven of its members](/b), as they say."
    assert len(labelled(f"{told}\n\n[Home](/)\n", "teaser", "boilerplate").teasers) == 1


def test_headline_and_standfirst_are_a_line_each() -> None:
    assert (
        labelled("Ferry\nstops\n\nIn April.\n\nRow on.", "headline", "headline", "headline", "body").headline == "Ferry\nstops\nIn April."
    )


def test_a_headline_is_no_part_of_the_body_text() -> None:
    page = labelled("Ferry stops\nRow on.", "headline", "body")
    assert page.body == "Row on."
    assert [segment.label for segment in page] == ["body", "body"]


def test_where_nothing_else_is_the_body_a_whole_sentence_is_no_headline() -> None:
    notice = labelled(f"Ferry stops\n\n{SUMMARY}\n", "headline", "headline")
    assert (notice.headline, notice.body) == ("Ferry stops", SUMMARY)
    article = labelled(f"Ferry stops\n\n{SUMMARY}\n\nRow on.\n", "headline", "headline", "body")
    assert (article.headline, article.body) == (f"Ferry stops\n{SUMMARY}", "Row on.")
    title = labelled("Ferry stops for the winter?\n", "headline")
    assert (title.headline, title.body) == ("Ferry stops for the winter?", "")


def test_sentences_that_stood_on_one_line_are_joined_by_a_space() -> None:
    text = "Row on. " * 100
    assert labelled(text, "body").body == text.strip()
    cut = labelled(text, "body", "caption", "body")
    assert cut.body == "Row on.\n\n" + text[len("Row on. Row on. ") :].strip()


@pytest.mark.parametrize(
    "long",
    [
        "The council met on Tuesday and kept the old ferry running until spring.",
        "町議会は火曜日に開かれ、春まで古い渡船を動かし続けることを決めた。",
    ],
)
def test_a_paragraph_that_comes_again_is_given_once_in_body_and_markdown(long: str) -> None:
    page = labelled(f"{long}\nRow on.\n{long}\nRow on.", "body")
    assert page.body == f"{long}\n\nRow on.\n\nRow on."
    assert page.markdown == f"{long}\n\nRow on.\n\nRow on.\n"
    assert len(page) == 4
    assert labelled(f"{long}\n{long}", "teaser", "body").body == long


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_page_without_segments_has_nothing(text: str) -> None:
    page = Segmentation(text, ())
    assert (page.headline, page.body, page.markdown, page.teasers, page.boilerplate, len(page), list(page)) == ("", "", "", (), (), 0, [])
    assert page.to_dict() == {
        "view": "text", "metadata": asdict(Metadata()), "notes": [], "confidence": 1.0, "article": 1.0, "headline": "", "body": "", "teasers": [], "text": text, "segments": [],
    }  # fmt: skip


def test_content_leaves_out_the_list_marker_and_runs_of_white_space() -> None:
    assert [segment.content for segment in labelled("  • Row \n    on\n12) Home", "body")] == ["Row on", "Home"]


def test_json_tells_everything() -> None:
    page = labelled("Ferry stops\nRow on. “Tür”\n• Mill burns down before dawn\n\n" + SUMMARY, "headline", "body", "teaser")
    told = json.loads(page.to_json())
    assert told == json.loads(page.to_json(indent=2)) == page.to_dict()
    assert (told["headline"], told["body"]) == (page.headline, page.body)
    assert told["teasers"] == [{"title": "Mill burns down before dawn", "summary": SUMMARY, "details": [], "start": 26, "end": 130}]
    assert [set(segment) for segment in told["segments"]] == [{"start", "end", "label", "role", "probability", "text"}] * 4
    assert all(page.text[s["start"] : s["end"]] == s["text"] for s in told["segments"])
    assert "“Tür”" in page.to_json()


@given(TEXTS, st.lists(st.sampled_from(list(LABEL_OF_ROLE)), min_size=1, max_size=9))
def test_json_comes_back_for_any_page(text: str, roles: list[str]) -> None:
    page = labelled(text.encode("utf-8", "replace").decode(), *roles)
    assert json.loads(page.to_json()) == page.to_dict()
    assert labelled(text, *roles).to_json().encode("utf-8")


def test_json_of_half_characters_can_be_encoded() -> None:
    page = labelled("Row \ud83d on, boatman\n", "body")
    (segment,) = json.loads(page.to_json().encode("utf-8"))["segments"]
    assert segment["text"] == "Row ? on, boatman"
    assert (segment["start"], segment["end"]) == (0, 17)


# ----------------------------------------------------------------------------------------------------------- teasers


def test_bulleted_headlines_and_their_indented_summaries() -> None:
    text = f"  • Ferry gets a second winter\n\n    {SUMMARY}\n\n  • Mill burns\n\n    {OTHER}\n\n  • Storm closes the old quay road\n\n    Short.\n"
    assert stories(text) == [
        ("Ferry gets a second winter", SUMMARY, ()),
        ("Mill burns", OTHER, ()),
        ("Storm closes the old quay road", "Short.", ()),
    ]


def test_bulleted_headlines_with_source_and_time() -> None:
    text = f"• Ferry gets a second winter\n\n  {SUMMARY}\n\n  Evening Post\n\n  2 hours ago\n\n• Mill burns down before dawn\n\n  Evening Post\n"
    assert stories(text) == [
        ("Ferry gets a second winter", SUMMARY, ("Evening Post", "2 hours ago")),
        ("Mill burns down before dawn", "", ("Evening Post",)),
    ]


def test_a_summary_on_the_line_below_its_bulleted_headline() -> None:
    text = f"* Ferry gets a second winter\n  {SUMMARY}\n* Mill burns down before dawn\n  {OTHER}\n"
    assert stories(text) == [("Ferry gets a second winter", SUMMARY, ()), ("Mill burns down before dawn", OTHER, ())]


def test_a_bulleted_headline_wrapped_by_the_renderer_is_one_title() -> None:
    text = "• Ferry gets a second winter after a long night of talk in the\n  valley council\n• Mill burns down\n  today\n"
    assert stories(text) == [
        ("Ferry gets a second winter after a long night of talk in the valley council", "", ()),
        ("Mill burns down", "", ("today",)),
    ]


@pytest.mark.parametrize("bullet", ["", "• ", "{}. "])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_lists_of_headlines_alone(bullet: str, gap: str) -> None:
    titles = ["Ferry gets a second winter", "Mill burns down before dawn", "Storm closes the old quay road"]
    assert stories(gap.join(bullet.format(rank) + title for rank, title in enumerate(titles, 1))) == [(title, "", ()) for title in titles]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_headlines_and_summaries_in_turn(gap: str) -> None:
    text = gap.join(["Ferry gets a second winter", SUMMARY, "Mill burns down before dawn", OTHER])
    assert stories(text) == [("Ferry gets a second winter", SUMMARY, ()), ("Mill burns down before dawn", OTHER, ())]


def test_kickers_above_the_headlines_of_summarised_stories() -> None:
    text = f"Weather\nStorm closes the old quay road\n{OTHER}\nPolitics\nFerry gets a second winter\n{SUMMARY}\n"
    assert stories(text) == [
        ("Storm closes the old quay road", OTHER, ("Weather",)),
        ("Ferry gets a second winter", SUMMARY, ("Politics",)),
    ]


@pytest.mark.parametrize(("last", "details"), [("2 hours ago\n", ("2 hours ago",)), ("", ())])
def test_blank_lines_part_cards_with_kickers(last: str, details: tuple[str, ...]) -> None:
    text = f"Weather\nStorm closes the old quay road\n{last}\nSport\nRowers lose by a boat length\n{last}"
    assert stories(text) == [
        ("Storm closes the old quay road", "", ("Weather", *details)),
        ("Rowers lose by a boat length", "", ("Sport", *details)),
    ]


def test_a_pictures_alternative_text_and_the_same_title_below_are_one_story() -> None:
    first, second = "Ferry gets a second winter", "Mill burns down before dawn"
    assert [title for title, *_ in stories(f"{first}\n\n{first}\n\n{second}\n\n{second}\n")] == [first, second]
    text = f"{first}\n\nNews\n\n{first}\n\n7 hours ago\n\n{second}\n\nNews\n\n{second}\n\n11 hours ago\n"
    assert [title for title, *_ in stories(text)] == [first, second]


def test_where_a_run_begins_with_a_kicker_each_kicker_begins_a_story() -> None:
    text = "Sport\nRowers lose by a boat length\nNora Kell\nPolitics\nFerry gets a second winter\nWeather\nStorm closes the old quay road\n"
    assert [title for title, *_ in stories(text)][1:] == ["Ferry gets a second winter", "Storm closes the old quay road"]


def test_a_standfirst_below_its_headline_is_no_story_where_blank_lines_part_them() -> None:
    text = "Ferry gets a second winter\nCouncil votes to keep the crew\n\nMill burns down before dawn\nOwner vows to build again soon\n"
    assert [title for title, *_ in stories(text)] == ["Ferry gets a second winter", "Mill burns down before dawn"]


def test_a_list_of_headlines_below_a_card_is_a_story_each() -> None:
    text = f"Ferry gets a second winter\n\n{SUMMARY}\n\nMill burns down before dawn\nStorm closes the old quay road\nRowers lose by a boat length\n"
    assert [title for title, *_ in stories(text)] == [
        "Ferry gets a second winter", "Mill burns down before dawn", "Storm closes the old quay road", "Rowers lose by a boat length",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "detail",
    ["2 hours ago", "12:30", "4 min read", "14.05.2026", "May 4, 2026", "By Ada Quill", "Von Ada Quill", "vor 3 Stunden", "il y a 2 heures",
     "hace 5 minutos", "3時間前", "2시간 전", "5 часов назад", "3 saat önce", "Evening Post", "17"],
)  # fmt: skip
def test_times_sources_and_bylines_are_details(detail: str) -> None:
    text = f"Ferry gets a second winter\n{detail}\nMill burns down before dawn\n{detail}\n"
    assert stories(text) == [("Ferry gets a second winter", "", (detail,)), ("Mill burns down before dawn", "", (detail,))]


RANKED = ("Man rescued from chimney after 14 hours", "Storm Ida: What we know so far", "Mill burns down before dawn")


@pytest.mark.parametrize("number", ["{}", "#{}", "0{}", "{}\n"])
@pytest.mark.parametrize("source", ["", "Evening Post\n"])
def test_a_number_of_its_own_goes_to_the_story_below_it(number: str, source: str) -> None:
    text = "".join(f"{number.format(n)}\n{title}\n{source}" for n, title in enumerate(RANKED, 1))
    details = (source.strip(),) if source else ()
    assert stories(text) == [(title, "", (number.format(n).strip(), *details)) for n, title in enumerate(RANKED, 1)]


def test_a_number_of_its_own_goes_to_the_story_above_it_where_the_list_ends_with_one() -> None:
    text = "".join(f"{title}\n{n}\n" for n, title in enumerate(RANKED, 1))
    assert stories(text) == [(title, "", (str(n),)) for n, title in enumerate(RANKED, 1)]


def test_between_two_ranks_is_one_story_whatever_blank_lines_part() -> None:
    text = f"1\n\nOwner speaks\n\n{RANKED[1]}\n2\n\nWeather\n\n{RANKED[2]}\n"
    assert [(t.start, t.end) for t in labelled(text, "teaser").teasers] == [(0, text.index("\n2\n")), (text.index("2\n\nW"), len(text) - 1)]


@pytest.mark.parametrize(
    ("titles", "detail"),
    [(("港湾局が渡船の増便を検討へ", "島の学校に寮を新設する計画", "冬の嵐で市場の屋根が飛ぶ"), detail) for detail in ("", "3時間前", "社会", "11月14日", "潮風新聞")]
    + [(("轮渡公司冬季减少班次引发居民不满", "海岛学校计划新建学生宿舍"), detail) for detail in ("", "5分钟前", "国内", "2026年11月14日 08:15")],
)  # fmt: skip
def test_scripts_without_spaces_have_two_characters_a_word(titles: tuple[str, ...], detail: str) -> None:
    text = "".join(f"{title}\n{detail}\n" if detail else f"{title}\n" for title in titles)
    assert stories(text) == [(title, "", (detail,) if detail else ()) for title in titles]


def test_a_summary_in_a_script_without_spaces() -> None:
    summary = "燃料価格の高騰を受けて、運航会社は十二月から便数を半分に減らすと発表した。"
    assert stories(f"港湾局が渡船の増便を検討へ\n{summary}\n島の学校に寮を新設する計画\n") == [
        ("港湾局が渡船の増便を検討へ", summary, ()),
        ("島の学校に寮を新設する計画", "", ()),
    ]


def test_list_marks_alone_on_their_lines_begin_stories() -> None:
    text = "• Ferry gets a second winter\n\n•\n\n  Mill burns down before dawn\n\n•\n\n  Storm closes the old quay road\n"
    titles = ["Ferry gets a second winter", "Mill burns down before dawn", "Storm closes the old quay road"]
    assert [title for title, *_ in stories(text)] == titles


def test_a_list_within_a_story_holds_its_details() -> None:
    text = f"• Ferry gets a second winter\n\n   1. Ada Quill\n\n• {OTHER}\n\n   1. Nora Kell\n"
    assert [details for *_, details in stories(text)] == [("Ada Quill",), ("Nora Kell",)]


@pytest.mark.parametrize(
    "first", ["fahre bekommt einen zweiten winter", "FÄHRE BEKOMMT EINEN ZWEITEN WINTER", "Fähre bekommt einen zweiten..."]
)
def test_a_title_said_once_more_in_another_form_is_no_story_of_its_own(first: str) -> None:
    title = "Fähre bekommt einen zweiten Winter"
    assert stories(f"{first}\n{title}\nMühle brennt vor Tagesanbruch ab\n") == [
        (title, "", (first,)),
        ("Mühle brennt vor Tagesanbruch ab", "", ()),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [("one two three", "detail"), ("one two three four", "title"), ("one two three.", "title"), ("One two three four five six 12:30", "detail"),
     ("One two three four five six seven 12:30", "title"), ("x " * 10 + "end.", "title"), ("x " * 11 + "end.", "summary"),
     ("x " * 22 + "end", "title"), ("x " * 23 + "end", "summary")],
)  # fmt: skip
def test_lines_are_told_apart_by_their_length(line: str, told: str) -> None:
    found = stories(f"Mill burns down before dawn\n{line}\n")
    assert len(found) == (2 if told == "title" else 1)
    assert bool(found[0][1]) == (told == "summary")
    assert bool(found[0][2]) == (told == "detail")


def test_a_rank_on_its_own_line_belongs_to_the_story_below() -> None:
    ranked = "Most read\n1\nBoatman found in a chimney after 14 hours\n2\nStorm Ida\n3\nFerry sails again from the old pier\n"
    expected = [
        ("Boatman found in a chimney after 14 hours", "", ("Most read", "1")),
        ("Storm Ida", "", ("2",)),
        ("Ferry sails again from the old pier", "", ("3",)),
    ]
    assert stories(ranked) == stories(ranked.replace("\n", "\n\n")) == expected


def test_numbers_that_do_not_count_up_are_no_ranks() -> None:
    assert [title for title, _, _ in stories("Ferry sails again from the pier\n12\nMill stands still for a month\n5\n")] == [
        "Ferry sails again from the pier",
        "Mill stands still for a month",
    ]


def test_titles_without_spaces_are_a_story_each() -> None:
    assert stories("国际新闻\n老渡口木船停运一个月\n山村小学准备建新宿舍\n") == [
        ("老渡口木船停运一个月", "", ("国际新闻",)),
        ("山村小学准备建新宿舍", "", ()),
    ]
    assert stories("港の渡し船が来月から減便へ\n2時間前\n島の学校が寮を検討\n3時間前\n") == [
        ("港の渡し船が来月から減便へ", "", ("2時間前",)),
        ("島の学校が寮を検討", "", ("3時間前",)),
    ]


def test_a_picture_text_and_the_shortened_title_below_are_one_story() -> None:
    assert stories("Old ferry sails again from the pier\nOld ferry sails again ...\nMill stands still for a month\n") == [
        ("Old ferry sails again ...", "", ("Old ferry sails again from the pier",)),
        ("Mill stands still for a month", "", ()),
    ]


def test_a_story_of_details_alone_takes_the_first_as_title() -> None:
    assert stories("Weather\nSport\n") == [("Weather", "", ("Sport",))]


def test_stories_never_span_what_is_no_teaser() -> None:
    page = labelled(f"Ferry gets a second winter\n{SUMMARY}\nAdvertisement\nSport\nRowers lose by a length", "teaser", "teaser", "boilerplate", "teaser")  # fmt: skip
    assert [(t.title, t.summary, t.details) for t in page.teasers] == [
        ("Ferry gets a second winter", SUMMARY, ()),
        ("Rowers lose by a length", "", ("Sport",)),
    ]


def test_a_teaser_knows_its_place() -> None:
    text = f"Home\n• Ferry gets a second winter\n\n  {SUMMARY}\n• Mill burns\n"
    first, second = labelled(text, "boilerplate", "teaser").teasers
    assert text[first.start : first.end] == f"• Ferry gets a second winter\n\n  {SUMMARY}"
    assert text[second.start : second.end] == "• Mill burns"
    assert second == Teaser("Mill burns", "", (), len(text) - 13, len(text) - 1)


@given(TEXTS)
def test_every_teaser_segment_is_in_exactly_one_story(text: str) -> None:
    page = labelled(text, "teaser", "teaser", "boilerplate", "teaser")
    found = page.teasers
    for segment in page:
        inside = sum(t.start <= segment.start and segment.end <= t.end for t in found)
        assert inside == (segment.label == "teaser")
    assert [t.start for t in found] == sorted(t.start for t in found)


@pytest.mark.parametrize(
    "line", ["12:30\n", "• \n", "Mill burns down before dawn\n", SUMMARY + "\n", "Sport\n\n", "• Row\n  on\n", "1" * 50, ". " * 9 + "\n"]
)
def test_grouping_takes_time_linear_in_size(line: str) -> None:
    assert grows_linearly(lambda n: labelled(line * n, "teaser").segments, group_teasers, 1500)


def test_telling_a_storys_title_takes_time_linear_in_its_length() -> None:
    def card(n: int) -> Segmentation:
        return of_html(f"<pre><a href=/quay>Quay closes after the storm</a>{' ' * n}x</pre>", "teaser")

    assert grows_linearly(card, lambda page: group_teasers(page.segments), 10_000)


def test_grouping_cards_takes_time_linear_in_their_number() -> None:
    def cards(n: int) -> LabeledSegments:
        links = "".join(f'<div><a href="/{i}">Mill {i} burns down before dawn</a></div>' for i in range(n))
        segments = read_html(f"<html><body>{links}</body></html>").segments
        return LabeledSegments(segments, ["teaser"] * n, ["teaser"] * n, [1.0] * n)

    assert len(group_teasers(cards(20))) == 20
    assert grows_linearly(cards, group_teasers, 500)


# --------------------------------------------------------------------------------------------------------- rendering


def test_html_holds_the_whole_page_coloured_and_escaped() -> None:
    text = "<b>Home</b> & \"more\"\n\n'Row' on <script>alert(1)</script>\n"
    fragment = labelled(text, "boilerplate", "body").to_html()
    assert "<script" not in fragment
    assert "<b>" not in fragment
    assert "<span class='boilerplate' title='boilerplate 0.90'>&lt;b&gt;Home&lt;/b&gt; &amp;" in fragment
    assert "<span class='body' title='body 0.90'>" in fragment
    for label, colour in COLOURS.items():
        assert f".{label}{{background:{colour}}}" in fragment
    assert set(COLOURS) == set(ANSI) == set(LABELS)


@given(TEXTS)
def test_html_shows_the_text_as_it_is(text: str) -> None:
    fragment = labelled(text, "body", "teaser")._repr_html_()
    shown = fragment.partition("</p>")[2].removesuffix("</div>")
    assert html.unescape(re.sub(r"<[^>]*>", "", shown)) == html.unescape(html.escape(text))
    assert shown.count("<span") == len(split(text))


def test_each_line_of_html_goes_its_own_way_whatever_the_legend_is_written_in() -> None:
    fragment = labelled("המעבורת שבה לפעול\n\nThe ferry is back\n", "body").to_html()
    assert ".pagesieve .page{unicode-bidi:plaintext}" in fragment
    legend, page = fragment.split("<div class='page'>")
    assert "key" in legend
    assert page.startswith("<span class='body' title='body 0.90'>המעבורת")


def test_titles_are_escaped() -> None:
    assert "title='&#x27;&lt;&quot;'" in page_html("Row", [(0, 3, "body", "'<\"")])
    assert "<title>a &lt;b&gt;</title>" in page_document("", "a <b>")


def test_a_document_is_whole_html_in_utf8() -> None:
    document = page_document("<p>Row</p>", "Row")
    assert document.startswith("<!doctype html>\n<html>")
    assert "<meta charset='utf-8'>" in document
    assert document.endswith("<body><p>Row</p></body></html>\n")


def test_a_terminal_shows_each_label_in_its_colour() -> None:
    assert (
        page_ansi("Home\n\nRow on\n", [(0, 4, "boilerplate", ""), (6, 12, "body", "")]) == "\x1b[90mHome\x1b[0m\n\n\x1b[32mRow on\x1b[0m\n"
    )


@given(TEXTS)
def test_what_steers_a_terminal_is_not_passed_on(text: str) -> None:
    shown = page_ansi("\x1b]0;x\x07\x9b2J\r\x08\x7f" + text, [])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert len(shown) == len(text) + 12


# ------------------------------------------------------------------------------------------- stories of an HTML page


def of_html(html: str, label: str = "teaser") -> Segmentation:
    page = read_html(html)
    return Segmentation(
        page.page.text,
        tuple(
            LabeledSegment(s.text, s.start, s.end, label, label, 1.0, s.bullet, s.indent, s.blank_before, s.inline, s.markup)
            for s in page.segments
        ),
        view="html",
        source=html,
    )


CARD = "<div class=card><a href='/tag'>Harbour</a><h3><a href='/{0}'>Ferry number {0} sails again</a></h3><p>The council kept boat {0} running until the spring, it said.</p></div>"


def test_a_story_is_what_leads_to_one_place() -> None:
    page = of_html("<section>" + "".join(CARD.format(n) for n in range(3)) + "</section>")
    assert [(t.title, t.url) for t in page.teasers] == [(f"Ferry number {n} sails again", f"/{n}") for n in range(3)]
    assert [t.summary for t in page.teasers] == [f"The council kept boat {n} running until the spring, it said." for n in range(3)]
    assert [t.details for t in page.teasers] == [("Harbour",)] * 3


@pytest.mark.parametrize("around", [0, 1, 2, 3, 12])
@pytest.mark.parametrize("within", [0, 1, 5])
def test_how_deep_cards_lie_does_not_matter(around: int, within: int) -> None:
    card = "<div class=card>" + "<div>" * within + "<a href='/{0}'><h3>Ferry number {0} sails again</h3></a>" + "</div>" * within
    cards = "".join(card.format(n) + f"<time>{n + 2} days ago</time></div>" for n in range(3))
    page = of_html("<div>" * around + "<section>" + cards + "</section>")
    assert [(t.title, t.details, t.url) for t in page.teasers] == [
        (f"Ferry number {n} sails again", (f"{n + 2} days ago",), f"/{n}") for n in range(3)
    ]


def test_titles_in_a_list_are_a_story_each() -> None:
    page = of_html("<ul>" + "".join(f"<li><a href='/{n}'>Ferry number {n} sails again</a>" for n in range(4)) + "</ul>")
    assert [t.url for t in page.teasers] == ["/0", "/1", "/2", "/3"]


NAMES = (
    "Ferry workers vote on strike over winter rota",
    "Electric ferry trial delayed for a third time",
    "Island school considers boarding",
)
SAYINGS = (
    "The union says the new rota leaves no time to sleep.",
    "Engineers found water in the battery room.",
    "Parents had long asked for it.",
)
TITLE_TAG, LINK_TAG, TIME, BOXES = "<h3>{t}</h3>", "<h3><a href=/{n}>{t}</a></h3>", "<time>{n} days ago</time>", "<div>" * 7
LAYOUTS = {
    "picture, title, summary and time": f"<div><a href=/{{n}}><img alt='A boat at the quay'></a>{LINK_TAG}<p>{{s}}</p>{TIME}</div>",
    "a list's item that is a link": "<li><a href=/{n}><h3>{t}</h3><p>{s}</p><span>{n} days ago</span></a></li>",
    "a link around all of it": f"<a href=/{{n}}><div>Harbour</div>{TITLE_TAG}<p>{{s}}</p><div>{{n}} days ago</div></a>",
    "links around each line": "<p><a href=/{n}>Harbour</a></p><p><a href=/{n}>{t}</a></p><p class=s><a href=/{n}>{s}</a></p>",
    "no element around": f"{LINK_TAG}<p>{{s}}</p>{TIME}",
    "a kicker above, no element around": f"<p class=k>Harbour</p>{LINK_TAG}<p>{{s}}</p>",
    "a kicker that leads elsewhere, no element around": f"<p class=k><a href=/harbour>Harbour</a></p>{LINK_TAG}<p>{{s}}</p>",
    "a picture above, no element around": f"<img alt='A boat at the quay'>{LINK_TAG}<p>{{s}}</p>",
    "terms": "<dt><a href=/{n}>{t}</a></dt><dd>{s}</dd>",
    "a time far above the title": f"<article>{TIME}{BOXES}<a href=/{{n}}>{TITLE_TAG}</a>{BOXES.replace('<', '</')}</article>",
    "a time far below the title": f"<article>{BOXES}<a href=/{{n}}>{TITLE_TAG}</a>{BOXES.replace('<', '</')}{TIME}</article>",
    "an author": f"<div>{LINK_TAG}<p>By <a href=/ada>Ada Maria von Quill</a></p>{TIME}</div>",
    "a title without a link": f"<div>{TITLE_TAG}<p>{{s}}</p><a href=/{{n}}>Read on</a></div>",
    "tags": f"<article>{LINK_TAG}<ul><li><a href=/t>Harbour</a></li><li><a href=/u>Islands</a></li></ul></article>",
    "a rank": "<div class=n>{n}</div><div class=t><a href=/{n}>{t}</a></div>",
}


@pytest.mark.parametrize("around", ["<section>", "<main>", "<div><main><div><div><section>"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_stories_are_told_apart_however_they_are_laid_out_and_however_deep(layout: str, around: str) -> None:
    page = of_html(around + "".join(layout.format(n=n, t=t, s=s) for n, (t, s) in enumerate(zip(NAMES, SAYINGS, strict=True))))
    assert [(t.title, t.url) for t in page.teasers] == [(title, f"/{n}") for n, title in enumerate(NAMES)]
    assert [t.summary for t in page.teasers] == list(SAYINGS if "{s}" in layout else ("", "", ""))
    assert all(t.details for t in page.teasers) == (
        "Harbour" in layout or "days" in layout or "alt" in layout or "Read" in layout or "=n>" in layout
    )


@pytest.mark.parametrize("unlinked", [0, 1, 2])
def test_an_item_of_a_list_is_a_story_even_without_a_link(unlinked: int) -> None:
    items = "".join(f"<li>{t}" if n == unlinked else f"<li><a href=/{n}>{t}</a>" for n, t in enumerate(NAMES))
    assert [t.title for t in of_html(f"<ul>{items}</ul>").teasers] == list(NAMES)


def test_short_headings_are_titles_and_say_where_a_story_leads() -> None:
    titles = ("Ferry strike", "Quay reopens", "School boards")
    page = of_html(
        "".join(f"<div><a href=/{n}><img alt='A boat at the quay'><h3>{t}</h3></a><p>{SAYINGS[n]}</p></div>" for n, t in enumerate(titles))
    )
    assert [(t.title, t.summary, t.url) for t in page.teasers] == [(t, SAYINGS[n], f"/{n}") for n, t in enumerate(titles)]


def test_a_pictures_alternative_text_is_no_title_where_there_is_another() -> None:
    page = of_html("<div><a href=/1><img alt='A boat lies at the quay of the harbour'><p>Ferry strike</p></a></div>")
    assert [(t.title, t.summary, t.details) for t in page.teasers] == [("Ferry strike", "", ("A boat lies at the quay of the harbour",))]


@pytest.mark.parametrize("address", ["", " href='#'", " href='javascript:void(0)'"])
def test_links_that_lead_nowhere_part_no_stories(address: str) -> None:
    page = of_html("<ul>" + "".join(f"<li><a{address}>Ferry number {n} sails again</a>" for n in range(3)) + "</ul>")
    assert [(t.title, t.url) for t in page.teasers] == [(f"Ferry number {n} sails again", "") for n in range(3)]


TITLES = ("Ferry workers vote on strike over winter rota", "Electric ferry trial delayed", "School plan")
SAID = "The union of shift {0} says the new rota leaves no time to sleep between two shifts."


@pytest.mark.parametrize(
    ("card", "details"),
    [
        ("<div><a href=/{0}><img alt='A boat at the quay'></a><h3><a href=/{0}>{1}</a></h3><p>{2}</p><time>{0} days ago</time></div>", ("A boat at the quay", "{0} days ago")),
        ("<div><a href=/{0}><h3>{1}</h3></a><p>{2}</p><span>{0} days ago</span></div>", ("{0} days ago",)),
        ("<li><a href=/{0}><h3>{1}</h3><p>{2}</p><span>{0} days ago</span></a>", ("{0} days ago",)),
        ("<a href=/{0}><h3>{1}</h3><p>{2}</p><div>{0} days ago</div></a>", ("{0} days ago",)),
        ("<h3><a href=/{0}>{1}</a></h3><p>{2}</p>", ()),
        ("<div><div>{0}</div><div><a href=/{0}><h3>{1}</h3></a><p>{2}</p></div></div>", ("{0}",)),
        ("<div>{0}</div><a href=/{0}><h3>{1}</h3><p>{2}</p></a>", ("{0}",)),
        ("<div><div><a href=/{0}><h3>{1}</h3></a></div><div><p>{2}</p><div>By <a href=/ina>Ina Berg</a></div></div></div>", ("By Ina Berg",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["<section>", "<main><div><div><section>", "<section><h2>Related</h2>"])
def test_cards_of_any_layout_are_a_story_each(card: str, details: tuple[str, ...], around: str) -> None:
    cards = "".join(card.format(n, title, SAID.format(n)) for n, title in enumerate(TITLES, 1))
    found = of_html(around + cards).teasers
    assert [(t.title, t.url) for t in found] == [(title, f"/{n}") for n, title in enumerate(TITLES, 1)]
    for n, teaser in enumerate(found, 1):
        assert teaser.summary == SAID.format(n)
        assert [line for line in teaser.details if line != "Related"] == [line.format(n) for line in details]


def test_a_line_of_many_cards_is_no_title() -> None:
    card = "<a href=/{0}><p>For paying readers of the paper only</p></a><a href=/{0}><p>{1}</p></a>"
    found = of_html("<section>" + "".join(card.format(n, title) for n, title in enumerate(TITLES))).teasers
    assert [t.title for t in found[:2]] == [*TITLES[:2]]


# -------------------------------------------------------------------------------------------------------- Markdown


def test_lists_keep_their_numbers_in_markdown() -> None:
    html = (
        "<ol><li>Row on</li><li><a href=/x>Stop</a><p>at the pier</p></li></ol><ul><li>Rest<ol><li>a bit</li></ol></li></ul><ol><li>Go</ol>"
    )
    assert of_html(html, "body").markdown == "1. Row on\n2. [Stop](/x)\n\n   at the pier\n- Rest\n  1. a bit\n1. Go\n"
    assert labelled("1. Row on\n2. Stop\n• Rest\n1.2. Go\n", "body").markdown == "1. Row on\n2. Stop\n- Rest\n\n1.2. Go\n"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<ol><li>Track<ol><li>rails<li>stops</ol><li>Depot</ol>", "1. Track\n   1. rails\n   2. stops\n2. Depot\n"),
        ("<ul><li>Track<ul><li>rails<ul><li>old</ul></ul>Bed<li>Depot</ul>", "- Track\n  - rails\n    - old\n\n  Bed\n- Depot\n"),
        ("<ol start=10><li>Track<ol start=3><li>rails</ol></ol>", "10. Track\n\n    3. rails\n"),  # it would go on with the text
        ("<ul><li><ul><li>rails</ul></ul>", "- - rails\n"),
        ("<ol start=-1><li>Row<li>On</ol>", "- Row\n0. On\n"),
        ("<ul><li><h3>Row</h3>on<li><pre>a\n\n b</pre></ul>", "- ### Row\n\n  on\n- ```\n  a\n\n   b\n  ```\n"),
        ("<blockquote><p>Row<p>on<ul><li>a<li>b</ul></blockquote><blockquote>c", "> Row\n>\n> on\n>\n> - a\n> - b\n\n> c\n"),
    ],
)
def test_what_stands_in_items_and_quotations_is_indented(html: str, markdown: str) -> None:
    assert of_html(html, "body").markdown == markdown


def test_tables_are_tables_in_markdown() -> None:
    rows = "<tr><th>Year<th>Fare</tr><tr><td>2022<td><a href=/x>9.80</a><td>in|out</tr><tr><td>2023<td>9.90</tr>"
    page = of_html(f"<p>Fares</p><table>{rows}</table><p>They rose.</p><table><tr><td>Row on</table><pre>a\tb</pre>", "body")
    assert page.markdown == (
        "Fares\n\n| Year | Fare |  |\n| --- | --- | --- |\n| 2022 | [9.80](/x) | in\\|out |\n| 2023 | 9.90 |  |\n\n"
        "They rose.\n\nRow on\n\n```\na\tb\n```\n"
    )
    assert page.segments[2].text == "2022\t9.80\tin|out"


TABLES = {
    "empty cells": (
        "<tr><th></th><th>2023</th><th>2024</th></tr><tr><td>Cost</td><td></td><td>184</td></tr><tr><td></td><td></td><td>9</td></tr>",
        ["|  | 2023 | 2024 |", "| Cost |  | 184 |", "|  |  | 9 |"],
    ),
    "empty cells alone": ("<tr><td></td><td>1</td><td>2</td>", ["|  | 1 | 2 |"]),
    "lines": (
        "<tr><th>A<th>B<tr><td>a<br>b<td><p>c<p>d<tr><td><ul><li>e<li>f</ul><td>g",
        ["| A | B |", "| a<br>b | c<br>d |", "| e<br>f | g |"],
    ),
    "wide cells": ("<tr><th colspan=2>A<th>B<tr><td colspan=3>All<tr><td>a<td>b<td>c", ["| A |  | B |", "| All |  |  |", "| a | b | c |"]),
    "high cells": ("<tr><th rowspan=2>A<th>B<th>C<tr><td>b<td>c<tr><td>d", ["| A | B | C |", "|  | b | c |", "| d |  |  |"]),
    "hidden cells": ("<tr><th>A<th hidden>X<th>B<tr><td style='display:none'>x<td>a<td>b", ["| A | B |", "| a | b |"]),
    "one address": ("<tr><td><a href=/x>A</a><td><a href=/x>B</a>", ["| [A](/x) | [B](/x) |"]),
    "sections": ("<thead><tr><th rowspan=9>A<th>B<tbody><tr><td>a<td>b|<tfoot><tr><td><td>c", ["| A | B |", "| a | b\\| |", "|  | c |"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_cells_stand_under_their_columns_in_markdown(name: str) -> None:
    rows, lines = TABLES[name]
    rule = "| " + " | ".join(["---"] * (lines[0].count(" | ") + 1)) + " |"
    assert of_html(f"<table>{rows}</table>", "body").markdown.splitlines() == [lines[0], rule, *lines[1:]]


@pytest.mark.parametrize(
    "cell", ["<h1>Row on</h1>now", "<pre>Row on</pre>now", f"<p>{SUMMARY * 5}<p>{OTHER * 5}", "<table><tr><td>Row<td>on</table>"]
)
def test_a_table_that_lays_out_the_page_is_none_in_markdown(cell: str) -> None:
    page = of_html(f"<table><tr><td>{cell}</td><td><p>Beside</td></tr></table>", "body")
    assert "Beside |" not in page.markdown
    assert page.markdown.endswith("\n\nBeside\n")


@pytest.mark.parametrize(
    "unit",
    ["<ul><li>Row</ul>", "<p>*Row_ `on` &lt;![a](b)\\", "<a href=/x>!</a>", "<tr><td>Row<td><p>on", "<td>Row", "<td><p>Row",
     "<tr><td colspan=99>Row<td rowspan=99>on", "<td rowspan=99><p>Row"],
)  # fmt: skip
def test_markdown_takes_time_linear_in_size(unit: str) -> None:
    assert grows_linearly(lambda n: of_html("<table>" * ("td" in unit) + unit * n, "body"), lambda page: page.markdown, 300)


def test_plain_text_is_escaped_and_markdown_is_given_as_it_stands() -> None:
    assert labelled("* Row on\n\n# 1 <b>on</b>\n", "body").markdown == "- Row on\n\n\\# 1 \\<b>on\\</b>\n"
    text = "[News](/a) [Tide](/b)\n\n# Ferry\n\nRow *on*\nto [Ada](/c).\n\n- One\n  - two\n\nShare\n\n> Row\n"
    page = labelled(text, "boilerplate", "headline", "body", "body", "body", "boilerplate", "body")
    assert page.markdown == "# Ferry\n\nRow *on*\nto [Ada](/c).\n\n- One\n  - two\n\n> Row\n"
    assert labelled(text, "boilerplate").markdown == ""


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<ol start=9><li>Row<li>On<li value=20>Rest</ol>", "9. Row\n10. On\n20. Rest\n"),
        ("<ol start=x><li>Row<li value='2b'>On</ol>", "1. Row\n2. On\n"),
        ("<ol start=3><li>Row<li hidden>No<li>On</ol>", "3. Row\n5. On\n"),
    ],
)
def test_markdown_numbers_lists_as_the_page_says(html: str, markdown: str) -> None:
    page = of_html(f"<html><body>{html}")
    rows = LabeledSegments.of(page.segments)
    body = LabeledSegments(rows.plain, ["body"] * len(rows), ["body"] * len(rows), rows.probability)
    assert Segmentation(page.text, body, view="html", source=page.source).markdown == markdown


def test_a_story_leads_where_its_longest_link_does() -> None:
    html = "<ul>" + "".join(
        f"<li><a href='/{kicker}'>{kicker}</a> <a href='/{n}'>Flood defences number {n} hold as the river peaks</a> <a href='mailto:a@b.example'>Write to the newsroom of the paper</a></li>"
        for n, kicker in enumerate(("Weather", "Live", "Opinion"))
    )
    assert [teaser.url for teaser in of_html(html).teasers] == ["/0", "/1", "/2"]


@pytest.mark.parametrize(
    ("html", "title", "details"),
    [
        ("<li><a href=/a><strong>Hail destroys half of the maize</strong></a><span>4 hours ago</span></li>", "Hail destroys half of the maize", ("4 hours ago",)),
        ("<tr><td><a href=/a>Which stones for a sauna stove?</a></td><td>12 replies</td><td>Last 2.6.2031</td></tr>", "Which stones for a sauna stove?", ("12 replies", "Last 2.6.2031")),
        ("<p><span>Read also</span><a href=/a>Why Hollern gets no turf</a></p>", "Why Hollern gets no turf", ("Read also",)),
        ("<p>Live <a href=/a>Ferry line to stay open until 2031</a></p>", "Ferry line to stay open until 2031", ("Live",)),
        ("<p>Live: <a href=/a>Ferry line to stay open</a> (video)</p>", "Live: Ferry line to stay open", ("(video)",)),
        ("<p>11:31 <a href=/a>Ferry line to stay open</a></p>", "11:31 Ferry line to stay open", ()),
        ("<p>“<a href=/a>Ferry line to stay open</a>”</p>", "“Ferry line to stay open”", ()),
        ("<p><a href=/a>Ferry line to stay open</a>, says the captain</p>", "Ferry line to stay open, says the captain", ()),
        ("<p>The council wants that the <a href=/a>ferry line to stay open is free</a></p>", "The council wants that the ferry line to stay open is free", ()),
        ("<p><a href=/a>Ferry line</a> 4 hours</p>", "Ferry line 4 hours", ()),
        ("<p><a href=/a>Ferry line to</a> <a href=/b>stay open</a> today</p>", "Ferry line to stay open today", ()),
    ],
)  # fmt: skip
def test_a_link_with_most_of_the_words_is_the_title(html: str, title: str, details: tuple[str, ...]) -> None:
    (story,) = of_html(f"<table>{html}</table>" if html.startswith("<tr") else html).teasers
    assert (story.title, story.summary, story.details, story.url) == (title, "", details, "/a")


def test_a_sentence_behind_the_linked_title_is_its_summary() -> None:
    page = of_html("<p><a href=/a>Ferry line to stay open until spring after all, all parties in council agree</a> " + SHORTER + "</p>")
    assert [(t.title[:10], t.summary) for t in page.teasers] == [("Ferry line", SHORTER)]


TIMES = (
    *("3 ชั่วโมงที่แล้ว", "7 เม.ย. 2574", "πριν από 3 ώρες", "πριν 3 ώρες", "3 години тому", "12 хвилин тому", "לפני 3 שעות", "۳ ساعت پیش", "3 giờ trước", "3 órája"),
    *("acum 3 ore", "৩ ঘণ্টা আগে", "3 tuntia sitten", "před 3 hodinami", "3 jam yang lalu", "3시간 전", "3일 전", "3 घंटे पहले", "منذ 3 ساعات", "há 3 horas", "4 giờ 30 phút trước"),
)  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("summaries", [True, False])
def test_title_short_summary_and_time_in_turn_are_a_story_each(time: str, summaries: bool) -> None:
    lines = [line for name, saying in zip(NAMES, SAYINGS, strict=True) for line in (name, *([saying] * summaries), time)]
    stories = labelled("\n".join(lines), "teaser").teasers
    assert [(story.title, story.summary, story.details) for story in stories] == [
        (name, saying if summaries else "", (time,)) for name, saying in zip(NAMES, SAYINGS, strict=True)
    ]


def test_titles_with_a_full_stop_are_a_story_each() -> None:
    for lines in ([f"{name}." for name in NAMES], [NAMES[0], f"{NAMES[1]}.", NAMES[2]]):
        assert [story.title for story in labelled("\n".join(lines), "teaser").teasers] == lines
