from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import page_lines, page_text
from hypothesis import given
from hypothesis import strategies as st

from pagesieve.cases import CasesError, folded, read_cases, run
from pagesieve.cli import main
from pagesieve.sieve import Sieve

LINES = page_lines("tillerpost", 3)
BODY = next(text for role, text in LINES if role == "body")
TEASER = next(text for role, text in LINES if role == "teaser").strip(" •")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text(page_text(LINES), encoding="utf-8")
    return path


def written(folder: Path, cases: Any, name: str = "cases.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(cases), encoding="utf-8")
    return path


def test_statements_that_hold_pass(page: Path, tiny_sieve: Sieve, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(page.parent, [{"page": "story.txt", "body": BODY, "not_body": [TEASER], "teasers": [TEASER], "not_teasers": [BODY]}])
    assert [r.fault for r in run(tiny_sieve, read_cases(path))] == [""] * 4
    assert main(["check", str(path), "--model", str(tiny_model)]) == 0
    assert capsys.readouterr().out == "4 of 4 statements on 1 page hold (100.0%)\n"


def test_each_statement_that_does_not_hold_is_a_line_that_tells_why(
    page: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = {
        "page": "story.txt",
        "headline": BODY,
        "body": TEASER,
        "not_body": BODY,
        "teasers": [BODY, "no such words"],
        "not_teasers": TEASER,
    }
    path = written(page.parent, [case])
    assert main(["check", str(path), "--model", str(tiny_model)]) == 1
    *lines, total = capsys.readouterr().out.splitlines()
    faults = ["not in the headline", "not in the body", "in the body", "in no teaser", "not on the page at all", "in a teaser"]
    assert [line.rpartition(": ")[2] for line in lines] == faults
    assert all(line.startswith(f"{page}: ") for line in lines)
    assert total == "0 of 6 statements on 1 page hold (0.0%)"


def test_a_share_of_failures_can_be_allowed(page: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(page.parent, [{"page": "story.txt", "body": [BODY, TEASER]}])
    assert main(["check", str(path), "--model", str(tiny_model), "--min-rate", "0.5"]) == 0
    assert main(["check", str(path), "--model", str(tiny_model), "--min-rate", "0.51"]) == 1
    capsys.readouterr()
    main(["check", str(path), "--model", str(tiny_model), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["passed"], found["stated"], found["results"][1]["fault"]) == (1, 2, "not in the body")


def test_a_page_that_cannot_be_read_fails_and_the_others_are_checked(page: Path, tiny_sieve: Sieve) -> None:
    (page.parent / "quay.png").write_bytes(bytes(range(32)) * 9)
    path = written(page.parent, [{"page": "quay.png", "body": ["x", "y"]}, {"page": "story.txt", "body": BODY}])
    bad, also_bad, there = run(tiny_sieve, read_cases(path))
    assert "quay.png: looks binary" in bad.fault
    assert bad.fault == also_bad.fault
    assert there.fault == ""


def test_packed_pages_are_unpacked_as_by_the_command(page: Path, tiny_sieve: Sieve) -> None:
    (page.parent / "story.txt.gz").write_bytes(gzip.compress(page.read_bytes()))
    (page.parent / "cut.gz").write_bytes(gzip.compress(page.read_bytes())[:-9])
    path = written(page.parent, [{"page": "story.txt.gz", "body": BODY}, {"page": "cut.gz", "body": BODY}])
    there, cut = run(tiny_sieve, read_cases(path))
    assert there.fault == ""
    assert "cannot be unpacked" in cut.fault


def test_yaml_says_the_same_as_json_and_strings_may_be_wrapped(page: Path, tmp_path: Path) -> None:
    half = BODY.split()
    text = "\n      ".join([" ".join(half[:4]), " ".join(half[4:8])])
    (tmp_path / "cases.yaml").write_text(f"- page: story.txt\n  body:\n    - >\n      {text}\n", encoding="utf-8")
    (case,) = read_cases(tmp_path / "cases.yaml")
    assert case.page == page
    assert folded(case.stated["body"][0]) == " ".join(half[:8])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "must be a list of cases"),
        ("[]", "must be a list of cases"),
        ("- story.txt", "case 1 is 'story.txt'"),
        ("- page: story.txt\n  bodi: [x]", "case 1 has the unknown key 'bodi'; known: page, kind"),
        ("- page: story.txt", "case 1 .story.txt. states nothing"),
        ("- body: x", "case 1: page is None"),
        ("- page: a\n  body: x\n- page: b\n  body: [2021-05-01]", "case 2: body holds datetime.date"),
        ("- page: a\n  body: ['  ']", "case 1: body holds '  '"),
        ("- page: a\n  kind: pdf\n  body: x", "kind is 'pdf', none of auto"),
        ("- page: a\n  encoding: utf8x\n  body: x", "encoding is 'utf8x', which is none that is known"),
        ("- page: a\n  body: x", "case 1: page is 'a', but there is no file"),
        ("- page: .\n  body: x", "case 1: page is '.', but there is no file"),
        ("- page: a\n  body: x\n  body: y", "'body' is given twice in one case"),
        ("- page: a\n  body: [x", "not YAML"),
        ("- page: a\n  body: !!python/object/apply:os.system [ls]", "not YAML"),
    ],
)
def test_a_bad_file_is_told_with_its_place_and_remedy(
    text: str, named: str, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CasesError, match=named):
        read_cases(path)
    assert main(["check", str(path), "--model", str(tiny_model)]) == 2
    assert capsys.readouterr().err.startswith(f"pagesieve check: {path}: ")


def test_markdown_is_searched_as_it_reads(page: Path, tiny_sieve: Sieve) -> None:
    dump = "# Ferry stops\n\n" + "\n\n".join(
        f"The *old* beams of [the quay](/quay/{i}) would be kept, said the mate on Monday, {i}." for i in range(4)
    )
    (page.parent / "dump.txt").write_text(dump + "\n", encoding="utf-8")
    stated = {"not_body": ["The *old* beams", "The old beams of the quay"], "body": ["The old beams of the quay"]}
    found = list(run(tiny_sieve, read_cases(written(page.parent, [{"page": "dump.txt", **stated}])), 1.0))
    assert [(result.stated, result.fault) for result in found] == [
        ("body", ""),
        ("not_body", "not on the page at all"),
        ("not_body", "in the body"),
    ]


def test_the_command_knows_check(page: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(page.parent, [{"page": "story.txt", "body": TEASER}])
    assert main(["check", str(path), "--model", str(tiny_model)]) == 1
    monkeypatch.setenv("PAGESIEVE_MODEL", str(tiny_model))
    ended = subprocess.run(
        [sys.executable, "-m", "pagesieve", "check", "nowhere.yaml"], cwd=page.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "nowhere.yaml" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_check_tells_that_it_cannot_write(page: Path, tiny_model: Path) -> None:
    path = written(page.parent, [{"page": "story.txt", "body": TEASER}])
    program = [sys.executable, "-m", "pagesieve", "check", str(path), "--model", str(tiny_model)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("pagesieve check: standard output: ")
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == ("", 1)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
