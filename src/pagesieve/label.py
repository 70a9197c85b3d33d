"""Entry point `python -m pagesieve.label`: unlabelled pages → proposed labels. Configured in `conf/label.yaml`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pagesieve import corpus, labeling, report
from pagesieve.config import LabelConfig, config_dir, register
from pagesieve.page import PageError, read_page, split
from pagesieve.storage import load_model

__all__ = ["label", "main"]

LABELERS = ("rules", "model")
Ints = NDArray[np.int64]


def label(config: LabelConfig) -> dict[str, Any]:
    """Propose labels as configured; returns {"written": paths, "failed": messages, "outcomes": of the rules}.

    A page that cannot be read is reported and the others go on. Reviewed labels are never touched.
    """
    if config.labeler not in LABELERS:
        raise ValueError(f"labeler={config.labeler!r} is none of {', '.join(LABELERS)}")
    root = Path(config.data.root)
    raw = corpus.raw_pages(root)
    if not raw:
        raise FileNotFoundError(f"{root}/raw: no pages there; put text dumps at {root}/raw/<site>/<page>.txt")
    model = load_model(config.model_path) if config.labeler == "model" else None
    todo = corpus.unlabelled(root)
    if config.overwrite:
        todo = sorted({*todo, *(p for p in raw if _is_proposal(root, p))})
    written: list[Path] = []
    failed: list[str] = []
    fired: list[Ints] = []
    truth: list[Ints | None] = []
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
            truth.append(None)
            roles = labeling.ROLE_OF_RULE[fired[-1]]
        labels = labeling.to_labels(segments, roles.tolist())
        source = f"proposed by {'the model ' + config.model_path if model is not None else 'labelling rules'}"
        written.append(corpus.write_labels(root, path, labels, language=config.language, source=source))
    reviewed = corpus.read(root) if (root / "labeled").is_dir() and any((root / "labeled").glob("*/*.json")) else []
    fired += [labeling.fire(document.segments) for document in reviewed]
    truth += [document.roles for document in reviewed]
    outcomes = labeling.outcomes(fired, truth)
    print(f"{len(written)} pages labelled by {config.labeler} (status: proposed), {len(raw) - len(todo)} had labels already")
    for message in failed:
        print(f"not labelled: {message}", file=sys.stderr)
    if config.labeler == "rules":
        print("\n" + _rule_table(outcomes))
    return {"written": written, "failed": failed, "outcomes": outcomes}


def _is_proposal(root: Path, raw: Path) -> bool:
    path = root / "labeled" / raw.parent.name / f"{raw.stem}.json"
    return path.exists() and corpus.read_labels(path)["status"] == "proposed"


def _rule_table(outcomes: list[labeling.Outcome]) -> str:
    """How often each rule decided a segment, and how often it was right on reviewed pages."""
    rows = [
        [o.rule.name, o.rule.role, o.fired, o.reviewed, f"{o.right / o.reviewed:.0%}" if o.reviewed else "–", o.rule.why] for o in outcomes
    ]
    return report.table(["rule", "role", "fired", "on reviewed", "right", "what it looks for"], rows)


@hydra.main(version_base="1.3", config_path=config_dir(), config_name="label")
def _run(config: Any) -> None:
    try:
        failed = label(config)["failed"]
    except (ValueError, OSError) as error:
        sys.exit(f"pagesieve.label: {error}")
    if failed:
        sys.exit(1)


def main() -> None:
    """Register the schemas, then let Hydra read the configuration and run."""
    register()
    _run()


if __name__ == "__main__":
    main()
