from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from conftest import SITES, grows_linearly, page_lines, write_page

from pagesieve import corpus, datacard
from pagesieve.corpus import CorpusError, Label, check, digest, read, read_labels, segment_roles, unlabelled, write_labels
from pagesieve.page import Segment, split
from pagesieve.roles import ROLES

SITE, NAME = "saltmarsh.example", "ferry"
LABEL = f"labeled/{SITE}/{NAME}.json"
LINES = [("boilerplate", "Home"), ("", ""), ("headline", "Ferry stops"), ("body", "The crossing ends in April, they say.")]
TEXT = "Home\n\nFerry stops\nThe crossing ends in April, they say.\n"
RANGES = [(0, 4), (6, 17), (18, 55)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with one sound page."""
    write_page(tmp_path, SITE, NAME, LINES)
    return tmp_path


def change(root: Path, **facts: Any) -> None:
    """Change keys of the label file of `root`."""
    path = root / LABEL
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **facts}), encoding="utf-8")


def relabel(root: Path, *ranges: object) -> None:
    change(root, labels=[{"start": r[0], "end": r[1], "role": r[2]} if isinstance(r, tuple) else r for r in ranges])


def problems(root: Path) -> list[str]:
    return [str(problem) for problem in check(root)]


def run_check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pagesieve.check_data", *map(str, arguments)], capture_output=True, text=True, check=False)


# ---------------------------------------------------------------------------------------------------------- reading


def test_a_label_file_becomes_a_document(root: Path) -> None:
    change(root, language="en-GB", url="https://saltmarsh.example/ferry", renderer="w3m", source="a scraper", licence="CC0")
    (document,) = read(root)
    assert (document.page.text, document.page.name) == (TEXT, f"{SITE}/{NAME}.txt")
    assert document.labels == (Label(0, 4, "boilerplate"), Label(6, 17, "headline"), Label(18, 55, "body"))
    assert (document.site, document.language, document.status) == (SITE, "en-GB", "reviewed")
    assert (document.url, document.source, document.licence) == ("https://saltmarsh.example/ferry", "a scraper", "CC0")
    assert document.extra == {"renderer": "w3m"}
    assert [ROLES[role] for role in document.roles] == ["boilerplate", "headline", "body"]
    assert len(document.segments) == len(document.roles) == 3


def test_documents_come_sorted_by_page(tmp_path: Path) -> None:
    for site, name in (("b.example", "1"), ("a.example", "2"), ("a.example", "10"), ("a-b.example", "1")):
        write_page(tmp_path, site, name, LINES)
    names = [document.page.name for document in read(tmp_path)]
    assert names == ["a-b.example/1.txt", "a.example/10.txt", "a.example/2.txt", "b.example/1.txt"]
    assert [str(path.relative_to(tmp_path / "raw")) for path in corpus.raw_pages(tmp_path)] == names


def test_only_pages_of_the_asked_statuses_are_read(root: Path) -> None:
    write_page(root, SITE, "guess", LINES, status="proposed")
    assert [d.page.name for d in read(root)] == [f"{SITE}/{NAME}.txt"]
    assert [d.page.name for d in read(root, ["proposed"])] == [f"{SITE}/guess.txt"]
    assert len(read(root, ["proposed", "reviewed"])) == 2


def test_offsets_are_those_of_the_decoded_text(tmp_path: Path) -> None:
    raw = write_page(tmp_path, SITE, NAME, [("body", "Überfahrt endet")])
    raw.write_bytes(b"\xef\xbb\xbf" + raw.read_bytes())
    (tmp_path / LABEL).unlink()
    write_labels(tmp_path, raw, [Label(0, 15, "body")], status="reviewed")
    (document,) = read(tmp_path)
    assert document.page.text == "Überfahrt endet\n"
    assert check(tmp_path) == []


def test_a_folder_without_label_files_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"labeled: no label files there; .* must hold the folders raw and labeled"):
        read(tmp_path)


def test_the_digest_tells_data_apart_whatever_their_order(root: Path) -> None:
    write_page(root, "tillerpost.example", "mill", [("body", "The mill turns.")])
    documents = read(root)
    assert digest(documents) == digest(documents[::-1])
    assert digest(documents) != digest(documents[:1])
    relabel(root, (0, 4, "meta"), (6, 17, "headline"), (18, 55, "body"))
    assert digest(documents) != digest(read(root))


@pytest.mark.parametrize(
    ("labels", "role"),
    [
        ([], "boilerplate"),
        ([Label(0, 10, "body")], "body"),
        ([Label(0, 4, "meta"), Label(4, 10, "body")], "body"),
        ([Label(0, 6, "meta"), Label(6, 10, "body")], "meta"),
        ([Label(0, 5, "meta"), Label(5, 10, "body")], "meta"),
        ([Label(0, 3, "body"), Label(3, 7, "meta"), Label(7, 10, "body")], "body"),
        ([Label(10, 20, "body")], "boilerplate"),
    ],
)
def test_a_segment_takes_the_role_that_covers_most_of_it(labels: list[Label], role: str) -> None:
    assert segment_roles([Segment("x" * 10, 0, 10)], labels).tolist() == [ROLES.index(role)]


def test_one_label_may_cover_several_segments() -> None:
    roles = segment_roles(split(TEXT), [Label(0, 17, "meta"), Label(18, 55, "body")])
    assert [ROLES[role] for role in roles] == ["meta", "meta", "body"]


def test_finding_roles_takes_time_linear_in_size() -> None:
    def page(n: int) -> tuple[list[Segment], list[Label]]:
        return [Segment("ab", i * 3, i * 3 + 2) for i in range(n)], [Label(i * 3, i * 3 + 2, "body") for i in range(n)]

    assert grows_linearly(page, lambda made: segment_roles(*made), 10_000)


# ----------------------------------------------------------------------------------------------------------- faults


def test_sound_data_have_no_problems(tiny_corpus: Path) -> None:
    assert check(tiny_corpus) == []
    assert len(read(tiny_corpus)) == 2 * len(SITES)


def bad_offsets(root: Path) -> None:
    relabel(root, (0, 4, "boilerplate"), (6, 17, "headline"), (18, 57, "body"))


def negative(root: Path) -> None:
    relabel(root, (-1, 4, "boilerplate"), (6, 17, "headline"), (18, 55, "body"))


def empty_range(root: Path) -> None:
    relabel(root, (0, 4, "boilerplate"), (5, 5, "meta"), (6, 17, "headline"), (18, 55, "body"))


def overlap(root: Path) -> None:
    relabel(root, (0, 4, "boilerplate"), (6, 17, "headline"), (16, 55, "body"))


def gap(root: Path) -> None:
    relabel(root, (0, 4, "boilerplate"), (18, 55, "body"))


def gap_at_the_end(root: Path) -> None:
    relabel(root, (0, 4, "boilerplate"), (6, 17, "headline"), (18, 49, "body"))


def unknown_role(root: Path) -> None:
    relabel(root, (0, 4, "navigation"), (6, 17, "headline"), (18, 55, "body"))


def no_role(root: Path) -> None:
    relabel(root, {"start": 0, "end": 4}, (6, 17, "headline"), (18, 55, "body"))


def list_as_role(root: Path) -> None:
    relabel(root, (0, 4, ["body"]), (6, 17, "headline"), (18, 55, "body"))


def text_as_offset(root: Path) -> None:
    relabel(root, ("0", 4, "boilerplate"), (6, 17, "headline"), (18, 55, "body"))


def fraction_as_offset(root: Path) -> None:
    relabel(root, (0, 4.0, "boilerplate"), (6, 17, "headline"), (18, 55, "body"))


def truth_as_offset(root: Path) -> None:
    relabel(root, (False, 4, "boilerplate"), (6, 17, "headline"), (18, 55, "body"))


def number_as_range(root: Path) -> None:
    relabel(root, 7, (6, 17, "headline"), (18, 55, "body"))


def changed_page(root: Path) -> None:
    (root / f"raw/{SITE}/{NAME}.txt").write_bytes(TEXT.replace("April", "March").encode())


def binary_page(root: Path) -> None:
    raw = root / f"raw/{SITE}/{NAME}.txt"
    raw.write_bytes(bytes(range(32)) * 4)
    (root / LABEL).unlink()
    write_labels(root, raw, [Label(0, 4, "body")], status="reviewed")


def missing_page(root: Path) -> None:
    (root / f"raw/{SITE}/{NAME}.txt").unlink()


def page_elsewhere(root: Path) -> None:
    write_page(root, "elsewhere.example", "other", LINES)
    change(root, page="elsewhere.example/other.txt")


def page_outside(root: Path) -> None:
    change(root, page="/nowhere/at/all.txt")


def page_above(root: Path) -> None:
    (root / "stray.txt").write_text(TEXT, encoding="utf-8")
    change(root, page="../stray.txt")


def missing_key(root: Path) -> None:
    record = json.loads((root / LABEL).read_text("utf-8"))
    del record["licence"], record["url"]
    (root / LABEL).write_text(json.dumps(record), encoding="utf-8")


def unknown_status(root: Path) -> None:
    change(root, status="perhaps")


def list_as_status(root: Path) -> None:
    change(root, status=["reviewed"])


def number_as_site(root: Path) -> None:
    change(root, site=7)


def empty_language(root: Path) -> None:
    change(root, language="")


def list_as_source(root: Path) -> None:
    change(root, source=["a scraper"])


def number_as_url(root: Path) -> None:
    change(root, url=7)


def object_as_labels(root: Path) -> None:
    change(root, labels={})


def cut_off(root: Path) -> None:
    (root / LABEL).write_bytes((root / LABEL).read_bytes()[:-20])


def empty_file(root: Path) -> None:
    (root / LABEL).write_bytes(b"")


def not_utf8(root: Path) -> None:
    (root / LABEL).write_bytes(b'{"page": "\xff"}')


def a_list(root: Path) -> None:
    (root / LABEL).write_bytes(b"[]")


def nothing(root: Path) -> None:
    (root / LABEL).write_bytes(b"null")


def null_as_labels(root: Path) -> None:
    change(root, labels=None)


def deep(root: Path) -> None:
    (root / LABEL).write_bytes(b"[" * 100_000)


def endless_number(root: Path) -> None:
    (root / LABEL).write_bytes(b'{"labels": ' + b"9" * 5000 + b"}")


FAULTS: list[tuple[Callable[[Path], None], str, str]] = [
    (bad_offsets, LABEL, "labels[2] has the bad offsets 18-57 (the text has 56 characters)"),
    (negative, LABEL, "labels[0] has the bad offsets -1-4"),
    (empty_range, LABEL, "labels[1] has the bad offsets 5-5"),
    (overlap, LABEL, "labels[2] at 16-55 begins before the one above ends (17)"),
    (gap, LABEL, "no label for 'Ferry stops' at 6"),
    (gap_at_the_end, LABEL, "no label for 'y say.' at 49"),
    (unknown_role, LABEL, "labels[0] at 0-4 has the unknown role 'navigation' (roles: headline, body,"),
    (no_role, LABEL, "labels[0] at 0-4 has the unknown role None"),
    (list_as_role, LABEL, "labels[0] at 0-4 has the unknown role ['body']"),
    (text_as_offset, LABEL, "labels[0] is {'start': '0',"),
    (fraction_as_offset, LABEL, "labels[0] is {'start': 0, 'end': 4.0,"),
    (truth_as_offset, LABEL, "labels[0] is {'start': False,"),
    (number_as_range, LABEL, "labels[0] is 7, not an object"),
    (changed_page, LABEL, "wrong sha256: labelled"),
    (binary_page, LABEL, f"{SITE}/{NAME}.txt: looks binary"),
    (missing_page, LABEL, f"labels without a page: raw/{SITE}/{NAME}.txt is missing"),
    (page_elsewhere, LABEL, "labels the page 'elsewhere.example/other.txt', but file and page must have the same folder and stem"),
    (page_outside, LABEL, "/nowhere/at/all.txt"),
    (page_above, LABEL, "../stray.txt"),
    (missing_key, LABEL, "lacks url, licence"),
    (unknown_status, LABEL, "status 'perhaps' is neither of proposed, reviewed"),
    (list_as_status, LABEL, "status ['reviewed'] is neither"),
    (number_as_site, LABEL, "site is 7; it must be a text"),
    (empty_language, LABEL, "language is ''"),
    (list_as_source, LABEL, "source is ['a scraper']"),
    (number_as_url, LABEL, "url is 7"),
    (object_as_labels, LABEL, "labels is an object; it must be a list"),
    (cut_off, LABEL, "not JSON in UTF-8"),
    (empty_file, LABEL, "not JSON in UTF-8"),
    (not_utf8, LABEL, "not JSON in UTF-8"),
    (a_list, LABEL, "holds a list, not an object"),
    (nothing, LABEL, "holds null, not an object"),
    (null_as_labels, LABEL, "labels is null; it must be a list"),
    (deep, LABEL, "not JSON in UTF-8"),
    (endless_number, LABEL, "not JSON in UTF-8"),
]


def test_a_line_of_format_characters_needs_no_label(tmp_path: Path) -> None:
    write_page(tmp_path, SITE, NAME, [*LINES, ("boilerplate", "\u200f\u200b")])
    relabel(tmp_path, *((start, end, role) for (start, end), role in zip(RANGES, ("boilerplate", "headline", "body"), strict=True)))
    assert problems(tmp_path) == []


@pytest.mark.parametrize(("spoil", "file", "what"), FAULTS, ids=[spoil.__name__ for spoil, *_ in FAULTS])
def test_check_names_each_fault_with_file_and_place(root: Path, spoil: Callable[[Path], None], file: str, what: str) -> None:
    spoil(root)
    assert any(problem.startswith(f"{file}: ") and what in problem for problem in problems(root)), problems(root)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"site": "tillerpost.example"}, "site is 'tillerpost.example', the folder 'saltmarsh.example'"),
        ({"language": "xx-yy-zz!!"}, "language is 'xx-yy-zz!!'; it must be an ISO 639 code"),
        ({"language": "English"}, "language is 'English'"),
        ({"language": "de\n"}, "language is 'de\\n'"),
        ({"renderer": 5}, "renderer is 5; it must be a text"),
        ({"phenomena": "x"}, "phenomena is 'x'; it must be a list of texts"),
        ({"phenomena": [1]}, "phenomena is [1]"),
        ({"url": "javascript:1"}, "url is 'javascript:1'; it must be an address"),
        ({"url": "https://[bad"}, "url is 'https://[bad'"),
        ({"url": "/story"}, "url is '/story'"),
    ],
)
def test_check_names_facts_that_cannot_be(root: Path, facts: dict[str, Any], what: str) -> None:
    change(root, **facts)
    (problem,) = problems(root)
    assert problem.startswith(f"{LABEL}: {what}")
    assert len(read(root)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        *(
            {"language": code}
            for code in ("de", "und", "nds", "pt-BR", "zh-Hans", "zh_TW", "sr-Latn-RS", "es-419", "zh-yue-HK", "ca-ES-valencia")
        ),
        *({"url": url} for url in ("http://saltmarsh.example", "https://saltmarsh.example/ferry?a=1", "", None)),
        *({"renderer": name} for name in ("w3m", "", None)),
        *({"phenomena": names} for names in ([], ["cards"], None)),
    ],
)
def test_facts_that_may_be_are_no_problem(root: Path, facts: dict[str, Any]) -> None:
    change(root, **facts)
    assert problems(root) == []


@pytest.mark.parametrize("place", ["stray.json", f"{SITE}/deep/stray.json"])
def test_a_label_file_out_of_its_place_is_a_problem(root: Path, place: str) -> None:
    (root / "labeled" / place).parent.mkdir(exist_ok=True)
    (root / "labeled" / place).write_text("{}", encoding="utf-8")
    assert problems(root) == [f"labeled/{place}: is passed over; label files must be labeled/<site>/<page>.json"]


@pytest.mark.parametrize(("spoil", "file", "what"), FAULTS, ids=[spoil.__name__ for spoil, *_ in FAULTS])
def test_reading_stops_at_each_fault_and_names_the_file(root: Path, spoil: Callable[[Path], None], file: str, what: str) -> None:
    spoil(root)
    with pytest.raises(ValueError, match=NAME):
        read(root)


def test_check_names_all_faults_of_a_file(root: Path) -> None:
    relabel(root, (0, 3, "menu"), (18, 99, "body"))
    found = problems(root)
    assert len(found) == 3
    for what in ("unknown role 'menu'", "no label for 'e", "bad offsets 18-99"):
        assert any(what in problem for problem in found)


def test_a_page_without_labels_is_a_problem(root: Path) -> None:
    raw = root / "raw" / SITE / "mill.txt"
    raw.write_text("The mill turns.\n", encoding="utf-8")
    assert problems(root) == [f"raw/{SITE}/mill.txt: has no labels; run `make label` and review them"]
    assert unlabelled(root) == [raw]


def test_one_site_in_two_spellings_is_a_problem(root: Path) -> None:
    write_page(root, "www.Saltmarsh.example", "mill", [("body", "The mill turns all night long.")])
    assert problems(root) == [
        f"raw/saltmarsh.example/{NAME}.txt: one site in 2 spellings: 'saltmarsh.example' (saltmarsh.example/{NAME}.txt), "
        "'www.Saltmarsh.example' (www.Saltmarsh.example/mill.txt)"
    ]


def test_sites_that_merely_look_alike_are_two(root: Path) -> None:
    write_page(root, "saltmarshes.example", "mill", [("body", "The mill turns all night long.")])
    assert problems(root) == []


@pytest.mark.parametrize(("changed", "found"), [(2, True), (20, False)])
def test_pages_with_nearly_the_same_article_are_near_duplicates(tmp_path: Path, changed: int, found: bool) -> None:
    words = [f"word{i}" for i in range(100)]
    write_page(tmp_path, "a.example", "one", [("meta", "5 May"), ("body", " ".join(words))])
    write_page(tmp_path, "b.example", "two", [("body", " ".join([*words[:-changed], *["other"] * changed])), ("comment", "Well rowed!")])
    expected = "raw/b.example/two.txt: near-duplicate of a.example/one.txt ("
    assert [problem.startswith(expected) for problem in problems(tmp_path)] == [True] * found


def test_pages_of_furniture_alone_are_compared_by_all_their_text(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(tmp_path, "a.example", name, [("boilerplate", "We could not find the page that you were looking for")])
    assert "near-duplicate of a.example/one.txt (100%" in problems(tmp_path)[0]


def test_a_written_corpus_shares_no_long_run_of_words_between_sites(tmp_path: Path) -> None:
    run = "the mill has not turned since nine boats"
    write_page(tmp_path, "a.example", "one", [("body", f"They say {run} sank in the bay.")])
    write_page(tmp_path, "b.example", "two", [("body", f"Nobody knows why {run} were painted green last year.")])
    assert problems(tmp_path) == []
    write_page(tmp_path, "c.example", "three", [("body", "For once the mill has not turned since nine people came.")])
    assert [str(p) for p in check(tmp_path, written=True)] == [
        f"raw/b.example/two.txt: shares the words '{run}' at 0 with a.example/one.txt"
    ]


def test_a_run_that_repeats_itself_may_be_shared(tmp_path: Path) -> None:
    for site in ("a.example", "b.example"):
        write_page(tmp_path, site, "one", [("body", f"{site} sings la la la la la la la la la la.")])
    assert check(tmp_path, written=True) == []


def test_near_duplicates_are_found_among_as_many_copies_as_a_template_may_have(tmp_path: Path) -> None:
    for number in range(5):
        write_page(tmp_path, "a.example", f"{number}", [("body", "The night ferry carried home the ledger after the vote")])
    assert len([problem for problem in problems(tmp_path) if "near-duplicate" in problem]) == 10


@pytest.mark.parametrize(("role", "count"), [("boilerplate", 0), ("caption", 1)])
def test_furniture_may_be_shared(tmp_path: Path, role: str, count: int) -> None:
    for site in ("a.example", "b.example"):
        write_page(
            tmp_path, site, "one", [("body", f"{site} has its own text."), (role, "All rights reserved by the owners of this fine site")]
        )
    assert len(check(tmp_path, written=True)) == count


def test_problems_come_sorted_by_file(root: Path) -> None:
    for name in ("z", "a", "m"):
        (root / "raw" / SITE / f"{name}.txt").write_text("Tide", encoding="utf-8")
    assert [problem.file for problem in check(root)] == [f"raw/{SITE}/{name}.txt" for name in "amz"]


# ------------------------------------------------------------------------------------------------------ check-data


def test_check_data_ends_well_for_sound_data(tiny_corpus: Path) -> None:
    done = run_check(tiny_corpus)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{2 * len(SITES)} pages, 0 problems\n", "")


def test_check_data_prints_every_problem_and_fails(root: Path) -> None:
    gap(root)
    (root / "raw" / SITE / "mill.txt").write_text("The mill turns.\n", encoding="utf-8")
    done = run_check(root)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [*problems(root), "2 pages, 2 problems"]


def test_check_data_names_pages_and_html_that_are_passed_over(root: Path) -> None:
    raw = root / "raw"
    write_page(root, SITE, "other", [("body", "The ferry carried nine barrels of tar over the strait while it rained.")])
    write_page(root, SITE, "cut", [("body", "Two surveyors measured the weather vane again before dawn.")])
    (raw / SITE / "deep").mkdir()
    for name in ("top.txt", f"{SITE}/deep/page.txt"):
        (raw / name).write_text("Tide\n", encoding="utf-8")
    (raw / SITE / "alone.html").write_text("<p>Tide", encoding="utf-8")
    (raw / SITE / "other.html").write_text("<p>Quite another page, on kites and orchards.", encoding="utf-8")
    (raw / SITE / "cut.html.gz").write_bytes(gzip.compress(b"<p>Two surveyors measured")[:-9])
    assert [line.partition(": ")[0::2] for line in sorted(run_check(root).stdout.splitlines()[:-1])] == [
        (f"raw/{SITE}/alone.html", 'has no text dump beside it and is passed over; bring it with make label ARGS="pages=…"'),
        (f"raw/{SITE}/cut.txt", ANY),
        (f"raw/{SITE}/deep/page.txt", "is passed over; pages must be raw/<site>/<page>.txt"),
        ("raw/top.txt", "is passed over; pages must be raw/<site>/<page>.txt"),
    ]
    assert "cut.html.gz: not a whole gzip file" in run_check(root).stdout
    assert (
        run_check(root).stderr
        == f"note: raw/{SITE}/other.txt: the HTML beside it holds less than half of its words, so training passes over the HTML\n"
    )


def test_check_data_wants_a_data_folder(tmp_path: Path) -> None:
    done = run_check(tmp_path / "nowhere")
    assert done.returncode == 1
    assert "nowhere: no data there; it must hold raw/<site>/<page>.txt" in done.stderr


def test_the_data_cards_counts_are_checked_and_written(root: Path) -> None:
    card = root / "README.md"
    assert f"{card}: is missing; write a data card" in run_check(root, "--written").stdout
    card.write_text("# Data\n", encoding="utf-8")
    assert f"\n{card}: lacks the marks" in f"\n{run_check(root, '--written').stdout}"
    card.write_text("# Data\n<!-- counts: begin -->\n\n<!-- counts: end -->\nGaps: many.\n", encoding="utf-8")
    assert (
        f"{card}: its counts are not those of the data; run `python -m pagesieve.check_data {root} --write-card`"
        in run_check(root, "--written").stdout
    )
    assert run_check(root, "--write-card").returncode == 0
    assert run_check(root, "--written").returncode == 0
    text = card.read_text("utf-8")
    assert text.startswith("# Data\n")
    assert text.endswith("Gaps: many.\n")
    assert "1 pages of 1 sites." in text
    change(root, phenomena=7)
    assert "phenomena is 7" in run_check(root, "--written").stdout


def test_a_data_card_that_is_no_text_is_told(root: Path) -> None:
    (root / datacard.CARD).write_bytes(b"\xff\xfe card")
    with pytest.raises(ValueError, match=r"README\.md: not UTF-8 .*; save it as UTF-8"):
        datacard.write_card(root, read(root))
    (problem,) = datacard.check_card(root, read(root))
    assert "not UTF-8" in problem.what


def test_the_data_card_counts_packed_html_as_a_view(root: Path) -> None:
    documents = read(root)
    (root / "raw" / SITE / f"{NAME}.html").unlink(missing_ok=True)
    assert "text and HTML" not in datacard.counts(root, documents)
    (root / "raw" / SITE / f"{NAME}.html.gz").write_bytes(gzip.compress(b"<p>Row on</p>"))
    assert "text and HTML" in datacard.counts(root, documents)


# ---------------------------------------------------------------------------------------------------------- writing


def test_written_labels_are_read_again(tmp_path: Path) -> None:
    raw = write_page(tmp_path, SITE, NAME, LINES)
    (tmp_path / LABEL).unlink()
    labels = [Label(0, 4, "meta"), Label(6, 55, "body")]
    assert write_labels(tmp_path, raw, labels, language="de", labeler="rules") == tmp_path / LABEL
    (document,) = read(tmp_path, ["proposed"])
    assert document.labels == tuple(labels)
    assert (document.language, document.site, document.extra) == ("de", SITE, {"labeler": "rules"})
    assert check(tmp_path) == []
    assert sum('"start"' in line for line in (tmp_path / LABEL).read_text("utf-8").splitlines()) == 2


def test_a_page_of_white_space_gets_an_empty_list(tmp_path: Path) -> None:
    raw = write_page(tmp_path, SITE, NAME, [])
    (tmp_path / LABEL).unlink()
    write_labels(tmp_path, raw, [], status="reviewed")
    assert read_labels(tmp_path / LABEL)["labels"] == []
    assert check(tmp_path) == []


def test_reviewed_labels_are_never_overwritten(root: Path) -> None:
    before = (root / LABEL).read_bytes()
    with pytest.raises(CorpusError, match=rf"{NAME}\.json: is reviewed and stays as it is"):
        write_labels(root, root / "raw" / SITE / f"{NAME}.txt", [Label(0, 55, "meta")])
    assert (root / LABEL).read_bytes() == before


def test_a_label_file_that_cannot_be_read_is_not_overwritten(root: Path) -> None:
    cut_off(root)
    before = (root / LABEL).read_bytes()
    with pytest.raises(CorpusError, match="not JSON"):
        write_labels(root, root / "raw" / SITE / f"{NAME}.txt", [Label(0, 55, "meta")])
    assert (root / LABEL).read_bytes() == before


def test_proposals_may_be_made_anew(root: Path) -> None:
    change(root, status="proposed")
    write_labels(root, root / "raw" / SITE / f"{NAME}.txt", [Label(0, 55, "meta")])
    assert read(root, ["proposed"])[0].labels == (Label(0, 55, "meta"),)
    assert os.listdir(root / "labeled" / SITE) == [f"{NAME}.json"]


def test_checking_takes_time_linear_in_the_number_of_pages(tmp_path: Path) -> None:
    def corpus_of(n: int) -> Path:
        for i in range(n):
            write_page(tmp_path / str(n), f"site{i}.example", "page", page_lines(f"site{i}", i))
        return tmp_path / str(n)

    assert grows_linearly(corpus_of, check, 25)
