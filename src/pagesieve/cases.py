"""`pagesieve check cases.yaml`: what a user's own pages must give, page by page, told as a pass rate and a line a failure.

Stands behind the way of a page: it reads the `Segmentation` and asks whether given strings are where they belong.
"""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pagesieve.calibration import DIAL
from pagesieve.page import PageError
from pagesieve.segmentation import Segmentation
from pagesieve.sieve import KINDS, Sieve, load
from pagesieve.storage import ModelError

__all__ = ["Case", "CasesError", "Result", "main", "read_cases", "run"]

FACTS = ("page", "kind", "encoding")
STATED: dict[str, tuple[str, Callable[[str, Segmentation], bool]]] = {
    "headline": ("not in the headline", lambda text, answer: text in folded(answer.headline)),
    "body": ("not in the body", lambda text, answer: text in folded(answer.body)),
    "not_body": ("in the body", lambda text, answer: text not in folded(answer.body) and text not in folded(answer.headline)),
    "teasers": ("in no teaser", lambda text, answer: any(text in teaser for teaser in _teasers(answer))),
    "not_teasers": ("in a teaser", lambda text, answer: all(text not in teaser for teaser in _teasers(answer))),
}
"""What a case may state of a page's strings: what is told where it does not hold, and whether it holds."""


class CasesError(ValueError):
    """A file of cases that cannot be used; the message names the file, the case, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Case:
    """A page (its path) and the strings that must, or must not, be in its parts: {key of `STATED`: strings}."""

    page: Path
    kind: str
    encoding: str
    stated: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Result:
    """One string of a case: `fault` tells what is wrong, "" where it is as stated."""

    page: str
    stated: str
    text: str
    fault: str


def folded(text: str) -> str:
    """`text` with every run of white space as one space, in Unicode's form C, so that a wrapped line is still found."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _teasers(answer: Segmentation) -> Iterator[str]:
    """Each teaser's text as it stands on the page."""
    return (folded(answer.text[teaser.start : teaser.end]) for teaser in answer.teasers)


def read_cases(path: Path | str) -> list[Case]:
    """The cases of a YAML or JSON file; their pages' paths are relative to it. Raises `CasesError`, `FileNotFoundError`."""
    path = Path(path)
    items = _load(path)
    if not isinstance(items, list) or not items:
        raise CasesError(f"{path}: must be a list of cases, each with `page:` and at least one of {', '.join(STATED)}")
    return [_case(path, number, item) for number, item in enumerate(items, 1)]


def _load(path: Path) -> Any:
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            return json.loads(data)
        try:
            import yaml  # only this command needs it
        except ModuleNotFoundError as error:
            raise CasesError(f"{path}: to read YAML, pip install 'pagesieve[check]', or write the cases as .json") from error
        try:
            return yaml.safe_load(data)
        except yaml.YAMLError as error:
            raise CasesError(f"{path}: not YAML: {' '.join(str(error).split())}; strings with a colon or a # need quotes") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CasesError(f"{path}: cannot be read ({error}); it must be UTF-8") from error


def _case(path: Path, number: int, item: Any) -> Case:
    place = f"{path}: case {number}"
    if not isinstance(item, dict):
        raise CasesError(f"{place} is {item!r}; it must be `page:` and lists of strings")
    unknown = [key for key in item if key not in FACTS and key not in STATED]
    if unknown:
        raise CasesError(f"{place} has the unknown key {unknown[0]!r}; known: {', '.join((*FACTS, *STATED))}")
    for key, otherwise in (("page", None), ("kind", "auto"), ("encoding", "")):
        value = item.get(key, otherwise)
        if not isinstance(value, str) or (key == "page" and not value):
            raise CasesError(f"{place}: {key} is {value!r}; it must be a text")
    if item.get("kind", "auto") not in KINDS:
        raise CasesError(f"{place}: kind is {item['kind']!r}, none of {', '.join(KINDS)}")
    stated = {key: _strings(f"{place}: {key}", item[key]) for key in STATED if key in item}
    if not any(stated.values()):
        raise CasesError(f"{place} ({item['page']}) states nothing; give at least one of {', '.join(STATED)}")
    return Case(path.parent / item["page"], item.get("kind", "auto"), item.get("encoding", ""), stated)


def _strings(place: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    for text in values:
        if not isinstance(text, str) or not folded(text):
            raise CasesError(f"{place} holds {text!r}, which is no text; put numbers and dates in quotes")
    return tuple(values)


def run(sieve: Sieve, cases: Sequence[Case], dial: float = DIAL) -> Iterator[Result]:
    """A `Result` for each string of each case, in order; a page that cannot be read fails all of its own."""
    for case in cases:
        try:
            answer = sieve.segment(case.page.read_bytes(), case.kind, str(case.page), dial, case.encoding)
        except (PageError, OSError) as error:
            yield from (Result(str(case.page), key, text, str(error)) for key, texts in case.stated.items() for text in texts)
            continue
        page = folded(answer.text)
        for key, texts in case.stated.items():
            for text in texts:
                wanted = folded(text)
                fault, holds = STATED[key]
                missing = wanted not in page
                yield Result(str(case.page), key, text, "not on the page at all" if missing else "" if holds(wanted, answer) else fault)


def main(arguments: Sequence[str]) -> int:
    """`pagesieve check`; returns the exit status: 0 where enough passed, 1 where not, 2 for a file or model that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        cases = read_cases(options.cases)
        sieve = load(options.model)
    except (CasesError, ModelError, OSError) as error:
        print(f"pagesieve check: {error}", file=sys.stderr)
        return 2
    results = list(run(sieve, cases, options.dial))
    passed = sum(not result.fault for result in results)
    rate = passed / len(results)
    if options.format == "json":
        print(json.dumps({"passed": passed, "stated": len(results), "results": [asdict(r) for r in results]}, ensure_ascii=False, indent=1))
    else:
        for result in results:
            if result.fault:
                print(f"{result.page}: {result.stated}: {folded(result.text)!r}: {result.fault}")
        print(f"{passed} of {len(results)} statements on {len(cases)} pages hold ({rate:.1%})")
    return int(rate < options.min_rate)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pagesieve check", description="Check pages of one's own: which strings are body, which teasers.")
    parser.add_argument(
        "cases", metavar="CASES", help="YAML or JSON file: a list of `page:` with lists of strings under " + ", ".join(STATED)
    )
    parser.add_argument("-m", "--model", metavar="PATH", help="model folder or file (default: as for pages)")
    parser.add_argument("--dial", type=_share, default=DIAL, metavar="0..1", help="as for pages (default 0.5)")
    parser.add_argument("--min-rate", type=_share, default=1.0, metavar="0..1", help="share that must hold for exit status 0 (default 1)")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    return parser


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return share
