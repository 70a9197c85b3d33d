"""Entry point `python -m pagesieve.exchange`: labelled pages to the files of other labelling tools, and back from them.

Stands beside the way of a page, on the label files (`corpus`). `.json` is Label Studio's list of tasks, `.jsonl` a page a
line with offsets, as doccano has it. Both count characters (code points), as label files do; old releases of Label Studio
counted JavaScript's UTF-16 units, which shows in what they say of a range's text. Configured in `conf/exchange.yaml`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from tqdm import tqdm

from pagesieve import corpus
from pagesieve.config import ExchangeConfig, run
from pagesieve.corpus import CorpusError, Document, Label
from pagesieve.files import write_text
from pagesieve.page import BLANK, PageError
from pagesieve.readers import in_words
from pagesieve.roles import ROLES

__all__ = ["ExchangeError", "Marked", "exchange", "labelling_config", "read_lines", "read_tasks", "to_lines", "to_tasks"]

FROM, TO = "role", "text"  # names of the tags in Label Studio's labelling configuration
COLOURS = {  # those of the reviewer (reviewer/app.css); Label Studio makes backgrounds paler by itself
    "headline": "#16703a",
    "body": "#46a758",
    "caption": "#2f8f8b",
    "meta": "#4a74b8",
    "boilerplate": "#a0a6ad",
    "teaser_heading": "#b8860b",
    "teaser": "#e8791b",
    "comment": "#8f63ba",
}
ABOUT = ("page", "site", "language", "url", "status")  # what goes along with a page's text


class ExchangeError(ValueError):
    """A file of another tool, or a page in it, that cannot be used; the message names the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A page as another tool gives it back: `place` for messages, the page's name ("" if it does not say), its text and ranges."""

    place: str
    page: str
    text: str
    labels: tuple[Label, ...]


def labelling_config() -> str:
    """Label Studio's labelling configuration for these tasks: a label a role."""
    labels = "\n".join(f"    <Label value={quoteattr(role)} background={quoteattr(COLOURS[role])}/>" for role in ROLES)
    return (
        "<View>\n  <Style>.htx-text{white-space:pre-wrap}</Style>\n"
        f'  <Labels name="{FROM}" toName="{TO}">\n{labels}\n  </Labels>\n  <Text name="{TO}" value="$text" saveTextResult="yes"/>\n</View>\n'
    )


def _about(document: Document) -> dict[str, Any]:
    return dict(zip(ABOUT, (document.page.name, document.site, document.language, document.url, document.status), strict=True))


def to_tasks(documents: Sequence[Document]) -> str:
    """Label Studio's tasks: reviewed labels as an annotation, proposed ones as a prediction to be corrected."""
    tasks = []
    for document in documents:
        result = [
            {
                "id": f"{x.start}-{x.end}",
                "from_name": FROM,
                "to_name": TO,
                "type": "labels",
                "value": {"start": x.start, "end": x.end, "text": document.page.text[x.start : x.end], "labels": [x.role]},
            }
            for x in document.labels
        ]
        task: dict[str, Any] = {"data": {"text": document.page.text, **_about(document)}}
        if document.status == "reviewed":
            task["annotations"] = [{"result": result, "was_cancelled": False, "ground_truth": False}]
        else:
            task["predictions"] = [{"result": result, "model_version": document.source or "pagesieve"}]
        tasks.append(task)
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def to_lines(documents: Sequence[Document]) -> str:
    """A page a line: {"id", "text", "label": [[start, end, role], …]} and what is known of the page."""
    records = (
        {"id": i, "text": d.page.text, "label": [[x.start, x.end, x.role] for x in d.labels], **_about(d)}
        for i, d in enumerate(documents, 1)
    )
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read_tasks(path: Path) -> Iterator[Marked | None]:
    """The pages of Label Studio's JSON export, by the last annotation of each that was not cancelled; None for a task without one."""
    tasks = _json(path.read_bytes(), str(path))
    if not isinstance(tasks, list):
        raise ExchangeError(f"{path}: holds {in_words(tasks)}, not a list of tasks; export as JSON, not as JSON-MIN or CSV")
    for number, task in enumerate(tasks, 1):
        place = f"{path}: task {number}"
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict) or not isinstance(task["data"].get("text"), str):
            raise ExchangeError(f"{place}: has no data with a text; export as JSON, not as JSON-MIN or CSV")
        done = [a for a in task.get("annotations") or () if isinstance(a, dict) and not a.get("was_cancelled")]
        if not done:
            yield None
            continue
        latest = max(done, key=lambda a: str(a.get("updated_at") or ""))
        regions = [r for r in latest.get("result") or () if isinstance(r, dict) and r.get("type") == "labels"]
        text = task["data"]["text"]
        labels = [_region(region, text, f"{place}, region {region.get('id')}") for region in regions]
        yield Marked(place, str(task["data"].get("page") or ""), text, _ordered(labels))


def _region(region: dict[str, Any], text: str, place: str) -> Label:
    value = region.get("value")
    if not isinstance(value, dict) or not isinstance(value.get("labels"), list) or len(value["labels"]) != 1:
        raise ExchangeError(f"{place}: must have one role as its label; give it one and export again")
    label = _label([value.get("start"), value.get("end"), value["labels"][0]], place)
    said = value.get("text")
    if isinstance(said, str) and _bare(said) != _bare(text[label.start : label.end]):
        raise ExchangeError(
            f"{place}: says {said[:40]!r}, but {label.start}-{label.end} of the text is {text[label.start : label.end][:40]!r}; "
            "old releases of Label Studio counted UTF-16 units and not characters: export with a newer one"
        )
    return label


def _bare(text: str) -> str:
    """Without white space, nor the backslash and n that Label Studio writes for the end of a line (and a page may hold as they are)."""
    return "".join(text.replace("\\n", "\n").split())


def read_lines(path: Path) -> Iterator[Marked]:
    """The pages of a JSONL file: `text`, and `label` (or `labels`) with [start, end, role], or `entities` with start_offset, end_offset, label."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path}: line {number}"
        record = _json(line, place)
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise ExchangeError(f"{place}: has no text; a line is an object with text and label")
        ranges = record.get("label", record.get("labels"))
        if ranges is None and isinstance(record.get("entities"), list):
            ranges = [[e.get("start_offset"), e.get("end_offset"), e.get("label")] for e in record["entities"] if isinstance(e, dict)]
        if not isinstance(ranges, list):
            raise ExchangeError(f"{place}: has no label; it must be a list of [start, end, role] (the project type is sequence labeling)")
        yield Marked(place, str(record.get("page") or ""), record["text"], _ordered([_label(item, place) for item in ranges]))


def _json(data: bytes, place: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ExchangeError(f"{place}: not JSON in UTF-8 ({error})") from error


def _label(item: Any, place: str) -> Label:
    if not isinstance(item, list) or len(item) != 3 or type(item[0]) is not int or type(item[1]) is not int:
        raise ExchangeError(f"{place}: {item!r} is no range; it must be start, end (whole numbers) and role")
    if item[2] not in ROLES:
        raise ExchangeError(f"{place}: unknown role {item[2]!r} at {item[0]}; roles: {', '.join(ROLES)}")
    return Label(*item)


def _ordered(labels: list[Label]) -> tuple[Label, ...]:
    return tuple(sorted(labels, key=lambda x: (x.start, x.end)))


def exchange(config: ExchangeConfig) -> list[str]:
    """Write `config.out`, or take labels over from `config.read`; returns messages about pages that could not be taken over, or whose labels cannot be used."""
    if bool(config.out) == bool(config.read):
        raise ValueError("give one of out=file (labels to another tool) and read=file (labels from it)")
    if config.status not in (None, *corpus.STATUSES):
        raise ValueError(f"status={config.status!r} is neither of {', '.join(corpus.STATUSES)}")
    path, root = Path(config.out or config.read or ""), Path(config.data.root)
    if path.suffix not in (".json", ".jsonl"):
        raise ValueError(f"{path}: must end in .json (Label Studio) or .jsonl (offsets, as doccano has them)")
    if config.read and not path.is_file():
        raise FileNotFoundError(
            f"read={path}: {'a folder' if path.is_dir() else 'not there'}; give the file that the other tool wrote its labels to"
        )
    return _write(config, path, root) if config.out else _take(config, path, root)


def _write(config: ExchangeConfig, path: Path, root: Path) -> list[str]:
    failed: list[str] = []
    documents = corpus.read(root, [config.status] if config.status else corpus.STATUSES, failed)
    if not documents:
        wanted = f" of status {config.status}" if config.status else ""
        told = "".join(f" ({message})" for message in failed)
        raise ValueError(f"{root}: no labelled page{wanted}, nothing is written to {path}; review some, or ask for another status{told}")
    write_text(path, to_tasks(documents) if path.suffix == ".json" else to_lines(documents))
    print(f"{len(documents)} pages of {root} written to {path}")
    if path.suffix == ".json":
        write_text(path.with_suffix(".xml"), labelling_config())
        print(f"{path.with_suffix('.xml')}: paste it as the project's labelling configuration (Settings, Labeling Interface, Code)")
    return failed


def _take(config: ExchangeConfig, path: Path, root: Path) -> list[str]:
    """Give pages of the data folder the labels they have in the file; the others stay as they are, and all do if the file cannot be read."""
    files: dict[str, tuple[Path, Document]] = {}  # label files by the names of their pages, and by their texts
    failed: list[str] = []
    told = set()  # the pages of label files that cannot be used
    for label_path in sorted((root / "labeled").glob("*/*.json")):
        try:
            document = corpus.read_one(root, label_path)
        except (CorpusError, PageError, OSError) as error:
            failed.append(str(error))
            told.add(f"{label_path.parent.name}/{label_path.stem}.txt")
            continue
        files[document.page.name] = files[document.page.text.strip()] = (label_path, document)
    taken = unmarked = 0
    given = list(read_tasks(path) if path.suffix == ".json" else read_lines(path))  # all of it before anything is changed
    for marked in tqdm(given, desc="pages", unit="page", file=sys.stderr):
        if marked is None:
            unmarked += 1
            continue
        if marked.page in told:
            continue
        try:
            _change(root, files.get(marked.page or marked.text.strip()) or files.get(marked.text.strip()), marked, config)
            taken += 1
        except ExchangeError as error:
            failed.append(str(error))
        except CorpusError as error:  # names the label file, which may be as it should
            failed.append(f"{marked.place}: does not fit ({error})")
    print(f"{taken} pages of {root} have their labels from {path} (status: {config.status or 'proposed'})")
    if unmarked:
        print(f"{unmarked} tasks have no annotation and were passed over")
    return failed


def _change(root: Path, found: tuple[Path, Document] | None, marked: Marked, config: ExchangeConfig) -> None:
    """Write the labels of one page."""
    if found is None:
        name = marked.page or "that text"
        raise ExchangeError(f'{marked.place}: no page of {root} is {name}; bring it with make label ARGS="pages=…" first')
    path, document = found
    if document.status == "reviewed" and not config.overwrite:
        raise ExchangeError(f"{marked.place}: {path} is reviewed and stays as it is; overwrite=true replaces its labels")
    corpus.change_labels(root, path, corpus.version(path), _fitted(marked, document), status=config.status or "proposed")


def _fitted(marked: Marked, document: Document) -> list[Label]:
    """The ranges over the page's own text, without what is `BLANK` at their ends; tools may have cut it off the text's ends, too."""
    text = document.page.text
    if marked.text.strip() != text.strip():
        raise ExchangeError(f"{marked.place}: its text is not that of {document.page.name}; label the page as it was written out")
    shift = (len(text) - len(text.lstrip())) - (len(marked.text) - len(marked.text.lstrip()))
    labels = []
    for label in marked.labels:
        if not 0 <= label.start < label.end <= len(marked.text):
            raise ExchangeError(
                f"{marked.place}: bad offsets {label.start}-{label.end} (the text has {len(marked.text)} characters); they count characters from 0"
            )
        start, end = max(label.start + shift, 0), label.end + shift
        part = text[start:end]
        if part.strip(BLANK):
            labels.append(Label(start + len(part) - len(part.lstrip(BLANK)), start + len(part.rstrip(BLANK)), label.role))
    return labels


def _run(config: ExchangeConfig) -> None:
    failed = exchange(config)
    for message in failed:
        print(f"{'not taken over' if config.read else 'not written'}: {message}", file=sys.stderr)
    if failed:
        sys.exit(1)


def main() -> None:
    """Let Hydra read the configuration, then exchange."""
    run("exchange", _run)


if __name__ == "__main__":
    main()
