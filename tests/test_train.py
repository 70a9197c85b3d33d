from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from conftest import SITES, page_html, page_lines, page_text, write_page
from omegaconf import OmegaConf
from programs import SMALL_TRAINING, composed, folder, run

import pagesieve
from pagesieve import corpus, report, training
from pagesieve.config import config_dir, settings
from pagesieve.renderings import FROM_TEXT
from pagesieve.sieve import Sieve
from pagesieve.storage import load_model, save_model
from pagesieve.train import _fixed_folds, gather, train

FILES = ["MODEL_CARD.md", "config.yaml", "manifest.json", "model.npz", "pipeline.joblib", "pipeline_html.joblib"]
HELD_OUT = f"{SITES[0]}.example"


def trained(root: Path, out: Path, *overrides: str) -> dict[str, Any]:
    return train(composed("train", *folder(root), f"out={out}", *SMALL_TRAINING, *overrides))


@pytest.fixture(scope="module")
def program(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A model folder made by the program itself, all scores asked for, and what the program said."""
    cwd = tmp_path_factory.mktemp("program")
    out = cwd / "models" / "mine"
    return out, run(
        cwd, "train", *folder(tiny_corpus), f"out={out}", *SMALL_TRAINING, f"data.held_out=[{HELD_OUT}]", "cv.random_split=true"
    )


@pytest.fixture(scope="module")
def manifest(program: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((program[0] / "manifest.json").read_text("utf-8"))
    return found


# -------------------------------------------------------------------------------------------------- the whole program


def test_the_program_saves_its_files_and_leaves_nothing_beside_them(program: tuple[Path, Any]) -> None:
    out, ended = program
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert [path.name for path in out.parent.iterdir()] == ["mine"]


def test_the_program_prints_counts_scores_and_what_it_took(program: tuple[Path, Any], manifest: dict[str, Any]) -> None:
    said = program[1].stdout
    assert f"{manifest['pages']} pages of {manifest['sites']} sites, {manifest['segments']} segments" in said
    for shown in (
        "| teaser_heading |",
        "unseen sites",
        "unseen pages, sites mixed",
        "segments",
        "words",
        "[",
        "comment words taken for body",
    ):
        assert shown in said
    assert f"after {manifest['seconds']} s, {manifest['peak_memory_mb']} MB" in said
    assert "unseen sites: first pass" in program[1].stderr  # the progress display


def test_the_manifest_has_the_digest_of_every_other_file(program: tuple[Path, Any], manifest: dict[str, Any]) -> None:
    files = {name: hashlib.sha256((program[0] / name).read_bytes()).hexdigest() for name in FILES if name != "manifest.json"}
    assert manifest["files"] == files


def test_the_manifest_tells_what_the_model_was_made_of(manifest: dict[str, Any], tiny_corpus: Path) -> None:
    documents = [d for d in corpus.read(tiny_corpus) if d.site != HELD_OUT]
    assert manifest["training_pages"] == {d.page.name: d.sha256 for d in documents}
    assert manifest["data_digest"] == corpus.digest(documents)
    assert (manifest["pages"], manifest["sites"]) == (len(documents), len(SITES) - 1)
    assert manifest["held_out"] == [HELD_OUT]
    assert manifest["seconds"] > 0
    assert manifest["peak_memory_mb"] > 0
    assert set(manifest["versions"]) == {"pagesieve", "scikit-learn", "numpy"}


def test_the_model_card_holds_the_scores(program: tuple[Path, Any], manifest: dict[str, Any]) -> None:
    card = (program[0] / "MODEL_CARD.md").read_text("utf-8")
    for name in ("unseen sites", "unseen pages, sites mixed"):
        macro = manifest["summaries"][name]["by_segments"]["macro"]
        assert f"{macro['value']:.3f} [{macro['low']:.3f}, {macro['high']:.3f}]" in card
    assert HELD_OUT in card
    assert manifest["data_digest"] in card


def test_the_model_file_carries_its_scores(program: tuple[Path, Any], manifest: dict[str, Any]) -> None:
    info = load_model(program[0]).info
    assert info["scores"]["unseen sites"]["by_segments"]["macro"] == manifest["summaries"]["unseen sites"]["by_segments"]["macro"]
    assert info["data_digest"] == manifest["data_digest"]


def test_training_again_with_the_saved_configuration_gives_the_same_model_file(program: tuple[Path, Any], tmp_path: Path) -> None:
    stored = OmegaConf.load(program[0] / "config.yaml")
    stored.out = str(tmp_path / "again")
    train(OmegaConf.merge(composed("train", "data=folder", "data.root=x"), stored))  # type: ignore[arg-type]
    assert (tmp_path / "again" / "model.npz").read_bytes() == (program[0] / "model.npz").read_bytes()


def test_the_pipeline_beside_the_model_gives_the_first_passs_probabilities(program: tuple[Path, Any], tiny_corpus: Path) -> None:
    pipeline = joblib.load(program[0] / "pipeline.joblib")
    model = load_model(program[0])
    for sample in training.prepare(corpus.read(tiny_corpus)[:3], settings(composed("train"))):
        rows = [training.Row(terms, columns) for terms, columns in zip(sample.measures.terms, sample.columns, strict=True)]
        found = model.linear.probabilities(sample.measures, sample.columns)[:, pipeline.classes_]
        np.testing.assert_allclose(found, pipeline.predict_proba(rows), atol=3e-3)


SEGMENT = "import sys, pagesieve; print(pagesieve.load(sys.argv[1]).segment(sys.stdin.read()).to_json(), end='')"


def test_a_model_saved_and_loaded_in_another_process_says_the_same(tiny_corpus: Path, tmp_path: Path) -> None:
    chosen = settings(composed("train", *SMALL_TRAINING))
    samples = training.prepare(corpus.read(tiny_corpus), chosen)
    crossed = training.cross_fit(samples, training.assign_folds([s.site for s in samples], 3, 0), chosen, 0)
    model, _ = training.fit(samples, crossed, chosen, 0)
    save_model(model, tmp_path / "model.npz")
    page = page_text(page_lines("unseen", 1))
    there = subprocess.run(
        [sys.executable, "-c", SEGMENT, str(tmp_path)], input=page, capture_output=True, text=True, encoding="utf-8", check=True
    )
    here = Sieve(model).segment(page)
    assert json.loads(there.stdout) == here.to_dict()
    again = pagesieve.load(tmp_path).segment(page)
    assert [(s.label, s.role, s.probability) for s in again] == [(s.label, s.role, s.probability) for s in here]


# -------------------------------------------------------------------------------------------------------- what is learned


def test_held_out_sites_are_not_trained_on(tiny_corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    write_page(root, "secret.example", "story", [("body", "Zanzibarian marmalade zanzibarian marmalade")] * 9)
    words = {"zanzibarian", "marmalade"}
    trained(root, tmp_path / "with")
    facts = trained(root, tmp_path / "without", "data.held_out=[secret.example]")
    assert words <= set(load_model(tmp_path / "with").linear.vocabulary)
    assert not words & set(load_model(tmp_path / "without").linear.vocabulary)
    assert facts["sites"] == len(SITES)


def test_proposed_labels_are_trained_on_only_when_asked(tiny_corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    write_page(root, "draft.example", "story", page_lines("draft", 1), status="proposed")
    reviewed = trained(root, tmp_path / "reviewed")
    both = trained(root, tmp_path / "both", "data.statuses=[reviewed,proposed]")
    assert (reviewed["sites"], both["sites"]) == (len(SITES), len(SITES) + 1)
    assert "draft.example/story.txt" not in (tmp_path / "reviewed" / "manifest.json").read_text("utf-8")
    assert "draft.example/story.txt" in (tmp_path / "both" / "manifest.json").read_text("utf-8")


@pytest.mark.parametrize("choice", sorted(path.stem for path in Path(config_dir(), "model").glob("*.yaml")))
def test_every_classifier_can_be_trained_by_name(choice: str, tiny_corpus: Path, tmp_path: Path) -> None:
    facts = trained(tiny_corpus, tmp_path / "model", f"model={choice}")
    model = load_model(tmp_path / "model")
    assert (model.network is not None) == facts["settings"]["model"]["sequence"]
    assert len(Sieve(model).segment(page_text(page_lines("unseen", 1)))) > 20
    macro = facts["summaries"]["unseen sites"]["by_segments"]["macro"].value
    assert (macro < 0.4) if choice == "majority" else (macro > 0.6)


@pytest.mark.parametrize("choice", sorted(path.stem for path in Path(config_dir(), "features").glob("*.yaml")))
def test_every_choice_of_features_can_be_trained_by_name(choice: str, tiny_corpus: Path, tmp_path: Path) -> None:
    facts = trained(tiny_corpus, tmp_path / "model", f"features={choice}", "model.sequence=false")
    linear = load_model(tmp_path / "model").linear
    assert bool(linear.vocabulary) == facts["settings"]["features"]["words"]
    assert list(linear.groups) == facts["settings"]["features"]["groups"]


def test_the_label_map_travels_with_the_model_and_into_the_scores(tiny_corpus: Path, tmp_path: Path) -> None:
    own = trained(tiny_corpus, tmp_path / "a", "labels=captions_in_body", "model=majority")["summaries"]["unseen sites"]
    usual = trained(tiny_corpus, tmp_path / "b", "model=majority")["summaries"]["unseen sites"]
    assert load_model(tmp_path / "a").label_of_role["caption"] == "body"
    assert load_model(tmp_path / "b").label_of_role["caption"] == "boilerplate"
    assert own["by_segments"]["f1"]["boilerplate"].value < usual["by_segments"]["f1"]["boilerplate"].value


def test_a_split_that_ignores_sites_is_scored_only_when_asked(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = trained(tiny_corpus, tmp_path / "model")
    assert list(facts["summaries"]) == ["unseen sites", "unseen sites, HTML"]
    assert report.score_table(facts["summaries"]) in capsys.readouterr().out


def test_html_of_as_many_sites_as_folds_is_learned_whatever_folds_their_text_has(tmp_path: Path) -> None:
    for number, site in enumerate(("ash", "beech", "cedar", "elm", "fir", "hazel", "larch", "oak", "pine", "rowan")):
        raw = write_page(tmp_path / "data", f"{site}.example", "story", page_lines(site, 1))
        if number < 3:
            raw.with_suffix(".html").write_text(page_html(page_lines(site, 1)), encoding="utf-8")
    for seed in range(4):
        assert trained(tmp_path / "data", tmp_path / f"{seed}", "model=logistic", f"seed={seed}")["html"] == 3


def test_html_is_learned_where_there_is_enough_of_it_and_can_be_left_out(tiny_corpus: Path, tmp_path: Path) -> None:
    facts = trained(tiny_corpus, tmp_path / "with", "model=logistic")
    model = load_model(tmp_path / "with")
    assert facts["html"] == facts["pages"] == 16
    assert facts["summaries"]["unseen sites, HTML"]["by_segments"]["macro"].value > 0.9
    assert model.html is not None
    assert any(term.startswith("^.") for term in model.html.linear.vocabulary)
    assert not any(term.startswith("^.") for term in model.linear.vocabulary)
    facts = trained(tiny_corpus, tmp_path / "without", "model=logistic", "data.html=false")
    assert facts["html"] == 0
    assert (tmp_path / "without" / "MODEL_CARD.md").read_text("utf-8").count("HTML") == 1  # "No HTML is learned from"
    assert load_model(tmp_path / "without").html is None
    plain = (tmp_path / "without" / "model.npz").read_bytes()
    trained(tiny_corpus, tmp_path / "again", "model=logistic")
    assert (tmp_path / "again" / "model.npz").read_bytes() == (tmp_path / "with" / "model.npz").read_bytes() != plain


def test_pages_without_a_licence_are_counted(tiny_corpus: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        write_page(tmp_path / "mine", "own.example", f"story{number}", page_lines("own", number), licence="", source=None)
    trained(tiny_corpus, tmp_path / "model", "model=majority", "data.html=false", f"data.also=[{tmp_path / 'mine'}]")
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text("utf-8")
    assert "Sources: written for a test; not stated for 2 pages. Licences: MIT; not stated for 2 pages." in card


def test_a_sweep_trains_a_model_for_each_value(tiny_corpus: Path, tmp_path: Path) -> None:
    overrides = *SMALL_TRAINING, "model=logistic", "seed=3,-1,4", "out=models/seed${seed}"
    ended = run(tmp_path, "train", "-m", *folder(tiny_corpus), *overrides)
    assert ended.returncode == 1
    assert "pagesieve.train: seed=-1: give a number from 0" in ended.stderr  # and the other jobs are done
    for seed in (3, 4):
        assert load_model(tmp_path / "models" / f"seed{seed}").info["seed"] == seed


# --------------------------------------------------------------------------------------------------- the model folder


def test_an_older_models_files_are_replaced_and_all_else_in_its_folder_stays(tiny_corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    trained(tiny_corpus, out, "model=logistic")
    (out / "NOTES.txt").write_text("what the older model got wrong")
    (out / "report").mkdir()
    (out / "report" / "report.html").write_text("its scores")
    before = (out / "model.npz").read_bytes()
    trained(tiny_corpus, out, "model=majority", "data.html=false")
    assert sorted(path.name for path in out.iterdir()) == sorted({*FILES, "NOTES.txt", "report"} - {"pipeline_html.joblib"})
    assert (out / "report" / "report.html").read_text() == "its scores"
    assert (out / "model.npz").read_bytes() != before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_with_other_things_is_refused_before_any_work_and_an_empty_one_is_used(tiny_corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.txt").write_text("years of work")
    with pytest.raises(ValueError, match="thesis: a folder with other things in it"):
        trained(tmp_path / "no such data", out)
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis", "chapter1.txt"]
    (out / "chapter1.txt").unlink()
    trained(tiny_corpus, out, "model=majority")
    assert sorted(path.name for path in out.iterdir()) == FILES


def test_a_file_is_refused_as_model_folder(tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("a file")
    with pytest.raises(ValueError, match="model: a file"):
        trained(tiny_corpus, tmp_path / "model")
    assert (tmp_path / "model").read_text() == "a file"


@pytest.mark.parametrize("key", ["out", "cv.keep"])
@pytest.mark.parametrize("place", ["file/models/mine", "/proc/models/mine"])
def test_where_nothing_can_be_written_is_told_before_any_work(key: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ValueError, match=rf"{key}=.*{place}: cannot be written to"):
        trained(tmp_path / "no such data", tmp_path / "model", f"{key}={tmp_path / place}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_model_of_other_data_is_replaced_only_when_asked(tiny_corpus: Path, tmp_path: Path) -> None:
    other, out = tmp_path / "other", tmp_path / "model"
    shutil.copytree(tiny_corpus, other)
    trained(tiny_corpus, out, "model=majority")
    before = (out / "manifest.json").read_bytes()
    said = rf"out={out}: holds a model trained on {tiny_corpus} and not on .*other.*; give another place with out=…, or overwrite=true"
    with pytest.raises(ValueError, match=said):
        trained(other, out, "model=majority")
    with pytest.raises(ValueError, match="holds a model trained on"):
        trained(tiny_corpus, out, "model=majority", f"data.also=[{other}]")
    assert (out / "manifest.json").read_bytes() == before
    trained(tiny_corpus / ".." / tiny_corpus.name, out, "model=majority", "seed=1")
    trained(other, out, "model=majority", "overwrite=true")
    (out / "manifest.json").unlink()
    with pytest.raises(ValueError, match=r"holds a model, and no manifest\.json that tells"):
        trained(other, out, "model=majority")


def test_a_job_of_a_sweep_does_not_replace_an_earlier_ones_model(tiny_corpus: Path, tmp_path: Path) -> None:
    ended = run(tmp_path, "train", "-m", *folder(tiny_corpus), *SMALL_TRAINING, "model=majority", "seed=3,4", "out=models/one")
    assert ended.returncode == 1
    assert "pagesieve.train: out=models/one: holds the model of an earlier job of this sweep" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert load_model(tmp_path / "models" / "one").info["seed"] == 3
    again = "seed=5,4", "out=models/one", "overwrite=true"
    assert run(tmp_path, "train", "-m", *folder(tiny_corpus), *SMALL_TRAINING, "model=majority", *again).returncode == 0
    assert load_model(tmp_path / "models" / "one").info["seed"] == 4


def test_a_failed_training_leaves_the_older_model_as_it_was(tiny_corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    trained(tiny_corpus, out, "model=majority")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(ValueError, match="8 sites cannot be split into 9 folds"):
        trained(tiny_corpus, out, "cv.folds=9")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (("data.statuses=[proposed]",), "no labelled page of status proposed"),
        ((f"data.held_out=[{','.join(f'{site}.example' for site in SITES)}]",), "outside of the sites held out"),
        (("cv.folds=2",), "cv.folds=2: a model with a sequence layer needs at least 3"),
        (("cv.folds=0",), "cv.folds=0"),
        (("cv.folds=9",), "8 sites cannot be split into 9 folds"),
        (("model.min_df=99999",), "model.min_df=99999: no term is in so many"),
    ],
)
def test_data_and_settings_that_cannot_be_used_are_refused_by_name(
    overrides: tuple[str, ...], named: str, tiny_corpus: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=named):
        trained(tiny_corpus, tmp_path / "model", *overrides)
    assert not list(tmp_path.iterdir())


def test_pages_with_one_role_only_are_refused_with_its_name(tmp_path: Path) -> None:
    for site in SITES:
        write_page(tmp_path / "data", f"{site}.example", "story", [("body", f"Nothing but a story from {site}.")] * 4)
    with pytest.raises(ValueError, match="only the role body; at least two are needed"):
        trained(tmp_path / "data", tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        (("data=folder", "data.root=nowhere"), "nowhere/labeled: no label files there"),
        (("model.networkz=2",), "networkz"),
        (("data=folder",), "data.root is not given; say data.root=…"),
        (("data=folder", "data.root=nowhere", "data.times=0"), "data.times=0: give a number at least 1"),
    ],
)
def test_the_program_ends_with_a_clear_message_and_a_status_of_1(overrides: tuple[str, ...], named: str, tmp_path: Path) -> None:
    ended = run(tmp_path, "train", *overrides)
    assert ended.returncode == 1
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("names", [f"{HELD_OUT},nosuch.example", "nosuch.example"])
def test_a_held_out_site_that_is_not_there_is_refused_by_name(names: str, tiny_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no page of nosuch\.example in .*corpus"):
        trained(tiny_corpus, tmp_path / "model", f"data.held_out=[{names}]")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("jobs", "stop", "told"), [(1, signal.SIGTERM, "terminated"), (2, signal.SIGTERM, "terminated"), (1, signal.SIGINT, "interrupted")]
)
def test_a_program_that_is_told_to_end_says_so_and_leaves_no_temporary_files(
    jobs: int, stop: signal.Signals, told: str, tiny_corpus: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    endless = *SMALL_TRAINING, "model.steps=999999999", f"n_jobs={jobs}"
    program = [sys.executable, "-m", "pagesieve.train", *folder(tiny_corpus), *endless]
    with subprocess.Popen(
        program,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell that starts tests in the background has programs ignore it
        start_new_session=True,  # the signal goes to workers and to what ends them too, as a shell's or a scheduler's does
    ) as process:
        assert process.stderr is not None
        said = ""
        while "second pass" not in said:
            said += (letter := process.stderr.read(1))
            assert letter, said
        assert list(temporary.glob("*.shelf"))
        os.killpg(process.pid, stop)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + stop
    assert f"pagesieve.train: {told}" in said.splitlines()
    assert jobs > 1 or "Traceback" not in said  # a worker that the signal finds on its way to the next fit says so itself
    assert not list(temporary.iterdir())


def test_html_of_too_few_sites_is_told(tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root, ignore=lambda folder, names: [n for n in names if n.endswith(".html") and SITES[0] not in folder])
    assert trained(root, tmp_path / "model", "model=majority")["html"] == 0
    assert "HTML is not learned from: only 1 sites have any, too few for cv.folds=3" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------- what is gathered


def test_each_folder_must_have_labels_but_its_sites_may_be_held_out(tiny_corpus: Path, tmp_path: Path) -> None:
    other, empty = tmp_path / "other", tmp_path / "empty"
    write_page(other, "gannet.example", "one", page_lines("gannet", 1))
    write_page(empty, "gannet.example", "two", page_lines("gannet", 2), status="proposed")
    held_out = "data.held_out=[gannet.example]"
    for root, also in ((tiny_corpus, other), (other, tiny_corpus)):
        assert len(gather(composed("train", *folder(root), f"data.also=[{also}]", held_out, "n_jobs=1")).documents) == 16
    with pytest.raises(ValueError, match=r"empty: no labelled page of status reviewed; review some"):
        gather(composed("train", *folder(tiny_corpus), f"data.also=[{empty}]", "n_jobs=1"))


def test_pages_of_the_root_may_count_more_than_once_and_in_other_renderings(tiny_corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_page(other, "gannet.example", "one", page_lines("gannet", 1))
    config = composed(
        "train",
        *folder(tiny_corpus),
        f"data.also=[{other}]",
        "data.times=3",
        "data.views=1",
        "data.one_line=0.5",
        "data.scripts=0.5",
        "data.threads=2",
        "data.remainders=0.5",
        "n_jobs=1",
    )
    found = gather(config)
    names = [d.page.name for d in found.documents]
    assert len(names) == 17
    assert len(found.html) == 16  # the other folder has none
    pieces = [d for d in found.views if d.page.name.endswith(("@excerpt", "@remainder"))]
    assert {d.page.view for d in found.html_views} == {"html"}
    for documents, most in ((found.views, 17), (found.html_views, 16)):
        assert all(0 < sum(d.page.name.endswith(part) for d in documents) < most for part in ("@excerpt", "@remainder"))
    copies = [d for d in found.views if d.page.name.endswith(("@1", "@2"))]
    assert sorted(d.page.name.partition("@")[0] for d in copies) == sorted(2 * [n for n in names if not n.startswith("gannet")])
    threads = [d for d in found.views if "@thread" in d.page.name]
    assert len(threads) == 2 * sum("comment" in {label.role for label in d.labels} for d in found.documents) > 0
    assert [d.extra["renderer"] for d in threads[::2]] == ["thread"] * (len(threads) // 2)
    assert {d.extra["renderer"] for d in threads[1::2]} <= set(FROM_TEXT)
    collapsed = [d for d in found.views if d.page.name.endswith("@collapsed")]
    assert 0 < len(collapsed) < len(names)
    assert all(d.page.text.count("\n") < 2 for d in collapsed)
    scripts = [d for d in found.views if d.page.name.endswith("@scripts")]
    assert 0 < len(scripts) < len(names)
    dirty = [*collapsed, *scripts]
    assert {s.name for s in training.prepare(found.views, settings(config)) if not s.first} == {d.page.name for d in dirty}
    renderings = [d for d in found.views if d not in (*copies, *pieces, *threads, *dirty)]
    assert {d.page.name.partition("@")[0] for d in renderings} == {*names}
    assert sorted(d.page.name.partition("@")[0] for d in renderings) == sorted(names)
    assert all(d.roles.size == len(d.segments) for d in found.views)


def test_held_out_sites_are_left_out_of_the_other_folders_too(tiny_corpus: Path, tmp_path: Path) -> None:
    for site in ("gannet.example", HELD_OUT):
        write_page(tmp_path / "other", site, "elsewhere", page_lines(site, 3))
    write_page(tmp_path / "other", "puffin.example", "one", page_lines("puffin", 1))
    wanted = f"data.held_out=[{HELD_OUT},gannet.example]"
    found = gather(composed("train", *folder(tiny_corpus), f"data.also=[{tmp_path / 'other'}]", wanted, "n_jobs=1"))
    assert {d.site for d in found.documents} == {*(f"{site}.example" for site in SITES[1:]), "puffin.example"}
    assert found.held_out == {HELD_OUT, "gannet.example"}


# ---------------------------------------------------------------------------------------------- an earlier model's pages


def grown(tmp_path: Path, tiny_corpus: Path) -> tuple[Path, Path]:
    """A first model of the small corpus, and a folder with two pages of another site."""
    first, mine = tmp_path / "first", tmp_path / "mine"
    train(composed("train", *folder(tiny_corpus), f"out={first}", *SMALL_TRAINING, f"data.held_out=[{SITES[0]}.example]"))
    for number in (1, 2):
        write_page(mine, "newcomer.example", f"story{number}", page_lines("newcomer", number))
    return first, mine


def test_an_earlier_models_pages_are_trained_on_beside_new_ones(tmp_path: Path, tiny_corpus: Path) -> None:
    first, mine = grown(tmp_path, tiny_corpus)
    facts = train(composed("train", *folder(mine), f"start={first}", f"out={tmp_path / 'second'}", *SMALL_TRAINING))
    old, new = (json.loads((tmp_path / name / "manifest.json").read_text("utf-8")) for name in ("first", "second"))
    assert set(new["training_pages"]) == {*old["training_pages"], "newcomer.example/story1.txt", "newcomer.example/story2.txt"}
    assert facts["held_out"] == [f"{SITES[0]}.example"]
    assert new["chain"] == [{"name": "first", "pages": 14, "sites": 7, "data_digest": old["data_digest"], "added_since": 2}]
    assert "- first: 14 pages of 7 sites" in (tmp_path / "second" / "MODEL_CARD.md").read_text("utf-8")
    third = train(composed("train", *folder(mine), f"start={tmp_path / 'second'}", f"out={tmp_path / 'third'}", *SMALL_TRAINING))
    assert [link["name"] for link in third["chain"]] == ["first", "second"]
    assert third["data_digest"] == facts["data_digest"]
    assert (tmp_path / "third" / "model.npz").read_bytes() == (tmp_path / "second" / "model.npz").read_bytes()


def test_an_earlier_model_whose_pages_are_gone_is_refused(tmp_path: Path, tiny_corpus: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    first, mine = grown(tmp_path, root)
    (root / "labeled" / f"{SITES[2]}.example" / "story1.json").unlink()
    with pytest.raises(ValueError, match=rf"1 of its training pages are gone or changed, the first {SITES[2]}.example/story1.txt"):
        train(composed("train", *folder(mine), f"start={first}", f"out={tmp_path / 'second'}", *SMALL_TRAINING))
    assert not (tmp_path / "second").exists()


def test_a_model_file_alone_is_nothing_to_start_from(tmp_path: Path, tiny_corpus: Path, tiny_model: Path) -> None:
    with pytest.raises(ValueError, match=r"has no config.yaml and no manifest.json"):
        train(composed("train", *folder(tiny_corpus), f"start={tiny_model}", f"out={tmp_path / 'second'}", *SMALL_TRAINING))


def test_ones_own_pages_of_sites_that_an_earlier_model_held_out_are_named(
    tmp_path: Path, tiny_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, mine = grown(tmp_path, tiny_corpus)
    write_page(mine, HELD_OUT, "mine", page_lines("mine", 1))
    found = gather(composed("train", *folder(mine), f"start={first}", "n_jobs=1"))
    assert HELD_OUT not in {d.site for d in found.documents}
    assert f"held these sites out: {HELD_OUT} (1)" in capsys.readouterr().out


def test_an_earlier_model_that_cannot_be_gone_on_from_is_told_with_the_reason(tmp_path: Path, tiny_corpus: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    first, mine = grown(tmp_path, root)
    config = composed("train", *folder(mine), f"start={first}", f"data.held_out=[{SITES[1]}.example]", "n_jobs=1")
    with pytest.raises(ValueError, match=r"2 of its training pages are gone or changed.* take their sites out of data.held_out"):
        gather(config)
    config.data.held_out = []
    root.rename(tmp_path / "moved")
    with pytest.raises(ValueError, match=r"first: was trained on .*data, where there are no label files now"):
        gather(config)
    for name, text in (("manifest.json", "{"), ("manifest.json", "{}"), ("config.yaml", "data: ["), ("config.yaml", "{}")):
        whole = (first / name).read_text("utf-8")
        (first / name).write_text(text)
        with pytest.raises(ValueError, match=r"first: its config\.yaml or manifest\.json is broken"):
            gather(config)
        (first / name).write_text(whole)


def test_a_file_of_folds_that_is_not_there_is_told(tmp_path: Path) -> None:
    config: Any = OmegaConf.create({"cv": {"folds": 5, "fixed": str(tmp_path / "nope.json")}})
    with pytest.raises(FileNotFoundError, match=r"^cv\.fixed=.*nope\.json: no file there; give a JSON object"):
        _fixed_folds(config)


@pytest.mark.parametrize("text", ["[1]", "{", '{"a.example": 7}', '{"a.example": "one"}'])
def test_a_file_that_holds_no_folds_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "folds.json").write_text(text)
    config: Any = OmegaConf.create({"cv": {"folds": 5, "fixed": str(tmp_path / "folds.json")}})
    with pytest.raises(ValueError, match=r"folds\.json: must be a JSON object with a fold from 0 to 4"):
        _fixed_folds(config)
    (tmp_path / "folds.json").write_text('{"a.example": 4}')
    assert _fixed_folds(config) == {"a.example": 4}
