from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import SITES, label_file, page_html, page_lines, page_text, write_page
from programs import SMALL_TRAINING, composed, folder, run

from pagesieve import corpus
from pagesieve.label import label
from pagesieve.labeling import RULES, propose
from pagesieve.selection import Candidate, furniture, review_order
from pagesieve.sieve import load
from pagesieve.storage import load_model

HERE, NEW = "reviewed.example", "new.example"


def raw_page(root: Path, site: str, name: str, data: bytes) -> Path:
    path = root / "raw" / site / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A reviewed page, a proposal, and two pages without labels, one of them empty."""
    root = tmp_path / "data"
    write_page(root, HERE, "story", page_lines("reviewed", 1))
    write_page(root, HERE, "draft", [("comment", text) for _, text in page_lines("reviewed", 2)], status="proposed")
    raw_page(root, NEW, "story", page_text(page_lines("new", 1)).encode())
    raw_page(root, NEW, "empty", b" \n")
    return root


def labelled(root: Path, *overrides: str) -> dict[str, Any]:
    """The labelling rules unless told otherwise: they need no model."""
    return label(composed("label", *folder(root), "labeler=rules", *overrides))


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_pages_without_labels_get_proposals_by_the_rules(root: Path) -> None:
    written = labelled(root, "language=en")["written"]
    assert written == [label_file(root, NEW, "empty"), label_file(root, NEW, "story")]
    documents = {d.page.name: d for d in corpus.read(root, ["proposed"])}
    assert list(documents) == [f"{NEW}/empty.txt", f"{NEW}/story.txt", f"{HERE}/draft.txt"]
    found = documents[f"{NEW}/story.txt"]
    assert found.roles.tolist() == propose(found.segments).tolist()
    assert (found.status, found.language, found.site, found.source) == ("proposed", "en", NEW, "proposed by labelling rules")
    assert not [problem for problem in corpus.check(root) if NEW in problem.file]


def test_pages_without_labels_get_proposals_by_a_model(root: Path, tiny_model: Path) -> None:
    labelled(root, "labeler=model", f"model_path={tiny_model}")
    (found,) = [d for d in corpus.read(root, ["proposed"]) if d.page.name == f"{NEW}/story.txt"]
    assert found.roles.tolist() == load_model(tiny_model).predict(found.segments).roles.tolist()
    assert found.source == f"proposed by the model {tiny_model}"
    assert found.language == "und"


def test_a_page_that_has_changed_is_told_and_the_others_get_their_proposals(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "raw" / HERE / "draft.txt").write_text("Another page\n", encoding="utf-8")
    found = label(composed("label", *folder(root)))
    assert found["written"] == [label_file(root, NEW, "empty"), label_file(root, NEW, "story")]
    (message,) = found["failed"]
    assert "draft.txt has changed since it was labelled" in message
    assert f"passed over: {message}" in capsys.readouterr().err
    assert f"{HERE}/draft.txt" not in found["order"]
    (root / "raw" / HERE / "draft.txt").write_bytes(bytes(range(20)) * 99)  # with its own sha256 below: no text any more
    record = json.loads(label_file(root, HERE, "draft").read_text("utf-8"))
    record["sha256"] = hashlib.sha256(bytes(range(20)) * 99).hexdigest()
    for broken, told in ((json.dumps(record), "looks binary"), ("{", "not JSON")):
        label_file(root, HERE, "draft").write_text(broken, encoding="utf-8")
        messages = label(composed("label", *folder(root), "overwrite=true"))["failed"]
        assert any(told in message for message in messages)


@pytest.mark.parametrize("overrides", [(), ("overwrite=true",)])
def test_reviewed_labels_and_all_pages_stay_as_they_are_byte_for_byte(overrides: tuple[str, ...], root: Path) -> None:
    before = contents(root)
    labelled(root, *overrides)
    after = contents(root)
    changed = {name for name, data in before.items() if after[name] != data}
    assert changed == ({f"labeled/{HERE}/draft.json"} if overrides else set())
    assert set(after) - set(before) == {f"labeled/{NEW}/empty.json", f"labeled/{NEW}/story.json", "review_order.json"}


def test_proposals_are_made_anew_only_when_asked(root: Path) -> None:
    labelled(root)
    assert labelled(root)["written"] == []
    assert len(labelled(root, "overwrite=true")["written"]) == 3
    (draft,) = [d for d in corpus.read(root, ["proposed"]) if d.page.name == f"{HERE}/draft.txt"]
    assert draft.roles.tolist() == propose(draft.segments).tolist()


def test_a_new_proposal_keeps_what_the_earlier_one_says_of_the_page(root: Path) -> None:
    path = label_file(root, HERE, "draft")
    kept = {"url": "https://reviewed.example/a", "language": "cy", "licence": "MIT", "renderer": "lynx"}
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **kept}), "utf-8")
    labelled(root, "overwrite=true", "language=en")
    record = corpus.read_labels(path)
    assert {key: record[key] for key in kept} == kept
    assert (record["status"], record["source"]) == ("proposed", "proposed by labelling rules")
    labelled(root, "overwrite=true")
    assert corpus.read_labels(label_file(root, NEW, "story"))["language"] == "en"


def test_the_same_pages_give_the_same_proposals(root: Path) -> None:
    labelled(root)
    first = contents(root)
    labelled(root, "overwrite=true")
    again = contents(root)
    assert {name: data for name, data in again.items() if NEW in name} == {name: data for name, data in first.items() if NEW in name}


def test_an_unreadable_page_is_reported_and_the_rest_goes_on(root: Path) -> None:
    raw_page(root, "broken.example", "binary", bytes(range(32)) * 40)
    (root / "raw" / "broken.example" / "folder.txt").mkdir()
    (root / "raw" / "broken.example" / "lost.txt").symlink_to("nowhere.txt")
    found = labelled(root)
    assert [path.parent.name for path in found["written"]] == [NEW, NEW]
    assert [next(n for n in ("binary", "folder", "lost") if f"{n}.txt" in message) for message in found["failed"]] == [
        "binary",
        "folder",
        "lost",
    ]
    assert not (root / "labeled" / "broken.example").exists()


def test_the_program_reports_an_unreadable_page_with_status_1(root: Path, tmp_path: Path) -> None:
    raw_page(root, "broken.example", "binary", bytes(range(32)) * 40)
    ended = run(tmp_path, "label", *folder(root), "labeler=rules")
    assert ended.returncode == 1
    assert "2 pages labelled by rules (status: proposed), 2 had labels already" in ended.stdout
    assert "not labelled:" in ended.stderr
    assert "looks binary" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert label_file(root, NEW, "story").is_file()


def test_the_program_ends_with_status_0_when_all_pages_are_labelled(root: Path, tmp_path: Path) -> None:
    ended = run(tmp_path, "label", *folder(root), "labeler=rules")
    assert ended.returncode == 0, ended.stderr
    for rule in RULES:
        assert f"| {rule.name} " in ended.stdout
        assert rule.why in ended.stdout


def test_each_rule_is_told_how_often_it_fired_and_was_right_on_reviewed_pages(root: Path) -> None:
    outcomes = {o.rule.name: o for o in labelled(root)["outcomes"]}
    reviewed = corpus.read(root)
    assert sum(o.reviewed for o in outcomes.values()) == sum(len(d.segments) for d in reviewed)
    assert sum(o.right for o in outcomes.values()) == sum(int((propose(d.segments) == d.roles).sum()) for d in reviewed)
    assert outcomes["teaser heading"].right == outcomes["teaser heading"].reviewed == 1
    assert outcomes["teaser heading"].fired == 2  # the reviewed page's and the new page's


def test_a_corpus_without_any_label_can_be_labelled(tmp_path: Path) -> None:
    for site in SITES[:2]:
        raw_page(tmp_path, f"{site}.example", "story", page_text(page_lines(site, 1)).encode())
    found = labelled(tmp_path)
    assert len(found["written"]) == 2
    assert sum(o.reviewed for o in found["outcomes"]) == 0


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (("labeler=oracle",), "labeler='oracle' is none of model, rules"),
        (("mode=guess",), "mode='guess' is none of propose, doubt"),
        (("pages=nowhere",), "nowhere: not there"),
        (("mode=doubt", "pages=mine"), "pages=mine: mode=doubt brings no pages"),
        (("labeler=model", "model_path=nowhere"), "nowhere: no model there"),
    ],
)
def test_an_unknown_labeler_or_a_missing_model_is_refused_before_anything_is_written(
    overrides: tuple[str, ...], named: str, root: Path
) -> None:
    before = contents(root)
    with pytest.raises((ValueError, FileNotFoundError), match=named):
        labelled(root, *overrides)
    assert contents(root) == before


def test_a_folder_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="raw: no pages there"):
        labelled(tmp_path)


def test_a_broken_label_file_is_never_overwritten(root: Path) -> None:
    path = label_file(root, NEW, "story")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"status": "reviewed"})[:-3])
    (message,) = label(composed("label", *folder(root), "overwrite=true"))["failed"]
    assert "story.json: not JSON" in message
    assert path.read_text() == json.dumps({"status": "reviewed"})[:-3]


# --------------------------------------------------------------------------------------------------- bringing pages


def test_pages_are_brought_labelled_by_the_model_that_ships_and_put_in_order(tmp_path: Path) -> None:
    theirs, root = tmp_path / "theirs", tmp_path / "data"
    for site in SITES[:3]:
        for number in (1, 2, 3):
            raw_page(theirs, f"{site}.example", f"story{number}", page_text(page_lines(site, number)).encode())
    found = labelled(root, f"pages={theirs}", "labeler=model", "language=en")
    assert found["failed"] == []
    assert len(found["brought"]) == len(found["written"]) == 9
    assert json.loads((root / "review_order.json").read_text("utf-8")) == found["order"]
    model = load().model
    proposed = corpus.read(root, ["proposed"])
    expected = [Candidate(d.page.name, d.site, model.predict(d.segments).confidence, furniture(d.segments)) for d in proposed]
    assert found["order"] == review_order(expected)
    assert {d.source for d in corpus.read(root, ["proposed"])} == {"proposed by the model that comes with pagesieve"}
    assert not corpus.check(root)


def test_what_a_page_states_of_itself_is_kept_with_its_labels(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page_html(page_lines("quernstone", 1)).replace("lang=en", "lang=gd"), encoding="utf-8")
    (labels,) = labelled(tmp_path / "data", f"pages={tmp_path / 'page.html'}", "site=quernstone.example")["written"]
    record = corpus.read_labels(labels)
    assert (record["language"], record["site"]) == ("gd", "quernstone.example")


def test_what_is_passed_over_is_told_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = tmp_path / "theirs" / "mill.example"
    theirs.mkdir(parents=True)
    for name, text in (("a.txt", "A page."), ("b.TXT", "A page."), ("c.txt", "A page."), ("d.txt", "Another."), ("e.csv", ""), ("f", "")):
        (theirs / name).write_text(text, encoding="utf-8")
    assert len(labelled(tmp_path / "data", f"pages={theirs}", "labeler=rules")["brought"]) == 2
    said = capsys.readouterr().out
    assert "\n2 passed over: their text is that of another page of their site\n" in said
    assert "\n2 files passed over, which are no pages: 1 .csv, 1 without ending\n" in said
    (theirs / "b.TXT").unlink()
    labelled(tmp_path / "data", f"pages={theirs / 'd.txt'}", "labeler=rules")
    assert "passed over" not in capsys.readouterr().out


def test_bad_pages_among_those_brought_are_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text('{"text": "A page.", "site": "a.example", "url": "https://[bad"}\nnot json\n{"body": 1}\n', encoding="utf-8")
    ended = run(tmp_path, "label", *folder(tmp_path / "data"), f"pages={theirs}", "labeler=rules")
    assert ended.returncode == 1
    assert f"1 pages brought from {theirs} to {tmp_path / 'data'}/raw, 0 were labelled already" in ended.stdout
    assert f"{theirs}, line 2: not JSON" in ended.stderr
    assert f"{theirs}, line 3: has neither text nor html (its fields: body)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_known_of_pages_survives_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text('{"text": "A page.", "url": "https://a.example/x", "language": "cy"}\n', encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(corpus, "write_labels", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            labelled(tmp_path / "data", f"pages={theirs}")
    (labels,) = labelled(tmp_path / "data", f"pages={theirs}")["written"]
    record = corpus.read_labels(labels)
    assert (record["url"], record["language"]) == ("https://a.example/x", "cy")


# ---------------------------------------------------------------------------------------------------------- doubts


def test_only_reviewed_labels_are_doubted(tmp_path: Path) -> None:
    write_page(tmp_path / "data", HERE, "draft", page_lines("reviewed", 2), status="proposed")
    with pytest.raises(ValueError, match=r"data: no reviewed page, .*; review some first"):
        labelled(tmp_path / "data", "mode=doubt")


def test_a_wrong_label_among_reviewed_ones_is_doubted_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for site in SITES:
        for number in (1, 2):
            lines = page_lines(site, number)
            if (site, number) == (SITES[3], 2):
                place = next(i for i, (role, _) in enumerate(lines) if role == "body")
                wrong = lines[place][1]
                lines[place] = ("teaser_heading", wrong)
            write_page(tmp_path, f"{site}.example", f"story{number}", lines)
    before = contents(tmp_path)
    found = labelled(tmp_path, "mode=doubt", "most=3", *(o for o in SMALL_TRAINING if "random_split" not in o))
    assert found["doubts"][0].text == wrong
    assert (found["doubts"][0].role, found["doubts"][0].said) == ("teaser_heading", "body")
    listed = json.loads((tmp_path / "doubts.json").read_text("utf-8"))
    assert listed[0] == found["doubts"][0].to_dict()
    assert all(item["role"] != item["said"] for item in listed)
    out = capsys.readouterr().out
    assert f"{SITES[3]}.example/story2.txt" in out
    assert wrong[:40] in out
    assert {name: data for name, data in contents(tmp_path).items() if name != "doubts.json"} == before


def test_a_language_that_is_none_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="language='english': give an ISO 639 code"):
        labelled(root, "language=english")


def test_the_model_that_the_environment_names_is_the_source(root: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGESIEVE_MODEL", str(tiny_model))
    labelled(root, "labeler=model")
    assert {d.source for d in corpus.read(root, ["proposed"]) if d.site == NEW} == {f"proposed by the model {tiny_model}"}


def test_a_folder_without_a_page_is_told_with_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(FileNotFoundError, match=r"raw: no pages there; .*1 \.pdf"):
        labelled(tmp_path / "data", f"pages={tmp_path / 'theirs'}")
