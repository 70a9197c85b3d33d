from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import label_file, write_page
from hypothesis import example, given
from hypothesis import strategies as st
from programs import composed, folder, run

from pagesieve import corpus
from pagesieve import exchange as exchange_module
from pagesieve.corpus import Document, Label
from pagesieve.exchange import COLOURS, ExchangeError, exchange, labelling_config, read_lines, read_tasks, to_lines, to_tasks
from pagesieve.page import Page
from pagesieve.roles import ROLES

SITE = "cats.example"
LINES = [("boilerplate", " 🏠 Home"), ("", ""), ("headline", "🐱 Cat 𝔣ound"), ("body", "猫が見つかった。\r"), ("teaser", "• عاصفة 🌩️ غداً")]
FORMATS = ("tasks.json", "tasks.jsonl")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A reviewed and a proposed page, with characters outside the Basic Multilingual Plane before most ranges."""
    root = tmp_path / "data"
    write_page(root, SITE, "done", LINES)
    write_page(root, SITE, "draft", [*LINES, ("comment", "last")], status="proposed", language="ja")
    return root


def exchanged(root: Path, *overrides: str) -> list[str]:
    return exchange(composed("exchange", *folder(root), *overrides))


def labels(root: Path) -> dict[str, tuple[str, tuple[Label, ...]]]:
    return {d.page.name: (d.status, d.labels) for d in corpus.read(root, corpus.STATUSES)}


def as_annotated(path: Path) -> None:
    """What Label Studio gives back when a person submits every prediction as it is."""
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for number, task in enumerate(tasks, 1):
        result = (task.get("annotations") or task.pop("predictions"))[0]["result"]
        result = [{**region, "origin": "prediction"} for region in reversed(result)]
        old = {"id": 1, "result": [], "was_cancelled": False, "updated_at": "2026-01-01T00:00:00Z"}
        new = {"id": 2, "result": result, "was_cancelled": False, "updated_at": "2026-01-02T00:00:00Z", "lead_time": 4.2}
        cancelled = {"id": 3, "result": [], "was_cancelled": True, "updated_at": "2026-01-03T00:00:00Z"}
        task.update(id=number, annotations=[new, old, cancelled], predictions=[], meta={}, project=1)
    path.write_text(json.dumps(tasks), encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_a_page_that_has_changed_is_told_and_the_others_go_on(root: Path, tmp_path: Path, name: str) -> None:
    assert exchanged(root, f"out={tmp_path / name}") == []
    if name == "tasks.json":
        as_annotated(tmp_path / name)
    (root / "raw" / SITE / "draft.txt").write_text("Another page\n", encoding="utf-8")
    before = (root / "labeled" / SITE / "draft.json").read_bytes()
    for overrides in ([f"read={tmp_path / name}", "overwrite=true", "status=reviewed"], [f"out={tmp_path / name}"]):
        (message,) = exchanged(root, *overrides)
        assert re.search(r"draft\.json: .*draft\.txt has changed since it was labelled", message)
    assert [document.page.name for document in corpus.read(root, faults=[])] == [f"{SITE}/done.txt"]
    assert (root / "labeled" / SITE / "draft.json").read_bytes() == before
    with pytest.raises(ValueError, match=r"no labelled page of status proposed, nothing is written .* has changed since"):
        exchanged(root, f"out={tmp_path / name}", "status=proposed")


@pytest.mark.parametrize("name", FORMATS)
def test_labels_come_back_as_they_went(root: Path, tmp_path: Path, name: str) -> None:
    before = labels(root)
    out = tmp_path / name
    assert exchanged(root, f"out={out}") == []
    if name == "tasks.json":
        as_annotated(out)
    for page in ("done", "draft"):
        path = label_file(root, SITE, page)
        text = json.loads(path.read_bytes())
        text["labels"] = [{"start": text["labels"][0]["start"], "end": text["labels"][-1]["end"], "role": "meta"}]
        path.write_text(json.dumps(text))
    assert exchanged(root, f"read={out}", "overwrite=true", "status=reviewed") == []
    assert {page: found for page, (_, found) in labels(root).items()} == {page: found for page, (_, found) in before.items()}
    assert {status for status, _ in labels(root).values()} == {"reviewed"}


def test_offsets_count_characters_and_not_utf_16_units(root: Path, tmp_path: Path) -> None:
    exchanged(root, f"out={tmp_path / 'tasks.json'}", "status=reviewed")
    (task,) = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    values = [region["value"] for region in task["annotations"][0]["result"]]
    assert [(v["start"], v["end"], v["text"], v["labels"]) for v in values[:2]] == [
        (1, 7, "🏠 Home", ["boilerplate"]),
        (9, 20, "🐱 Cat 𝔣ound", ["headline"]),
    ]
    assert task["data"]["text"][9:20] == "🐱 Cat 𝔣ound"


def test_reviewed_labels_go_as_annotations_and_proposals_as_predictions(root: Path, tmp_path: Path) -> None:
    exchanged(root, f"out={tmp_path / 'tasks.json'}")
    done, draft = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert (done.keys(), draft.keys()) == ({"data", "annotations"}, {"data", "predictions"})
    assert draft["data"]["page"] == f"{SITE}/draft.txt"
    assert draft["data"]["language"] == "ja"


def test_a_line_is_a_page_with_offsets(root: Path, tmp_path: Path) -> None:
    exchanged(root, f"out={tmp_path / 'tasks.jsonl'}", "status=proposed")
    (line,) = (tmp_path / "tasks.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record["id"] == 1
    assert record["label"][1] == [9, 20, "headline"]
    assert record["text"][9:20] == "🐱 Cat 𝔣ound"


def test_the_labelling_configuration_has_a_label_for_each_role(root: Path, tmp_path: Path) -> None:
    exchanged(root, f"out={tmp_path / 'tasks.json'}")
    written = (tmp_path / "tasks.xml").read_text(encoding="utf-8")
    assert written == labelling_config()
    tree = ElementTree.fromstring(written)
    assert [label.get("value") for label in tree.iter("Label")] == list(ROLES)
    style = (Path(exchange_module.__file__).parent / "reviewer" / "app.css").read_text(encoding="utf-8")
    assert all(f"--{label.get('value')}: {label.get('background')};" in style for label in tree.iter("Label"))  # as in the reviewer
    assert [(text.get("name"), text.get("value")) for text in tree.iter("Text")] == [("text", "$text")]


def test_reviewed_labels_stay_unless_told_otherwise_and_tasks_without_annotation_are_passed_over(
    root: Path, tmp_path: Path, capsys: Any
) -> None:
    exchanged(root, f"out={tmp_path / 'tasks.json'}")
    before = labels(root)
    (message,) = exchanged(root, f"read={tmp_path / 'tasks.json'}")
    assert "done.json is reviewed and stays as it is; overwrite=true" in message
    assert labels(root) == before
    assert "1 tasks have no annotation and were passed over" in capsys.readouterr().out


def test_what_is_taken_over_is_proposed_unless_told_otherwise(root: Path, tmp_path: Path) -> None:
    line = {
        "text": "".join(text + "\n" for _, text in LINES).strip(),
        "entities": [{"id": 1, "label": "body", "start_offset": 0, "end_offset": 48}],
    }
    line["text"] += "\nlast"
    line["entities"][0]["end_offset"] = len(line["text"])  # type: ignore[index]
    (tmp_path / "in.jsonl").write_text("\n" + json.dumps(line) + "\n\n", encoding="utf-8")
    assert exchanged(root, f"read={tmp_path / 'in.jsonl'}") == []
    status, (label,) = labels(root)[f"{SITE}/draft.txt"]
    assert (status, label.start, label.role) == ("proposed", 1, "body")  # the tool had cut the white space off the text's beginning


def line(**changes: Any) -> str:
    return json.dumps({"page": f"{SITE}/draft.txt", "text": "".join(text + "\n" for _, text in LINES) + "last\n", "label": [], **changes})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.jsonl", "{", r"line 1: not JSON"),
        ("in.jsonl", "[]", r"line 1: has no text"),
        ("in.jsonl", '{"text": "x"}', r"line 1: has no label"),
        ("in.jsonl", line(label=[[0, 5]]), r"\[0, 5\] is no range"),
        ("in.jsonl", line(label=[[0, 5.5, "body"]]), r"is no range"),
        ("in.jsonl", line(label=[[0, 5, "Person"]]), r"unknown role 'Person' at 0; roles: headline"),
        ("in.json", "{}", r"holds an object, not a list of tasks"),
        ("in.json", "null", r"holds null, not a list of tasks"),
        ("in.json", '[{"text": "x"}]', r"task 1: has no data with a text"),
        ("in.json", "nonsense", r"in.json: not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_place(root: Path, tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ExchangeError, match=said):
        exchanged(root, f"read={tmp_path / name}")


def test_a_blank_page_is_not_taken_for_one_without_a_name(root: Path, tmp_path: Path) -> None:
    write_page(root, SITE, "blank", [("", "")])
    text = json.loads(line())["text"]
    nameless = line(page="", label=[[len(text) - len(text.lstrip()), len(text.rstrip()), "body"]])
    (tmp_path / "pages.jsonl").write_text(nameless, encoding="utf-8-sig")
    assert exchanged(root, f"read={tmp_path / 'pages.jsonl'}") == []


def test_a_file_that_cannot_be_read_to_its_end_changes_nothing(root: Path, tmp_path: Path) -> None:
    text = json.loads(line())["text"]
    good = line(label=[[len(text) - len(text.lstrip()), len(text), "body"]])
    before = labels(root)
    (tmp_path / "in.jsonl").write_text(f"{good}\n{line(label=[[0, 5, 'Person']])}\n", encoding="utf-8")
    with pytest.raises(ExchangeError, match=r"line 2: unknown role 'Person'"):
        exchanged(root, f"read={tmp_path / 'in.jsonl'}")
    assert labels(root) == before
    (tmp_path / "in.jsonl").write_text(good, encoding="utf-8")
    assert exchanged(root, f"read={tmp_path / 'in.jsonl'}") == []
    assert labels(root) != before


def test_line_ends_that_label_studio_wrote_out_are_read_as_such(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "tasks.json"
    exchanged(root, f"out={out}", "status=reviewed")
    tasks = json.loads(out.read_text(encoding="utf-8"))
    result = tasks[0]["annotations"][0]["result"]
    first, last = result[0]["value"], result[-1]["value"]
    text = tasks[0]["data"]["text"][first["start"] : last["end"]]
    assert "\n" in text
    result[:] = [{**result[0], "value": {**first, "end": last["end"], "text": text.replace("\n", "\\n")}}]
    out.write_text(json.dumps(tasks), encoding="utf-8")
    assert exchanged(root, f"read={out}", "overwrite=true") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"page": "gone.example/x.txt", "text": "x"}, "no page of .* is gone.example/x.txt; bring it with make label"),
        ({"text": "other"}, "its text is not that of cats.example/draft.txt"),
        ({"label": [[1, 20, "body"]]}, "no label for"),
        ({"label": [[1, 20, "body"], [10, 40, "meta"]]}, "begins before the one above ends"),
        ({"label": [[1, 999, "body"]]}, "bad offsets 1-999"),
    ],
)
def test_a_page_that_does_not_fit_is_named_and_stays_as_it_is(
    root: Path, tmp_path: Path, changes: dict[str, Any], said: str | None
) -> None:
    before = labels(root)
    (tmp_path / "in.jsonl").write_text(line(**changes), encoding="utf-8")
    messages = exchanged(root, f"read={tmp_path / 'in.jsonl'}")
    assert re.search(said, messages[0])
    assert labels(root) == before


def test_offsets_in_utf_16_units_are_noticed(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "tasks.json"
    exchanged(root, f"out={out}", "status=reviewed")
    tasks = json.loads(out.read_text(encoding="utf-8"))
    value = tasks[0]["annotations"][0]["result"][1]["value"]
    value.update(start=value["start"] + 1, end=value["end"] + 2)
    out.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.raises(ExchangeError, match=r"says '🐱 Cat 𝔣ound', but 10-22 of the text is .*UTF-16 units"):
        exchanged(root, f"read={out}", "overwrite=true")


def test_nothing_to_write_leaves_an_older_file_as_it_is(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "tasks.json"
    out.write_text("older", encoding="utf-8")
    for path in (root / "labeled").glob("*/*.json"):
        path.write_text(path.read_text("utf-8").replace('"reviewed"', '"proposed"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"no labelled page of status reviewed, nothing is written to .*tasks\.json"):
        exchanged(root, f"out={out}", "status=reviewed")
    assert out.read_text("utf-8") == "older"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "give one of out=file .* and read=file"),
        (["out=a.json", "read=b.json"], "give one of"),
        (["out=a.csv"], "a.csv: must end in .json"),
        (["read=a.csv"], "a.csv: must end in .json"),
        (["out=a.json", "status=done"], "status='done' is neither of"),
    ],
)
def test_settings_that_cannot_be_are_named(root: Path, overrides: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        exchanged(root, *overrides)


def test_a_file_to_read_that_is_not_there_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^read=.*nope\.json: not there; give the file that the other tool wrote"):
        exchanged(root, f"read={tmp_path / 'nope.json'}")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(FileNotFoundError, match=r"^read=.*folder\.json: a folder; give the file"):
        exchanged(root, f"read={tmp_path / 'folder.json'}")


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=9),
            st.sampled_from(ROLES),
        ),
        max_size=9,
    )
)
@example([("\\n", "headline")])
def test_any_text_and_roles_come_back_from_both_formats(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str]]) -> None:
    text, found = "", []
    for words, role in drawn:
        found.append(Label(len(text), len(text) + len(words), role))
        text += words + "\n"
    document = Document(Page(text, "a.example/b.txt"), tuple(found), "a.example", "en", "reviewed", "")
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(to_tasks([document]), encoding="utf-8")
    (marked,) = read_tasks(path)
    assert marked is not None
    assert (marked.page, marked.text, marked.labels) == (document.page.name, text, tuple(found))
    path.write_text(to_lines([document]), encoding="utf-8")
    (marked,) = read_lines(path)
    assert (marked.page, marked.text, marked.labels) == (document.page.name, text, tuple(found))


def test_label_studio_finds_the_tasks_valid(root: Path, tmp_path: Path) -> None:
    label_interface = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="pip install label-studio-sdk to run Label Studio's own validation"
    )
    exchanged(root, f"out={tmp_path / 'tasks.json'}")
    interface = label_interface.LabelInterface((tmp_path / "tasks.xml").read_text(encoding="utf-8"))
    interface.validate()
    for task in json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")):
        for judged in task.get("annotations", []) + task.get("predictions", []):
            assert interface.validate_prediction(judged, return_errors=True) == []
            wrong = {**judged, "result": [{**judged["result"][0], "value": {"start": 0, "end": 1, "labels": ["Person"]}}]}
            assert interface.validate_prediction(wrong, return_errors=True)  # it does look


def test_the_program_writes_and_reads_and_tells_what_it_could_not_take(root: Path, tmp_path: Path) -> None:
    wrote = run(tmp_path, "exchange", *folder(root), "out=tasks.jsonl")
    assert (wrote.returncode, wrote.stdout) == (0, f"2 pages of {root} written to tasks.jsonl\n")
    took = run(tmp_path, "exchange", *folder(root), "read=tasks.jsonl")
    assert took.returncode == 1
    assert "1 pages of" in took.stdout
    assert "not taken over: tasks.jsonl: line 1" in took.stderr
    missing = run(tmp_path, "exchange", *folder(root), "read=none.jsonl")
    assert missing.returncode == 1
    assert "pagesieve.exchange: " in missing.stderr


def test_colours_are_those_of_the_reviewer() -> None:
    style = (Path(exchange_module.__file__).parent / "reviewer" / "app.css").read_text(encoding="utf-8")
    light = style[: style.index("@media")]
    assert {role: re.findall(rf"--{role}: (#\w+);", light) for role in ROLES} == {role: [COLOURS[role]] for role in ROLES}
