"""Entry point `python -m pagesieve.evaluate`: a saved model and labelled pages → scores. Configured in `conf/evaluate.yaml`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from tqdm import tqdm
from yaml import YAMLError

from pagesieve import corpus, evaluation, report, training
from pagesieve.config import EvaluateConfig, TrainConfig, check_out, run, settings
from pagesieve.corpus import Document
from pagesieve.evaluation import Judged
from pagesieve.files import write_text
from pagesieve.model import Model
from pagesieve.storage import load_model
from pagesieve.train import gather

__all__ = ["evaluate", "main"]

CURVE = (0.125, 0.25, 0.5, 1.0)  # shares of the training sites a learning curve is drawn over
PAGES = ("auto", "held_out", "all")


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Score the model as configured and write report.json and report.html; returns what report.json holds.

    Raises `FileNotFoundError`, `ModelError`, `CorpusError` or `ValueError` for a model or data that cannot be used.
    """
    check_out("out", config.out)
    model = load_model(config.model_path)
    older = load_model(config.compare) if config.compare is not None else None  # a wrong path shows now, not after the scoring
    origin: dict[str, str] = {}
    documents = _chosen(config, origin)
    judged = evaluation.judge_documents(model, tqdm(documents, desc="pages", unit="page", file=sys.stderr))
    summaries = {"model": evaluation.summary(judged, config.seed)}
    views = _html(config, documents, origin) if model.html is not None else []
    judged_html = evaluation.judge_documents(model.html, views) if model.html is not None else []
    if views:
        summaries["model, HTML"] = evaluation.summary(judged_html, config.seed)
    by_name = {d.page.name: d for d in documents}
    changes = _changes(config, older, [("text dumps", judged, by_name), ("HTML", judged_html, {d.page.name: d for d in views})])
    if config.baselines:
        for name in evaluation.BASELINES:
            summaries[name] = evaluation.summary(evaluation.baseline(name, documents, model.label_of_role), config.seed)
    curve = _learning_curve(config, documents) if config.learning_curve else []
    lost = _lost(config, model, older)
    notes = [*_notes(config, documents), *lost]
    macro = summaries["model"]["by_segments"]["macro"].value
    facts = {
        "model": config.model_path,
        "data": {"root": config.data.root, "also": list(config.data.also), "digest": corpus.digest(documents), "pages": len(documents)},
        "notes": notes,
        "floor": config.floor,
        "passed": (config.floor is None or macro >= config.floor) and not lost and not any(change.found["worse"] for change in changes),
        "compared_with": config.compare,
        "lost": lost,
        "changes": {change.view: report.plain(change.found) for change in changes},
        "summaries": report.plain(summaries),
        "confusion": {by: evaluation.confusion(judged, by).tolist() for by in ("segments", "words")},
        "breakdown": report.plain(evaluation.breakdown(judged)),
        "learning_curve": report.plain(curve),
        "pages": {page.name: {"words": int(page.words.sum()), "wrong_words": int(evaluation.wrong_words(page))} for page in judged},
    }
    out = Path(config.out)
    write_text(out / "report.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    title = f"pagesieve: {config.model_path} on {', '.join([config.data.root, *config.data.also])}"
    write_text(out / "report.html", report.html_report(title, summaries, judged, by_name, config.worst, notes, curve, changes))
    _tell(config, summaries, notes, curve, changes)
    _tell_failures(config, macro, lost, changes)
    return facts


def _tell(
    config: EvaluateConfig,
    summaries: Mapping[str, Mapping[str, Any]],
    notes: Sequence[str],
    curve: Sequence[Mapping[str, Any]],
    changes: Sequence[report.Change],
) -> None:
    """Print what was found."""
    for note in notes:
        print(f"note: {note}")
    print(f"{summaries['model']['pages']} pages of {summaries['model']['sites']} sites\n\n{report.score_table(summaries)}\n")
    out = Path(config.out)
    print(f"{report.rates(summaries['model'])}\n\nwrote {out / 'report.json'} and {out / 'report.html'}")
    if curve:
        points = [[point["sites"], f"{point['macro']:.3f}", f"{point['teaser']:.3f}"] for point in curve]
        print(report.table(["training sites", "macro F1", "teaser F1"], points))
    if changes:
        print(f"\nfrom {config.compare} to {config.model_path}, paired over sites:\n\n{report.change_table(changes)}")


def _tell_failures(config: EvaluateConfig, macro: float, lost: Sequence[str], changes: Sequence[report.Change]) -> None:
    """Print why the model has not passed, if it has not."""
    if config.floor is not None and macro < config.floor:
        print(f"macro F1 {macro:.3f} is below the floor of {config.floor}", file=sys.stderr)
    for what in lost:
        print(what, file=sys.stderr)
    for change in changes:
        for label, by in change.found["worse"]:
            print(f"{change.view}: {label} is worse than in {config.compare}, F1 over {by}", file=sys.stderr)


def _chosen(config: EvaluateConfig, origin: dict[str, str]) -> list[Document]:
    """The labelled pages to score: the held-out sites' or all. Puts the folder that each comes from into `origin`, by its name."""
    if config.pages not in PAGES:
        raise ValueError(f"pages={config.pages!r} is none of {', '.join(PAGES)}")
    roots = [config.data.root, *config.data.also]
    documents = []
    for root in roots:
        for document in corpus.stream(root, config.data.statuses):
            name = document.page.name
            if name in origin:
                raise ValueError(f"{root}: {name} is in {origin[name]} too; rename one, or leave one folder out of data.also")
            origin[name] = root
            if document.segments:
                documents.append(document)
    held_out = [d for d in documents if d.site in set(config.data.held_out)]
    if config.pages == "held_out" and not held_out:
        raise ValueError(f"{', '.join(roots)}: none of the sites in data.held_out is there; give pages=all to score every page")
    return held_out if config.pages == "held_out" or (config.pages == "auto" and held_out) else documents


def _lost(config: EvaluateConfig, model: Model, older: Model | None) -> list[str]:
    """What the older model can do and this one cannot, which no table of changes shows; nothing of HTML where it is left out of the data."""
    if older is None or older.html is None or model.html is not None or not config.data.html:
        return []
    return [
        f"{config.compare} reads HTML, {config.model_path} does not: train it with data.html=true on pages with HTML, "
        "or compare text dumps alone with data.html=false"
    ]


def _changes(
    config: EvaluateConfig, older: Model | None, sides: Sequence[tuple[str, list[Judged], dict[str, Document]]]
) -> list[report.Change]:
    """What the model gained over the `older` one, for each view (its name, pages as judged, pages by name) that both know."""
    if older is None:
        return []
    changes = []
    for (view, after, by_name), judge in zip(sides, (older, older.html), strict=True):
        if after and judge is not None:
            before = evaluation.judge_documents(
                judge, tqdm(by_name.values(), desc=f"{config.compare}: {view}", unit="page", file=sys.stderr)
            )
            changes.append(report.Change(view, evaluation.comparison(before, after, config.seed), before, after, by_name))
    return changes


def _html(config: EvaluateConfig, documents: Sequence[Document], origin: Mapping[str, str]) -> list[Document]:
    """The HTML pages beside the documents in the folders of their `origin`, labels carried over."""
    if not config.data.html:
        return []
    from pagesieve.renderings import html_view

    views = (html_view(d, origin[d.page.name]) for d in tqdm(documents, desc="HTML", unit="page", file=sys.stderr))
    return [view for view in views if view is not None]


def _notes(config: EvaluateConfig, documents: Sequence[Document]) -> list[str]:
    """Warnings a reader of the scores must have: above all, pages the model, or the one it is compared with, was trained on."""
    notes = []
    for path in filter(None, (config.model_path, config.compare)):
        manifest = _folder(path) / "manifest.json"
        if not manifest.is_file():
            notes.append(f"{path}: no manifest.json beside the model, so it is not known which pages it was trained on")
            continue
        try:
            trained_on = set(json.loads(manifest.read_text("utf-8"))["training_pages"].values())
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            told = f"{type(error).__name__}: {error}"
            notes.append(f"{manifest}: broken ({told}), so it is not known which pages the model was trained on; copy its folder again")
            continue
        if seen := sum(d.sha256 in trained_on for d in documents):
            notes.append(f"{path}: {seen} of {len(documents)} pages were in the model's training data; their scores flatter it")
    return notes


def _folder(path: str) -> Path:
    """The folder of the model `path`, which may be the file in it."""
    return Path(path) if Path(path).is_dir() else Path(path).parent


def _learning_curve(config: EvaluateConfig, documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Scores on `documents` of models trained on growing shares of this one's training sites, with its settings and its text dumps.

    They are not calibrated, which would take a cross-validation each.
    """
    stored = _folder(config.model_path) / "config.yaml"
    if not stored.is_file():
        raise ValueError(
            f"{stored}: missing, so it is not known what the model was trained on; a learning curve needs a whole model folder"
        )
    try:
        trained: TrainConfig = OmegaConf.merge(OmegaConf.structured(TrainConfig), OmegaConf.load(stored))  # type: ignore[assignment]
    except (OmegaConfBaseException, YAMLError) as error:
        what = str(error).partition("\n")[0]
        raise ValueError(f"{stored}: written by another version of pagesieve, or broken ({what}); train the model anew") from error
    trained.data.html = False
    chosen = settings(trained)
    gathered = gather(trained)
    aside = {d.site for d in documents}
    pool = [d for d in (*gathered.documents, *gathered.views) if d.site not in aside]
    if not pool:
        raise ValueError("learning_curve: every training site is among the scored ones; score held-out sites or another data.root")
    samples = training.prepare(pool, chosen)
    sites = np.random.RandomState(config.seed).permutation(sorted({s.site for s in samples})).tolist()
    points = []
    counts = sorted({max(trained.cv.folds, round(share * len(sites))) for share in CURVE})
    for count in tqdm(counts, desc="learning curve", unit="model", file=sys.stderr):
        part = set(sites[:count])
        some = [s for s in samples if s.site in part]
        folds = training.assign_folds([s.site for s in some], trained.cv.folds, trained.seed)
        alone = replace(chosen, sequence=False)  # the first pass's answers are all that a fit needs
        crossed = training.cross_fit(some, folds, alone, trained.seed, config.n_jobs)
        model, _ = training.fit(some, crossed, chosen, trained.seed)
        scores = evaluation.summary(evaluation.judge_documents(model, documents), config.seed)["by_segments"]
        points.append(
            {
                "sites": len(part),
                "pages": sum("@" not in s.name for s in some),
                "macro": scores["macro"].value,
                "teaser": scores["f1"]["teaser"].value,
            }
        )
    return points


def _run(config: EvaluateConfig) -> None:
    if not evaluate(config)["passed"]:
        sys.exit(1)


def main() -> None:
    """Let Hydra read the configuration, then evaluate."""
    run("evaluate", _run)


if __name__ == "__main__":
    main()
