from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import SITES, page_html, page_lines, write_page
from programs import SMALL_TRAINING, composed, folder, run

from pagesieve import corpus, evaluation, report
from pagesieve.evaluate import CURVE, evaluate
from pagesieve.renderings import html_view
from pagesieve.storage import load_model, save_model
from pagesieve.train import train

HELD_OUT = [f"{site}.example" for site in SITES[:2]]
THEIRS = f"data.held_out=[{','.join(HELD_OUT)}]"


@pytest.fixture(scope="module")
def model(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder, two sites held out."""
    out = tmp_path_factory.mktemp("models") / "mine"
    train(composed("train", *folder(tiny_corpus), f"out={out}", *SMALL_TRAINING, THEIRS))
    return out


def evaluated(root: Path, model: Path, out: Path, *overrides: str) -> dict[str, Any]:
    return evaluate(composed("evaluate", *folder(root), f"model_path={model}", f"out={out}", "n_jobs=1", *overrides))


def test_the_report_is_written_as_json_and_as_html(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    facts = evaluated(tiny_corpus, model, tmp_path / "report", THEIRS)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["report.html", "report.json"]
    assert json.loads((tmp_path / "report" / "report.json").read_text("utf-8")) == facts
    html = (tmp_path / "report" / "report.html").read_text("utf-8")
    for site in HELD_OUT:
        assert site in html


def test_the_scores_are_those_of_the_model_and_of_every_baseline(
    model: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = evaluated(tiny_corpus, model, tmp_path, THEIRS)
    loaded = load_model(model)
    documents = [d for d in corpus.read(tiny_corpus) if d.site in HELD_OUT]
    expected = {"model": evaluation.summary(evaluation.judge_documents(loaded, documents))}
    assert loaded.html is not None
    views = [view for d in documents if (view := html_view(d, tiny_corpus)) is not None]
    assert len(views) == len(documents)
    expected["model, HTML"] = evaluation.summary(evaluation.judge_documents(loaded.html, views))
    for name in evaluation.BASELINES:
        expected[name] = evaluation.summary(evaluation.baseline(name, documents, loaded.label_of_role))
    assert facts["summaries"] == report.plain(expected)
    assert report.score_table(expected) in capsys.readouterr().out
    assert facts["data"]["digest"] == corpus.digest(documents)
    assert set(facts["pages"]) == {d.page.name for d in documents}


def test_html_can_be_left_out(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    assert "model, HTML" not in evaluated(tiny_corpus, model, tmp_path, THEIRS, "data.html=false")["summaries"]


def test_baselines_can_be_left_out(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    assert list(evaluated(tiny_corpus, model, tmp_path, THEIRS, "baselines=false")["summaries"]) == ["model", "model, HTML"]


@pytest.mark.parametrize(
    ("overrides", "pages"),
    [((THEIRS,), 4), ((THEIRS, "pages=held_out"), 4), ((THEIRS, "pages=all"), 16), ((), 16), (("data.held_out=[elsewhere.example]",), 16)],
)
def test_held_out_sites_are_scored_where_there_are_any_else_all(
    overrides: tuple[str, ...], pages: int, model: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    assert evaluated(tiny_corpus, model, tmp_path, "baselines=false", "worst=0", *overrides)["data"]["pages"] == pages


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (("pages=held_out",), "none of the sites in data.held_out"),
        (("pages=some",), "pages='some' is none of auto, held_out, all"),
        (("data.statuses=[proposed]",), "no pages to score"),
    ],
)
def test_a_choice_of_pages_that_leaves_none_is_refused(
    overrides: tuple[str, ...], named: str, model: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=named):
        evaluated(tiny_corpus, model, tmp_path / "report", *overrides)
    assert not (tmp_path / "report").exists()


def test_pages_the_model_was_trained_on_are_noted(
    model: Path, majority: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (note,) = evaluated(tiny_corpus, model, tmp_path, "pages=all", "baselines=false")["notes"]
    assert "12 of 16 pages were in the model's training data" in note
    assert note in capsys.readouterr().out
    assert "12 of 16 pages" in (tmp_path / "report.html").read_text("utf-8")
    assert evaluated(tiny_corpus, model, tmp_path, THEIRS, "baselines=false")["notes"] == []
    assert evaluated(tiny_corpus, model / "model.npz", tmp_path, "pages=all", "baselines=false")["notes"] == [
        note.replace(str(model), str(model / "model.npz"))
    ]
    assert evaluated(tiny_corpus, majority, tmp_path, "pages=all", "baselines=false", f"compare={model}")["notes"] == [
        note.replace(str(model), str(majority)),
        note,
    ]


def test_a_training_page_under_another_name_is_noted_too(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    lines = page_lines(SITES[-1], 1)
    write_page(tmp_path / "data", "mirror.example", "copy", lines)
    write_page(tmp_path / "data", "fresh.example", "story", page_lines("fresh", 1))
    (note,) = evaluated(tmp_path / "data", model, tmp_path / "report", "baselines=false")["notes"]
    assert "1 of 2 pages" in note


def test_a_model_without_manifest_is_scored_with_a_note(tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    (note,) = evaluated(tiny_corpus, tiny_model / "model.npz", tmp_path, "baselines=false")["notes"]
    assert "not known which pages it was trained on" in note


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"training_pages": null}'])
def test_a_model_whose_manifest_is_broken_is_scored_with_a_note(manifest: str, tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "model")
    (tmp_path / "model" / "manifest.json").write_text(manifest)
    (note,) = evaluated(tiny_corpus, tmp_path / "model", tmp_path / "report", "baselines=false")["notes"]
    assert note.startswith(f"{tmp_path}/model/manifest.json: broken (")


def test_pages_of_any_folder_can_be_scored(model: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "data", "elsewhere.example", "story", page_lines("elsewhere", 1))
    write_page(tmp_path / "data", "elsewhere.example", "empty", [("", "")])
    write_page(tmp_path / "data", "menu.example", "front", [("boilerplate", "Home")])
    assert evaluated(tmp_path / "data", model, tmp_path / "report")["data"]["pages"] == 2


def test_pages_of_several_folders_are_scored_together(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for site in ("newcomer.example", "trained.example"):
        raw = write_page(mine, site, "story", page_lines(site, 1))
        raw.with_suffix(".html").write_text(page_html(page_lines(site, 1)), encoding="utf-8")
    held_out = f"data.held_out=[{HELD_OUT[0]},newcomer.example]"
    facts = evaluated(tiny_corpus, model, tmp_path / "report", f"data.also=[{mine}]", held_out, "baselines=false")
    assert sorted(facts["pages"]) == ["newcomer.example/story.txt", *(f"{HELD_OUT[0]}/story{n}.txt" for n in (1, 2))]
    assert facts["summaries"]["model, HTML"]["pages"] == 3
    assert f"{tiny_corpus}, {mine}" in (tmp_path / "report" / "report.html").read_text("utf-8")
    with pytest.raises(ValueError, match=r"story1\.txt is in .* too; rename one, or leave one folder out"):
        evaluated(tiny_corpus, model, tmp_path / "report", f"data.also=[{tiny_corpus}]", held_out)
    write_page(mine, HELD_OUT[0], "story1", page_lines("copy", 1))
    with pytest.raises(ValueError, match=rf"mine: {HELD_OUT[0]}/story1.txt is in .* too; rename one"):
        evaluated(tiny_corpus, model, tmp_path / "report", f"data.also=[{mine}]", held_out)


# ----------------------------------------------------------------------------------------------------------- floor


def test_a_score_at_the_floor_passes_and_below_it_fails(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    def passed(floor: float | None) -> Any:
        more = ("baselines=false", "worst=0", f"floor={'null' if floor is None else floor}")
        return evaluated(tiny_corpus, model, tmp_path, THEIRS, *more)["passed"]

    documents = [d for d in corpus.read(tiny_corpus) if d.site in HELD_OUT]
    macro = evaluation.summary(evaluation.judge_documents(load_model(model), documents))["by_segments"]["macro"].value
    assert passed(macro)
    assert not passed(macro + 1e-9)
    assert passed(None)


@pytest.mark.parametrize(("floor", "status"), [(0.1, 0), (0.99, 1)])
def test_the_program_ends_with_status_1_below_the_floor_only(
    floor: float, status: int, majority: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    ended = run(tmp_path, "evaluate", *folder(tiny_corpus), THEIRS, f"model_path={majority}", f"floor={floor}", "out=report")
    assert ended.returncode == status, ended.stderr
    assert ("below the floor of 0.99" in ended.stderr) == bool(status)
    assert "Traceback" not in ended.stderr
    assert "number of words" in ended.stdout
    assert (tmp_path / "report" / "report.html").is_file()


def test_a_missing_model_ends_the_program_with_a_clear_message(tiny_corpus: Path, tmp_path: Path) -> None:
    ended = run(tmp_path, "evaluate", *folder(tiny_corpus), "model_path=nowhere")
    assert ended.returncode == 1
    assert "nowhere: no model there" in ended.stderr
    assert "Traceback" not in ended.stderr


# ------------------------------------------------------------------------------------------------------- comparison


@pytest.fixture(scope="module")
def majority(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says the most frequent role of everything."""
    out = tmp_path_factory.mktemp("models") / "majority"
    train(composed("train", *folder(tiny_corpus), f"out={out}", "model=majority", "cv.folds=3", "cv.random_split=false", THEIRS))
    return out


def test_what_was_gained_over_an_older_model_is_told_and_shown(
    model: Path, majority: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = evaluated(tiny_corpus, model, tmp_path, THEIRS, "baselines=false", f"compare={majority}")
    assert facts["passed"]
    assert list(facts["changes"]) == ["text dumps", "HTML"]
    new = facts["summaries"]["model"]["by_segments"]["macro"]["value"]
    older = evaluated(tiny_corpus, majority, tmp_path / "older", THEIRS, "baselines=false")["summaries"]["model"]
    gain = facts["changes"]["text dumps"]["by_segments"]["macro"]["value"]
    assert gain == pytest.approx(new - older["by_segments"]["macro"]["value"], abs=1e-5)
    assert gain > 0
    assert f"{gain:+.3f} [" in capsys.readouterr().out
    html = (tmp_path / "report.html").read_text("utf-8")
    assert "Pages that got better" in html
    assert "Pages that got worse" not in html


@pytest.mark.parametrize(("turned", "status"), [(False, 0), (True, 1)])
def test_the_program_ends_with_status_1_where_a_label_got_worse(
    turned: bool, status: int, model: Path, majority: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    new, old = (majority, model) if turned else (model, majority)
    ended = run(tmp_path, "evaluate", *folder(tiny_corpus), THEIRS, f"model_path={new}", f"compare={old}", "baselines=false", "out=report")
    assert ended.returncode == status, ended.stderr
    assert (f"text dumps: teaser is worse than in {old}, F1 over words" in ended.stderr) == turned
    assert (tmp_path / "report" / "report.html").is_file()


def test_a_model_that_lost_html_does_not_pass(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    older = load_model(model)
    save_model(replace(older, html=None), tmp_path / "text" / "model.npz")
    given = (*folder(tiny_corpus), THEIRS, f"model_path={tmp_path / 'text'}", f"compare={model}", "baselines=false", "out=report")
    ended = run(tmp_path, "evaluate", *given)
    assert ended.returncode == 1
    assert f"\n{model} reads HTML, {tmp_path / 'text'} does not: train it with data.html=true" in ended.stderr
    assert "reads HTML" in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert evaluated(tiny_corpus, tmp_path / "text", tmp_path / "report", THEIRS, f"compare={model}", "data.html=false")["passed"]
    assert evaluated(tiny_corpus, model, tmp_path / "report", THEIRS, f"compare={tmp_path / 'text'}")["passed"]


def test_a_model_to_compare_with_that_is_not_there_is_named(
    model: Path, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "judge_documents", None)  # it is found out before anything is scored
    with pytest.raises(FileNotFoundError, match="nowhere: no model there"):
        evaluated(tiny_corpus, model, tmp_path / "report", "compare=nowhere")
    assert not (tmp_path / "report").exists()


# --------------------------------------------------------------------------------------------------- learning curve


def test_a_learning_curve_is_drawn_when_asked(model: Path, tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = evaluated(tiny_corpus, model, tmp_path, THEIRS, "learning_curve=true", "baselines=false")["learning_curve"]
    sites = [point["sites"] for point in points]
    assert sites == [3, 6]  # the four shares of six sites are two numbers of sites, three being the least that folds can be made of
    assert len(CURVE) > len(sites)
    assert sites[-1] == len(SITES) - len(HELD_OUT)
    assert points[-1]["pages"] == 2 * sites[-1]
    assert all(0 <= point["macro"] <= 1 for point in points)
    assert "training sites" in capsys.readouterr().out
    assert "Learning curve" in (tmp_path / "report.html").read_text("utf-8")


def test_a_learning_curve_is_made_of_all_folders_that_the_model_was_trained_on(tiny_corpus: Path, tmp_path: Path) -> None:
    write_page(tmp_path / "mine", "newcomer.example", "story", page_lines("newcomer", 1))
    train(composed("train", *folder(tmp_path / "mine"), f"data.also=[{tiny_corpus}]", f"out={tmp_path / 'model'}", *SMALL_TRAINING))
    points = evaluated(tmp_path / "mine", tmp_path / "model", tmp_path / "report", "learning_curve=true", "baselines=false")[
        "learning_curve"
    ]
    assert (points[-1]["sites"], points[-1]["pages"]) == (len(SITES), 2 * len(SITES))


def test_no_site_is_on_both_sides_of_a_learning_curve(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    write_page(root, f"{SITES[2]}.example", "draft", page_lines(SITES[2], 9), status="proposed")
    scored = ("data.statuses=[proposed]", "learning_curve=true", "baselines=false")
    assert evaluated(root, model, tmp_path / "report", *scored)["learning_curve"][-1]["sites"] == len(SITES) - len(HELD_OUT) - 1


def test_a_learning_curve_of_another_versions_model_is_refused(model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(model, old)
    stored = (old / "config.yaml").read_text("utf-8")
    (old / "config.yaml").write_text(stored.replace("data:\n", "data:\n  bodies: null\n"), "utf-8")
    with pytest.raises(ValueError, match=r"config\.yaml: written by another version of pagesieve, or broken \(Key 'bodies'"):
        evaluated(tiny_corpus, old, tmp_path / "report", THEIRS, "learning_curve=true", "baselines=false")


def test_a_learning_curve_that_cannot_be_drawn_is_refused(model: Path, tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"config.yaml: missing"):
        evaluated(tiny_corpus, tiny_model, tmp_path, "learning_curve=true", "baselines=false")
    with pytest.raises(ValueError, match="every training site is among the scored ones"):
        evaluated(tiny_corpus, model, tmp_path, "pages=all", "learning_curve=true", "baselines=false")
