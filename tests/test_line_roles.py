"""`benchmarks/line_roles.py`: pages and runs of roles → a data folder."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import script

from pagesieve import corpus
from pagesieve.page import BLANK

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "benchmarks" / "line_roles.py"
line_roles = script(FILE)

TEXT = "Home\n\n  Ferry to Ostrel\n \u200b \nThe shaft is cracked.\nNo dock is free.\n\nMost read\n• Kiosk plays violin\n"
RUNS = "n h 2b r t"


@given(st.text(alphabet="ab \t\u200b\u2028\n\r", max_size=40))
def test_lines_hold_all_that_is_not_blank(text: str) -> None:
    found = [text[start:end] for start, end in line_roles.lines_of(text)]
    assert found == [line.strip(BLANK) for line in text.split("\n") if line.strip(BLANK)]


def test_runs_of_lines_become_ranges() -> None:
    found = [(TEXT[label.start : label.end], label.role) for label in line_roles.labels_of(TEXT, RUNS)]
    assert found == [
        ("Home", "boilerplate"),
        ("Ferry to Ostrel", "headline"),
        ("The shaft is cracked.\nNo dock is free.", "body"),
        ("Most read", "teaser_heading"),
        ("• Kiosk plays violin", "teaser"),
    ]


@pytest.mark.parametrize(("runs", "what"), [("n h b r t", "6 lines on the page, 5 labelled"), ("n h 2x r t", "'2x' is no number of lines")])
def test_runs_that_do_not_fit_are_named(runs: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        line_roles.labels_of(TEXT, runs)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pages" / "brackwater.example"
    folder.mkdir(parents=True)
    for name, text in (("ferry", TEXT), ("copy", TEXT), ("other", "No roles.\n")):
        (folder / f"{name}.txt").write_text(text, "utf-8")
        facts = {"url": None, "site": "brackwater.example", "language": "en", "source": "written for a test", "licence": "MIT", "body": "x"}
        (folder / f"{name}.json").write_text(json.dumps(facts), "utf-8")
    (folder / "copy.html").write_text("<p>Home", "utf-8")
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps({hashlib.sha256(TEXT.encode()).hexdigest(): RUNS}), "utf-8")
    monkeypatch.setattr(line_roles, "ROLES", roles)
    return tmp_path / "pages"


def test_pages_with_roles_are_a_data_folder_each_once(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert line_roles.lay_out(source, out) == 1
    (out / "raw" / "old.example").mkdir()
    assert line_roles.lay_out(source, out) == 1
    (document,) = corpus.read(out)
    assert (document.page.name, document.site, document.status) == ("brackwater.example/copy.txt", "brackwater.example", "reviewed")
    assert [label.role for label in document.labels] == ["boilerplate", "headline", "body", "teaser_heading", "teaser"]
    assert corpus.check(out) == []
    assert sorted(path.name for path in (out / "raw").rglob("*")) == ["brackwater.example", "copy.html", "copy.txt"]


def test_a_page_whose_lines_are_not_those_that_were_labelled_is_named(source: Path, tmp_path: Path) -> None:
    line_roles.ROLES.write_text(json.dumps({hashlib.sha256(TEXT.encode()).hexdigest(): "n"}), "utf-8")
    with pytest.raises(SystemExit, match=r"copy\.txt: cannot be used \(6 lines on the page, 1 labelled\)"):
        line_roles.lay_out(source, tmp_path / "out")


def test_a_page_without_its_facts_is_named(source: Path, tmp_path: Path) -> None:
    (source / "brackwater.example" / "copy.json").write_text("{}", "utf-8")
    with pytest.raises(SystemExit, match=r"copy\.txt: cannot be used \('url'\); mend its \.json"):
        line_roles.lay_out(source, tmp_path / "out")


def test_a_folder_of_somebody_else_stays_as_it_is(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "raw"
    mine.mkdir(parents=True)
    with pytest.raises(SystemExit, match=r"mine: is there, and not of this program's making"):
        line_roles.lay_out(source, tmp_path / "mine")
    assert mine.is_dir()


def test_what_is_written_down_is_roles_alone() -> None:
    runs_of = json.loads((ROOT / "data" / "line_roles.json").read_text("utf-8"))
    assert len(runs_of) > 500
    assert all(len(name) == 64 and line_roles.roles_of(runs) for name, runs in runs_of.items())


def test_the_script_ends_with_an_error_where_no_page_is_there(tmp_path: Path) -> None:
    command = [sys.executable, str(FILE), str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "none of the pages" in done.stderr
