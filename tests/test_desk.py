from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import label_file, page_html, page_lines, write_page
from hypothesis import given
from hypothesis import strategies as st

from pagesieve import corpus
from pagesieve.corpus import CorpusError, Label, StaleError
from pagesieve.desk import Desk, DeskError, Piece, cut, join
from pagesieve.page import split
from pagesieve.roles import ROLES
from pagesieve.selection import DOUBTS, ORDER
from pagesieve.sieve import Sieve

DATA = Path(__file__).parents[1] / "data"
SITE, OTHER = "near.example", "far.example"
STORY = f"{SITE}/story.txt"
TEXT = "Home News\n\nFerry sinks\nBy Ada Quill Share\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three proposed pages of two sites, one with HTML, and a reviewed one."""
    root = tmp_path / "data"
    lines = page_lines("near", 1)
    write_page(root, SITE, "story", lines, status="proposed").with_suffix(".html").write_text(page_html(lines), encoding="utf-8")
    write_page(root, SITE, "short", [("headline", "Ferry sinks"), ("body", "Nobody was hurt.")], status="proposed")
    write_page(root, OTHER, "story", page_lines("far", 1), status="proposed")
    write_page(root, OTHER, "old", page_lines("far", 2), status="reviewed", wish="kept")
    return root


@pytest.fixture
def desk(root: Path, tiny_sieve: Sieve) -> Desk:
    return Desk.laid(root, tiny_sieve.model)


def saved(desk: Desk, name: str, **changes: Any) -> str:
    """Save the page as it was opened but for these changes."""
    page = desk.open(name)
    sent = {"version": page["version"], "pieces": page["pieces"], "status": page["status"], "seconds": page["seconds"], **changes}
    return desk.save(name, **sent)


# -------------------------------------------------------------------------------------------------------------- pieces


def test_a_segment_is_cut_where_a_range_ends_in_it_and_two_ranges_of_one_role_stay_two() -> None:
    labels = [
        Label(0, 4, "boilerplate"),
        Label(5, 9, "boilerplate"),
        Label(11, 22, "headline"),
        Label(23, 35, "meta"),
        Label(36, 41, "boilerplate"),
    ]
    pieces = cut(TEXT, split(TEXT), labels)
    assert pieces == [
        Piece(0, 4, "boilerplate", 0),
        Piece(5, 9, "boilerplate", 0, begins=True),
        Piece(11, 22, "headline", 1),
        Piece(23, 35, "meta", 2),
        Piece(36, 41, "boilerplate", 2),
    ]
    assert join(pieces) == labels


def test_a_range_over_many_segments_is_a_piece_each_and_one_range_again() -> None:
    pieces = cut(TEXT, split(TEXT), [Label(0, 41, "body")])
    assert [(p.start, p.end, p.begins) for p in pieces] == [(0, 9, False), (11, 22, False), (23, 41, False)]
    assert join(pieces) == [Label(0, 41, "body")]


def test_what_no_label_covers_is_boilerplate() -> None:
    assert [p.role for p in cut(TEXT, split(TEXT), [Label(11, 22, "headline")])] == ["boilerplate", "headline", "boilerplate"]
    assert cut("", (), []) == [] == join([])


def test_pieces_of_every_page_of_the_corpus_give_its_labels_back() -> None:
    for document in corpus.read(DATA):
        assert join(cut(document.page.text, document.segments, document.labels)) == list(document.labels), document.page.name


@given(st.text("ab \n•", max_size=60), st.lists(st.integers(0, 60)), st.lists(st.sampled_from(ROLES), min_size=61, max_size=61))
def test_any_ranges_come_back(text: str, places: list[int], roles: list[str]) -> None:
    bounds = sorted({0, len(text), *(p for p in places if p < len(text))})
    labels = []
    for start, end, role in zip(bounds, bounds[1:], roles, strict=False):
        part = text[start:end]
        if part.strip():
            labels.append(Label(start + len(part) - len(part.lstrip()), start + len(part.rstrip()), role))
    pieces = cut(text, split(text), labels)
    assert join(pieces) == labels
    assert "".join("".join(text[p.start : p.end].split()) for p in pieces) == "".join(text.split())


# --------------------------------------------------------------------------------------------------------------- lists


def test_pages_wait_least_sure_first_and_reviewed_ones_do_not(desk: Desk) -> None:
    lists = desk.pages()["lists"]
    assert sorted(lists["review"]) == [f"{OTHER}/story.txt", f"{SITE}/short.txt", STORY]
    assert lists["review"] == list(desk.waiting)
    assert lists["doubts"] == []
    assert lists["all"] == sorted([*lists["review"], f"{OTHER}/old.txt"])


def test_the_order_of_review_holds_and_pages_it_does_not_name_come_after(root: Path, tiny_sieve: Sieve) -> None:
    (root / ORDER).write_text(json.dumps([STORY, f"{OTHER}/story.txt", "gone.example/page.txt"]))
    assert Desk.laid(root, tiny_sieve.model).pages()["lists"]["review"] == [STORY, f"{OTHER}/story.txt", f"{SITE}/short.txt"]
    assert Desk.laid(root, tiny_sieve.model, "names").pages()["lists"]["review"] == [f"{OTHER}/story.txt", f"{SITE}/short.txt", STORY]


@pytest.mark.parametrize(("content", "said"), [("{", "not JSON"), ('{"a": 1}', "not a list of str"), ("[1]", "not a list of str")])
def test_an_order_that_cannot_be_used_is_named(root: Path, tiny_sieve: Sieve, content: str, said: str) -> None:
    (root / ORDER).write_text(content)
    with pytest.raises(CorpusError, match=f"{ORDER}: .*{said}.*make label"):
        Desk.laid(root, tiny_sieve.model)


def test_an_unknown_order_and_a_folder_without_labels_are_named(root: Path, tiny_sieve: Sieve, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="order='size' is none of unsure, names"):
        Desk.laid(root, tiny_sieve.model, "size")
    with pytest.raises(FileNotFoundError, match="no label files there; `make label`"):
        Desk.laid(tmp_path / "nothing", tiny_sieve.model)


def test_doubts_are_listed_by_the_greatest_and_come_with_their_page(desk: Desk) -> None:
    found = [{"page": f"{OTHER}/old.txt", "start": 0, "end": 4, "role": "boilerplate", "said": "teaser", "doubted": 0.9}]
    found += [{**found[0], "page": STORY, "doubted": 0.7}, {**found[0], "page": "gone.example/page.txt"}]
    (desk.root / DOUBTS).write_text(json.dumps(found))
    assert desk.pages()["lists"]["doubts"] == [f"{OTHER}/old.txt", STORY]
    assert desk.open(STORY)["doubts"] == [found[1]]
    for bad in ({"page": "x"}, {**found[0], "page": [STORY]}):
        (desk.root / DOUBTS).write_text(json.dumps([bad]))
        with pytest.raises(CorpusError, match="which is no doubt"):
            desk.pages()


def test_a_bad_label_file_is_named_and_leaves_the_others(desk: Desk) -> None:
    label_file(desk.root, SITE, "short").write_text("{")
    pages = desk.pages()
    assert len(pages["pages"]) == 3
    assert len(pages["faults"]) == 1
    assert "short.json: not JSON" in pages["faults"][0]


# ------------------------------------------------------------------------------------------------------ open and save


def test_a_page_opens_with_its_pieces_and_what_the_model_says(desk: Desk) -> None:
    page = desk.open(STORY)
    lines = [(role, text.strip()) for role, text in page_lines("near", 1) if text.strip()]
    assert [page["text"][start:end] for start, end, *_ in page["pieces"]] == [text for _, text in lines]
    assert [ROLES[piece[2]] for piece in page["pieces"]] == [role for role, _ in lines]
    assert (page["status"], page["language"], page["html"], page["seconds"]) == ("proposed", "en", True, 0)
    assert len(page["said"]) == len(page["chances"]) == len(lines)
    assert all(990 <= sum(chances) <= 1010 for chances in page["chances"])


def test_a_save_changes_labels_status_and_time_and_nothing_else(desk: Desk) -> None:
    path = label_file(desk.root, OTHER, "old")
    before = json.loads(path.read_bytes())
    pieces = desk.open(f"{OTHER}/old.txt")["pieces"]
    pieces[0][2] = ROLES.index("comment")
    version = saved(desk, f"{OTHER}/old.txt", pieces=pieces, status="proposed", seconds=12.345)
    after = json.loads(path.read_bytes())
    assert version == corpus.version(path)
    assert after["labels"][0] == {"start": 0, "end": pieces[0][1], "role": "comment"}
    assert (after["status"], after["review_seconds"], after["wish"]) == ("proposed", 12.3, "kept")
    assert {k: v for k, v in after.items() if k not in ("labels", "status", "review_seconds")} == {
        k: v for k, v in before.items() if k not in ("labels", "status")
    }
    assert desk.open(f"{OTHER}/old.txt")["seconds"] == 12.3
    assert desk.pages()["pages"][f"{OTHER}/old.txt"]["seconds"] == 12.3


def test_opened_and_saved_a_page_of_the_corpus_is_the_same_but_for_the_time(tmp_path: Path, tiny_sieve: Sieve) -> None:
    name = "quillon.example/ice-storm.txt"
    for part, ending in (("raw", ".txt"), ("labeled", ".json")):
        path = (tmp_path / part / name).with_suffix(ending)
        path.parent.mkdir(parents=True)
        path.write_bytes((DATA / part / name).with_suffix(ending).read_bytes())
    saved(Desk(tmp_path, tiny_sieve.model), name)
    was = (DATA / "labeled" / name).with_suffix(".json").read_text()
    assert path.read_text() == was.replace(' "labels"', ' "review_seconds": 0.0,\n "labels"')


def test_a_save_on_an_older_version_is_refused_and_changes_nothing(desk: Desk) -> None:
    old = desk.open(STORY)["version"]
    saved(desk, STORY, status="reviewed")
    path = label_file(desk.root, SITE, "story")
    before = path.read_bytes()
    with pytest.raises(StaleError, match=r"story\.json: has been changed since it was opened .*; open the page again"):
        saved(desk, STORY, version=old)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pieces": [[0, 4, 1, 0, 0]]}, "no label for"),
        ({"pieces": [[0, 10**6, 1, 0, 0]]}, "bad offsets"),
        ({"pieces": [[0, 4, 99, 0, 0]]}, "cannot be read"),
        ({"pieces": [[0, 4, -1, 0, 0]]}, "cannot be read"),
        ({"pieces": [[0, 4.0, 1, 0, 0]]}, "cannot be read"),
        ({"pieces": [[0, float("inf"), 1, 0, 0]]}, "cannot be read"),
        ({"pieces": [["0", 4, 1, 0, 0]]}, "cannot be read"),
        ({"seconds": 10**400}, "seconds is 1000000000000"),
        ({"pieces": [[0, 4]]}, "cannot be read"),
        ({"pieces": 7}, "cannot be read"),
        ({"pieces": None}, "cannot be read"),
        ({"pieces": [None]}, "cannot be read"),
        ({"pieces": [[True, 4, 1, 0, 0]]}, "cannot be read"),
        ({"seconds": -1}, "seconds is -1"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"seconds": None}, "seconds is None"),
        ({"status": "perfect"}, "status 'perfect' is neither of"),
    ],
)
def test_a_save_that_does_not_fit_the_page_is_refused_and_changes_nothing(desk: Desk, changes: dict[str, Any], said: str) -> None:
    before = label_file(desk.root, SITE, "story").read_bytes()
    with pytest.raises(CorpusError, match=said):
        saved(desk, STORY, **changes)
    assert label_file(desk.root, SITE, "story").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "../../etc/passwd", "a/../../secret.txt", "/etc/passwd", "x", "", ".", "a/..", "..", "a\0/b.txt", f"{SITE}/none.txt"],
)
def test_no_page_outside_the_folder_is_opened_or_saved(desk: Desk, name: str) -> None:
    (desk.root.parent / "secret.json").write_text("{}")
    for ask in (desk.open, desk.html, lambda name: desk.save(name, "", [], "reviewed", 0)):
        with pytest.raises(DeskError):
            ask(name)


def test_a_link_that_leads_out_of_the_folder_is_refused(desk: Desk, tmp_path: Path) -> None:
    raw = desk.root / "raw" / SITE / "story.txt"
    for inside, ask in ((raw.with_suffix(".html"), desk.html), (raw, desk.open), (label_file(desk.root, SITE, "story"), desk.open)):
        outside = tmp_path / f"outside{inside.suffix}"
        inside.rename(outside)
        os.symlink(outside, inside)
        with pytest.raises(DeskError, match=r"is no <site>/<page>\.txt of"):
            ask(STORY)
        inside.unlink()
        outside.rename(inside)
    assert desk.open(STORY)["html"]


def test_html_is_coloured_and_nothing_in_it_runs_or_loads(desk: Desk) -> None:
    html = desk.html(STORY)
    assert "data-pagesieve-role" in html
    assert "<script" not in html
    with pytest.raises(DeskError, match="has no HTML"):
        desk.html(f"{SITE}/short.txt")


def test_an_element_has_the_colour_of_most_of_its_text(desk: Desk) -> None:
    lines = [("body", "Nobody was hurt on Sunday."), ("meta", "By Ada Quill")]
    raw = write_page(desk.root, SITE, "one", lines, status="proposed")
    raw.with_suffix(".html").write_text("<html><body><div>" + "<br>".join(text for _, text in lines) + "</div></body></html>")
    assert re.findall(r'data-pagesieve-role="(\w+)"', desk.html(f"{SITE}/one.txt")) == ["body"]


def test_segments_have_their_places_in_the_html(desk: Desk) -> None:
    places, html = desk.places(STORY), desk.html(STORY)
    segments = [segment.content for segment in split(desk.open(STORY)["text"])]
    assert len(places) == len(segments)
    for place, segment in zip(places, segments, strict=True):
        words = re.sub(r"<[^>]+>", "", html[html.index(f'id="pagesieve-{place}"') :].partition(">")[2][: len(segment) + 60])
        assert words.startswith(segment.lstrip("• "))
