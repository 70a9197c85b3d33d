"""Entry point `python -m pagesieve.evaluate`: a saved model and labelled pages → scores. Configured in `conf/evaluate.yaml`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from omegaconf import OmegaConf
from tqdm import tqdm

from pagesieve import corpus, evaluation, report, training
from pagesieve.config import EvaluateConfig, TrainConfig, config_dir, register, settings
from pagesieve.corpus import Document
from pagesieve.storage import load_model, write_text

__all__ = ["evaluate", "main"]

CURVE = (0.125, 0.25, 0.5, 1.0)  # shares of the training sites a learning curve is drawn over
PAGES = ("auto", "held_out", "all")


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Score the model as configured and write report.json and report.html; returns what report.json holds.

    Raises `FileNotFoundError`, `ModelError`, `CorpusError` or `ValueError` for a model or data that cannot be used.
    """
    model = load_model(config.model_path)
    documents = _chosen(config)
    judged = evaluation.judge_documents(model, tqdm(documents, desc="pages", unit="page", file=sys.stderr))
    summaries = {"model": evaluation.summary(judged, config.seed)}
    if model.html is not None and (views := _html(config, documents)):
        summaries["model, HTML"] = evaluation.summary(evaluation.judge_documents(model.html, views), config.seed)
    if config.baselines:
        for name in evaluation.BASELINES:
            summaries[name] = evaluation.summary(evaluation.baseline(name, documents, model.label_of_role), config.seed)
    curve = _learning_curve(config, documents) if config.learning_curve else []
    notes = _notes(config, documents)
    macro = summaries["model"]["by_segments"]["macro"].value
    facts = {
        "model": config.model_path,
        "data": {"root": config.data.root, "digest": corpus.digest(documents), "pages": len(documents)},
        "notes": notes,
        "floor": config.floor,
        "passed": config.floor is None or macro >= config.floor,
        "summaries": report.plain(summaries),
        "confusion": {by: evaluation.confusion(judged, by).tolist() for by in ("segments", "words")},
        "breakdown": report.plain(evaluation.breakdown(judged)),
        "learning_curve": report.plain(curve),
        "pages": {page.name: {"words": int(page.words.sum()), "wrong_words": int(evaluation.wrong_words(page))} for page in judged},
    }
    out = Path(config.out)
    write_text(out / "report.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
    by_name = {d.page.name: d for d in documents}
    html = report.html_report(
        f"pagesieve: {config.model_path} on {config.data.root}", summaries, judged, by_name, config.worst, notes, curve
    )
    write_text(out / "report.html", html)
    for note in notes:
        print(f"note: {note}")
    print(f"{summaries['model']['pages']} pages of {summaries['model']['sites']} sites\n\n{report.score_table(summaries)}\n")
    print(f"{report.rates(summaries['model'])}\n\nwrote {out / 'report.json'} and {out / 'report.html'}")
    if curve:
        print(
            report.table(
                ["training sites", "macro F1", "teaser F1"], [[p["sites"], f"{p['macro']:.3f}", f"{p['teaser']:.3f}"] for p in curve]
            )
        )
    if not facts["passed"]:
        print(f"macro F1 {macro:.3f} is below the floor of {config.floor}", file=sys.stderr)
    return facts


def _chosen(config: EvaluateConfig) -> list[Document]:
    """The labelled pages to score: the held-out sites' or all."""
    if config.pages not in PAGES:
        raise ValueError(f"pages={config.pages!r} is none of {', '.join(PAGES)}")
    documents = [d for d in corpus.read(config.data.root, config.data.statuses) if d.segments]
    held_out = [d for d in documents if d.site in set(config.data.held_out)]
    if config.pages == "held_out" and not held_out:
        raise ValueError(f"{config.data.root}: none of the sites in data.held_out is there; give pages=all to score every page")
    return held_out if config.pages == "held_out" or (config.pages == "auto" and held_out) else documents


def _html(config: EvaluateConfig, documents: Sequence[Document]) -> list[Document]:
    """The HTML pages beside the documents, labels carried over."""
    if not config.data.html:
        return []
    from pagesieve.renderings import html_view

    views = (html_view(d, config.data.root) for d in tqdm(documents, desc="HTML", unit="page", file=sys.stderr))
    return [view for view in views if view is not None]


def _notes(config: EvaluateConfig, documents: Sequence[Document]) -> list[str]:
    """Warnings a reader of the scores must have: above all, pages the model was trained on."""
    manifest = Path(config.model_path, "manifest.json")
    if not manifest.is_file():
        return ["no manifest.json beside the model, so it is not known which pages it was trained on"]
    trained_on = set(json.loads(manifest.read_text("utf-8"))["training_pages"].values())
    seen = sum(d.sha256 in trained_on for d in documents)
    return [f"{seen} of {len(documents)} pages were in the model's training data; their scores flatter it"] if seen else []


def _learning_curve(config: EvaluateConfig, documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Scores on `documents` of models like this one trained on growing shares of its own training sites."""
    stored = Path(config.model_path, "config.yaml")
    if not stored.is_file():
        raise ValueError(
            f"{stored}: missing, so it is not known what the model was trained on; a learning curve needs a whole model folder"
        )
    trained: TrainConfig = OmegaConf.merge(OmegaConf.structured(TrainConfig), OmegaConf.load(stored))  # type: ignore[assignment]
    chosen = settings(trained)
    aside = {d.site for d in documents} | set(trained.data.held_out)
    pool = [d for d in corpus.read(trained.data.root, trained.data.statuses) if d.site not in aside]
    if not pool:
        raise ValueError("learning_curve: every training site is among the scored ones; score held-out sites or another data.root")
    samples = training.prepare(pool, chosen)
    sites = np.random.RandomState(config.seed).permutation(sorted({s.site for s in samples})).tolist()
    points = []
    for share in tqdm(CURVE, desc="learning curve", unit="model", file=sys.stderr):
        part = set(sites[: max(trained.cv.folds, round(share * len(sites)))])
        some = [s for s in samples if s.site in part]
        folds = training.assign_folds([s.site for s in some], trained.cv.folds, trained.seed)
        alone = replace(chosen, sequence=False)  # the first pass's answers are all that a fit needs
        crossed = training.cross_fit(some, folds, alone, trained.seed, config.n_jobs)
        model, _ = training.fit(some, crossed, chosen, trained.seed)
        scores = evaluation.summary(evaluation.judge_documents(model, documents), config.seed)["by_segments"]
        points.append({"sites": len(part), "pages": len(some), "macro": scores["macro"].value, "teaser": scores["f1"]["teaser"].value})
    return points


@hydra.main(version_base="1.3", config_path=config_dir(), config_name="evaluate")
def _run(config: Any) -> None:
    try:
        passed = evaluate(config)["passed"]
    except (ValueError, OSError) as error:
        sys.exit(f"pagesieve.evaluate: {error}")
    if not passed:
        sys.exit(1)


def main() -> None:
    """Register the schemas, then let Hydra read the configuration and run."""
    register()
    _run()


if __name__ == "__main__":
    main()
