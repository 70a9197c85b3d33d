from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import page_lines, write_page
from hypothesis import given
from hypothesis import strategies as st

from pagesieve import corpus, evaluation, report
from pagesieve.evaluation import Interval
from pagesieve.roles import LABEL_OF_ROLE, LABELS, ROLES
from pagesieve.storage import load_model

NAN = float("nan")

# ---------------------------------------------------------------------------------------------------------- tables

cells = st.text(st.characters(exclude_characters="|", exclude_categories=("C", "Z")), max_size=8)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_the_columns_of_a_table_are_aligned(rows: list[list[str]]) -> None:
    lines = report.table(rows[0], rows[1:]).split("\n")
    bars = [i for i, char in enumerate(lines[0]) if char == "|"]
    assert len(lines) == len(rows) + 1
    assert len(bars) == len(rows[0]) + 1
    for line in lines:
        assert [i for i, char in enumerate(line) if char == "|"] == bars
    assert set(lines[1]) <= set("|-:")
    for row, line in zip(rows, [lines[0], *lines[2:]], strict=True):
        assert [cell.strip() for cell in line.strip("|").split("|")] == row


def test_columns_of_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    assert report.table(["name", "pages", "F1"], [["mill", 7, "–"], ["a", 12, "0.5 [0.1, 0.9]"]]).split("\n") == [
        "| name | pages |             F1 |",
        "|------|------:|---------------:|",
        "| mill |     7 |              – |",
        "| a    |    12 | 0.5 [0.1, 0.9] |",
    ]


def test_signed_numbers_are_numbers() -> None:
    assert report.table(["gain"], [["+0.1"], ["-0.25"]]).split("\n")[2:] == ["|  +0.1 |", "| -0.25 |"]


def test_a_table_without_rows_has_its_head() -> None:
    assert report.table(["a", "b"], []) == "| a | b |\n|---|---|"


def test_the_corpus_table_counts_segments_and_pages_of_each_role(tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "one", [("body", "A line"), ("body", "Another"), ("teaser", "A third")])
    write_page(tmp_path, "b.example", "two", [("body", "A fourth")])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.corpus_table(corpus.read(tmp_path)).split("\n")]
    assert [row[0] for row in rows[2:]] == list(ROLES)
    assert rows[2 + ROLES.index("body")] == ["body", "3", "75.0%", "2"]
    assert rows[2 + ROLES.index("teaser")] == ["teaser", "1", "25.0%", "1"]
    assert rows[2 + ROLES.index("meta")] == ["meta", "0", "0.0%", "0"]
    assert "0.0%" in report.corpus_table([])


# ----------------------------------------------------------------------------------------------------------- plain

numbers = st.floats(allow_infinity=False) | st.integers() | st.booleans() | st.none() | st.text()
values = st.recursive(
    numbers | st.builds(Interval, st.floats(allow_infinity=False), st.just(NAN), st.just(0.5)),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(values)
def test_plain_values_are_valid_json(value: Any) -> None:
    json.loads(json.dumps(report.plain(value), allow_nan=False))


def test_plain_gives_nan_as_null_and_an_interval_as_its_three_figures() -> None:
    found = report.plain({"a": [NAN, 0.123456789, (1, "x", None, True)], 7: Interval(0.5, 0.25, NAN)})
    assert found == {"a": [None, 0.123457, [1, "x", None, True]], "7": {"value": 0.5, "low": 0.25, "high": None}}


# ------------------------------------------------------------------------------------------------------------ HTML

TRAP = "<script>alert('mill & dairy')</script><img src=x onerror=alert(1)>"


class Outline(HTMLParser):
    """The tags, attributes and texts of a document; fails on tags that do not match."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def scored(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[corpus.Document], list[evaluation.Judged]]:
    root = tmp_path_factory.mktemp("report")
    write_page(root, "mild.example", "story", page_lines("mild", 1))
    write_page(root, "trap.example", "story", [*page_lines("trap", 1), ("body", f"{TRAP} {'word ' * 50}")], language="i<t")
    documents = corpus.read(root)
    return documents, evaluation.judge_documents(load_model(tiny_model), documents)


def html_of(scored: tuple[list[corpus.Document], list[evaluation.Judged]], worst: int = 10, **more: Any) -> str:
    documents, judged = scored
    summaries = {
        "model": evaluation.summary(judged),
        **{name: evaluation.summary(evaluation.baseline(name, documents, LABEL_OF_ROLE)) for name in evaluation.BASELINES},
    }
    return report.html_report("Scores & <more>", summaries, judged, {d.page.name: d for d in documents}, worst, **more)


@pytest.fixture(scope="module")
def html(scored: Any) -> str:
    points = [{"sites": n, "macro": n / 10, "teaser": n / 20} for n in (2, 4, 8)]
    return html_of(scored, notes=["3 pages were in the <training> data"], curve=points)


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    return Outline(html)


def test_the_report_is_one_well_formed_document(html: str, outline: Outline) -> None:
    assert html.startswith("<!doctype html>")
    assert outline.tags.count("html") == outline.tags.count("body") == outline.tags.count("title") == 1


def test_the_report_loads_nothing(html: str, outline: Outline) -> None:
    assert not set(outline.tags) & {"script", "link", "img", "iframe", "object", "embed", "image", "base"}
    assert not [a for a in outline.attributes if a[1] in ("src", "srcset", "data", "action", "background") or a[1].startswith("on")]
    assert [a for a in outline.attributes if a[1] in ("href", "xlink:href") and not a[2].startswith("#")] == []
    assert re.findall(r"@import|url\((?!['\"]?#)", html) == []


def test_the_text_of_a_page_cannot_become_markup(html: str) -> None:
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(&#x27;mill &amp; dairy&#x27;)" in html
    assert "i<t" not in html
    assert "<training>" not in html
    assert "<more>" not in html


SECTIONS = (
    *("Scores", "Confusion", "By site", "By language", "By length", "The worst pages", "macro", "precision", "recall", "calibration error"),
    *(
        "Precision and recall",
        "Reliability of the probabilities",
        "Learning curve",
        "comments taken for body",
        "leaked teaser",
        "without an article",
    ),
    *("3 pages were in the &lt;training&gt; data", "mild.example", "trap.example", *evaluation.BASELINES, *LABELS, *ROLES),
)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_report_holds_every_section(section: str, html: str) -> None:
    assert section in html


def test_the_pictures_are_drawn_in_place(html: str, scored: Any) -> None:
    assert html.count("<svg") == html.count("</svg>") == 3
    assert html_of(scored).count("<svg") == 2
    assert "Learning curve" not in html_of(scored)


def test_the_same_scores_give_the_same_report(scored: Any) -> None:
    assert html_of(scored) == html_of(scored)


def test_figures_of_the_report_are_those_of_the_scores(outline: Outline, scored: Any) -> None:
    summary = evaluation.summary(scored[1])
    for by in ("segments", "words"):
        for interval in [summary[f"by_{by}"]["macro"], *summary[f"by_{by}"]["f1"].values(), *summary[f"by_{by}"]["roles"].values()]:
            assert str(interval) in outline.texts


@pytest.mark.parametrize("worst", [0, 1, 2])
def test_only_the_worst_pages_are_shown_in_full_the_worst_first(worst: int, scored: Any) -> None:
    documents, judged = scored
    html = html_of(scored, worst)
    order = sorted(judged, key=lambda page: -evaluation.wrong_words(page))
    shown = re.findall(r"<summary>(\S+) \(", html)
    assert shown == [page.name for page in order][:worst]
    text = "".join(Outline(html).texts)
    for document in documents:
        assert (document.page.text in text) == (document.page.name in shown)


def test_shown_pages_are_coloured_by_what_was_said_and_outlined_where_that_is_wrong(html: str, scored: Any) -> None:
    for page, document in zip(scored[1], scored[0], strict=True):
        for segment, said, true in zip(document.segments, page.labels, page.true_labels, strict=True):
            if segment.text.isalnum():
                kind = LABELS[said] if said == true else f"{LABELS[said]} wrong true-{LABELS[true]}"
                assert f"<span class='{kind}' title='true: " in html
                assert f">{segment.text}</span>" in html
    assert any((page.labels != page.true_labels).any() for page in scored[1])


def test_scores_of_pages_without_some_label_make_a_report(tiny_model: Path, tmp_path: Path) -> None:
    write_page(tmp_path, "a.example", "story", [("boilerplate", "Home"), ("boilerplate", "About")])
    documents = corpus.read(tmp_path)
    html = html_of((documents, evaluation.judge_documents(load_model(tiny_model), documents)))
    assert "–" in Outline(html).texts


# ------------------------------------------------------------------------------------------------------ model card


DIAL_COLUMNS = ("dial", "body_precision", "body_recall", "teaser_precision", "teaser_recall", "leaking_pages")


def card_facts(summaries: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "name": "mill",
        "versions": {"pagesieve": "0.0.1", "scikit-learn": "1.2.3", "numpy": "2.3.4"},
        "seed": 7,
        "pages": 2,
        "sites": 2,
        "segments": 99,
        "html": 1,
        "data_digest": "abc123",
        "languages": {"en": 1, "it": 1},
        "sources": ["written for a test"],
        "licences": ["MIT"],
        "unstated": {"sources": 0, "licences": 0},
        "held_out": [],
        "chain": [],
        "folds": 4,
        "roles": "| the role table |",
        "summaries": summaries,
        "settings": {"model": {"classifier": "logistic"}},
        "pieces": 0,
        "remainders": 0,
        "threads": 0,
        "collapsed": 0,
        "scripts": 0,
        "breakdowns": {
            "unseen sites": {
                "language": {
                    "it": {"pages": 9, "intervals": dict.fromkeys(("macro", *LABELS), Interval(0.87, 0.81, 0.9)), "wrong_words": 0.04}
                },
                "renderer": {"lynx": {"pages": 1, "intervals": {}, "wrong_words": 0.5}},
            }
        },
        "confidence": {"error": 0.012, "bins": [{"said": 0.71, "true": 0.73, "pages": 6}]},
        "articles": {"unseen sites": [{"kind": "pages without one", "pages": 7, "at": [0.571, 0.286, 0.143]}]},
        "dials": {"unseen sites": [dict(zip(DIAL_COLUMNS, (0.25, 0.987, 0.9, 0.8, 0.7, 0.1), strict=True))]},
        **changed,
    }


def test_the_model_card_tells_of_pieces_and_of_groups_that_are_large_enough(scored: Any) -> None:
    summaries = {"unseen sites": evaluation.summary(scored[1])}
    card = report.model_card(card_facts(summaries, pieces=12, threads=3))
    assert "\n3 threads of comments are learned from" in card
    assert "threads of comments" not in report.model_card(card_facts(summaries))
    assert "\nOf the pages 2 in one line and 5 with scripts" in report.model_card(card_facts(summaries, collapsed=2, scripts=5))
    assert "in one line" not in report.model_card(card_facts(summaries, scripts=5))
    assert "\n12 pieces of their articles alone" in card
    assert "pieces of their articles" not in report.model_card(card_facts(summaries))
    assert "\n5 pages without their article, text and HTML, are learned from" in report.model_card(card_facts(summaries, remainders=5))
    assert "\n12 pieces of their articles alone and 5 pages without" in report.model_card(card_facts(summaries, pieces=12, remainders=5))
    (row,) = [line for line in card.splitlines() if line.startswith("| it ")]
    assert row.count("0.870 [0.810, 0.900]") == 4
    assert "0.040" in row
    assert "| lynx" not in card


def test_the_model_card_holds_the_facts_and_the_scores(scored: Any) -> None:
    summary = evaluation.summary(scored[1])
    card = report.model_card(card_facts({"unseen sites": summary, "unseen pages": summary}))
    facts: Sequence[str] = ["# Model card: mill", "scikit-learn 1.2.3", "seed 7", "`abc123`", "en 1, it 1", "written for a test", "MIT"]
    for fact in [*facts, "4 folds", "| the role table |", "`model`: {'classifier': 'logistic'}", "unseen sites", "unseen pages"]:
        assert fact in card
    assert report.score_table({"unseen sites": summary, "unseen pages": summary}) in card
    assert report.role_table(summary) in card
    assert report.rates(summary) in card


@pytest.mark.parametrize(
    ("licences", "without", "said"),
    [
        (["CC0-1.0", "MIT"], 0, "CC0-1.0; MIT"),
        (["CC0-1.0"], 7, "CC0-1.0; not stated for 7 pages"),
        (["CC0-1.0"], 1, "CC0-1.0; not stated for 1 page"),
        ([], 2, "not stated"),
    ],
)
def test_the_model_card_tells_of_how_many_pages_no_licence_and_source_is_known(
    licences: list[str], without: int, said: str, scored: Any
) -> None:
    facts = {"licences": licences, "sources": licences, "unstated": {"licences": without, "sources": without}}
    card = report.model_card(card_facts({"unseen sites": evaluation.summary(scored[1])}, **facts))
    assert f"Sources: {said}. Licences: {said}.\n" in card


def test_the_model_card_of_a_model_of_text_dumps_speaks_of_no_html(scored: Any) -> None:
    summaries = {"unseen sites": evaluation.summary(scored[1])}
    card = report.model_card(card_facts(summaries, html=0, pieces=12))
    assert "news page (a text dump) as article body" in card
    assert "\n12 pieces of their articles alone are learned" in card
    assert '"unseen sites" are text dumps. Where' in card
    assert card.count("HTML") == 1  # that none is learned from
    assert "tags, classes" not in card
    both = report.model_card(card_facts(summaries, pieces=12))
    assert "(a text dump, or HTML)" in both
    assert "alone, text and HTML, are" in both


def test_figures_that_there_are_none_of_are_dashes_in_the_dials_table() -> None:
    rows = [dict(zip(DIAL_COLUMNS, (dial, 0.9, 0.8, NAN, 0.7, NAN), strict=True)) for dial in (0.0, 0.5)]
    lines = report.dial_table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == ["0.00", "0.900", "0.800", "–", "0.700", "–"]
    assert set(lines[1].strip("|").replace("-", "").split("|")) == {":"}


def test_the_model_card_tells_confidence_dial_and_groups(scored: Any) -> None:
    card = report.model_card(card_facts({"unseen sites": evaluation.summary(scored[1])}))
    for cell in ("0.870", "0.810", "0.040", "mean distance 0.012", "0.710", "0.730", "0.25", "0.987", "0.571", "0.143"):
        assert cell in card


@pytest.mark.parametrize(("sites", "said"), [([], "never trained on: no site"), (["a.example", "b.example"], "a.example, b.example")])
def test_the_model_card_names_the_sites_held_out(sites: list[str], said: str, scored: Any) -> None:
    assert said in report.model_card(card_facts({"unseen sites": evaluation.summary(scored[1])}, held_out=sites))
