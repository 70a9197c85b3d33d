"""Entry point `python -m pagesieve.label`: unlabelled pages → proposed labels and the order to review them in.

With `mode=doubt`: reviewed labels → those that models doubt. Configured in `conf/label.yaml`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pagesieve import corpus, intake, labeling, report, selection, training
from pagesieve.config import LabelConfig, run, settings
from pagesieve.corpus import CorpusError, Document
from pagesieve.files import write_text
from pagesieve.page import PageError, read_page, split
from pagesieve.sieve import load

__all__ = ["label", "main"]

MODES = ("propose", "doubt")
LABELERS = ("model", "rules")
SHOWN = 60  # characters of a doubted text
Ints = NDArray[np.int64]


def label(config: LabelConfig) -> dict[str, Any]:
    """Do what `config.mode` says: `propose` or `doubt`."""
    if config.mode not in MODES:
        raise ValueError(f"mode={config.mode!r} is none of {', '.join(MODES)}")
    return propose(config) if config.mode == "propose" else doubt(config)


def propose(config: LabelConfig) -> dict[str, Any]:
    """Bring pages if any are given, and propose labels for all that have none; writes `review_order.json`.

    Returns {"brought": paths, "written": paths, "failed": messages, "outcomes": of the rules, "order": page names}. A page that
    cannot be read, or that has changed since it was labelled, is reported and the others go on. Reviewed labels are never touched.
    """
    if config.labeler not in LABELERS:
        raise ValueError(f"labeler={config.labeler!r} is none of {', '.join(LABELERS)}")
    if not corpus.is_language(config.language):
        raise ValueError(f"language={config.language!r}: give {corpus.LANGUAGE}")
    root = Path(config.data.root)
    model = load(config.model_path).model if config.labeler == "model" else None
    failed: list[str] = []
    known, there, doubled = _bring(config, failed) if config.pages else ({}, 0, 0)
    raw = corpus.raw_pages(root)
    if not raw:
        told = "; ".join([*failed, *(_passed_over(config.pages, 0) if config.pages else ())])
        raise FileNotFoundError(
            f"{root}/raw: no pages there; put text dumps at {root}/raw/<site>/<page>.txt, or give pages=folder"
            + (f" ({told})" if told else "")
        )
    todo = _waiting(root, raw, config.overwrite)
    path_of_model = config.model_path or os.environ.get("PAGESIEVE_MODEL")
    by = f"the model {path_of_model or 'that comes with pagesieve'}" if model is not None else "labelling rules"
    written: list[Path] = []
    fired: list[Ints] = []
    for path in tqdm(todo, desc="pages", unit="page", file=sys.stderr):
        try:
            segments = split(read_page(path.read_bytes(), str(path)).text)
        except (PageError, OSError) as error:
            failed.append(str(error))
            continue
        if model is not None:
            roles = model.predict(segments).roles
        else:
            fired.append(labeling.fire(segments))
            roles = labeling.ROLE_OF_RULE[fired[-1]]
        facts = {"language": config.language, **_kept(root, path), "source": f"proposed by {by}", **known.get(path, {})}
        written.append(corpus.write_labels(root, path, labeling.to_labels(segments, roles.tolist()), **facts))
    faults: list[str] = []
    labelled = corpus.read(root, corpus.STATUSES, faults) if any((root / "labeled").glob("*/*.json")) else []
    outcomes = _outcomes(fired, [d for d in labelled if d.status == "reviewed"] if model is None else [])
    order = selection.order_of([d for d in labelled if d.status == "proposed"], model)
    write_text(root / selection.ORDER, json.dumps(order, ensure_ascii=False, indent=1) + "\n")
    if config.pages:
        print(f"{len(known)} pages brought from {config.pages} to {root}/raw, {there} were labelled already")
        for line in _passed_over(config.pages, doubled):
            print(line)
    print(f"{len(written)} pages labelled by {config.labeler} (status: proposed), {len(raw) - len(todo)} had labels already")
    print(f"{len(order)} pages wait for review, least sure first: {root / selection.ORDER}")
    for message in failed:
        print(f"not labelled: {message}", file=sys.stderr)
    for message in faults:
        print(f"passed over: {message}", file=sys.stderr)
    if model is None:
        print("\n" + _rule_table(outcomes))
    return {"brought": list(known), "written": written, "failed": [*failed, *faults], "outcomes": outcomes, "order": order}


def _waiting(root: Path, raw: Sequence[Path], overwrite: bool) -> list[Path]:
    """The raw pages to propose labels for, sorted: those without any, with `overwrite` those that have only been proposed, too."""
    todo = corpus.unlabelled(root)
    if not overwrite:
        return todo
    new = {*todo}
    return [path for path in raw if path in new or _is_proposed(corpus.label_path(root, path))]


def _is_proposed(path: Path) -> bool:
    """Whether a label file holds a proposal; one that cannot be read, which is told elsewhere, does not."""
    try:
        return bool(corpus.read_labels(path)["status"] == "proposed")
    except (CorpusError, OSError):
        return False


def _outcomes(fired: Sequence[Ints], reviewed: Sequence[Document]) -> list[labeling.Outcome]:
    """How the rules did: those that have `fired` on pages nobody has reviewed, and those that fire on `reviewed` ones."""
    again = [labeling.fire(document.segments) for document in reviewed]
    return labeling.outcomes([*fired, *again], [*[None] * len(fired), *(document.roles for document in reviewed)])


def _bring(config: LabelConfig, failed: list[str]) -> tuple[dict[Path, dict[str, str]], int, int]:
    """Copy the pages of `config.pages`; returns what is known of each that waits for labels, how many others have some, and how many came twice.

    Adds messages about bad ones to `failed`. After an interruption the same command brings them, and what is known of them, again.
    """
    assert config.pages is not None
    known: dict[Path, dict[str, str]] = {}
    there = doubled = 0
    for page in tqdm(intake.sources(config.pages), desc=config.pages, unit="page", file=sys.stderr):
        if isinstance(page, str):
            failed.append(page)
            continue
        try:
            found = intake.bring(config.data.root, page, config.site or "")
        except (PageError, CorpusError, OSError) as error:
            failed.append(str(error))
            continue
        if found is None:
            there += 1
        else:
            doubled += found[0] in known
            known[found[0]] = {**known.get(found[0], {}), **found[1]}
    return known, there, doubled


def _passed_over(pages: str, doubled: int) -> list[str]:
    """What of `pages` was not brought and is no fault: a line for each reason."""
    others = intake.passed_over(pages)
    return [
        *([f"{doubled} passed over: their text is that of another page of their site"] if doubled else []),
        *(
            [f"{others.total()} files passed over, which are no pages: {', '.join(f'{n} {end}' for end, n in sorted(others.items()))}"]
            if others
            else []
        ),
    ]


def doubt(config: LabelConfig) -> dict[str, Any]:
    """Train on the reviewed pages, fold by fold, and list the labels that the other folds' models doubt; writes `doubts.json`.

    Returns {"doubts": all segments, most doubted first, "failed": []}.
    """
    if config.pages:
        raise ValueError(f"pages={config.pages}: mode=doubt brings no pages; bring them first, without mode=doubt")
    root = Path(config.data.root)
    chosen = settings(config)
    documents = [d for d in corpus.read(root) if d.segments]
    if not documents:
        raise ValueError(f"{root}: no reviewed page, and doubts are of reviewed labels; review some first (make review)")
    samples = training.prepare(documents, chosen)
    folds = training.assign_folds([s.site for s in samples], config.cv.folds, config.seed)

    def show(work: Any, total: int, what: str) -> Any:
        return tqdm(work, total=total, desc=what, unit="fit", file=sys.stderr)

    crossed = training.cross_fit(samples, folds, chosen, config.seed, config.n_jobs, show)
    predictions = training.calibrate(samples, crossed, chosen).predictions
    found = selection.doubts(documents, predictions)
    write_text(root / selection.DOUBTS, json.dumps([d.to_dict() for d in found if d.role != d.said], ensure_ascii=False, indent=1) + "\n")
    for page, some in selection.by_page(found[: config.most]).items():
        rows = [[d.start, f"{d.doubted:.3f}", d.role, d.said, _short(d.text)] for d in some]
        print(f"{page}\n\n{report.table(['at', 'doubt', 'label', 'models say', 'text'], rows)}\n")
    print(
        f"the {min(config.most, len(found))} most doubted of {len(found)} segments on {len(documents)} pages; all that models say otherwise: {root / selection.DOUBTS}"
    )
    return {"doubts": found, "failed": []}


def _short(text: str) -> str:
    line = " ".join(text.split()).replace("|", "¦")
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _kept(root: Path, raw: Path) -> dict[str, Any]:
    """What an earlier proposal says of its page, which a new one keeps; {} without one."""
    path = corpus.label_path(root, raw)
    earlier = corpus.read_labels(path) if path.exists() else {}
    return {key: value for key, value in earlier.items() if key not in ("sha256", "labels") and (key, value) != ("language", "und")}


def _rule_table(outcomes: list[labeling.Outcome]) -> str:
    """How often each rule decided a segment, and how often it was right on reviewed pages."""
    rows = [
        [o.rule.name, o.rule.role, o.fired, o.reviewed, f"{o.right / o.reviewed:.0%}" if o.reviewed else "–", o.rule.why] for o in outcomes
    ]
    return report.table(["rule", "role", "fired", "on reviewed", "right", "what it looks for"], rows)


def _run(config: LabelConfig) -> None:
    if label(config)["failed"]:
        sys.exit(1)


def main() -> None:
    """Let Hydra read the configuration, then label."""
    run("label", _run)


if __name__ == "__main__":
    main()
