"""What a user's own pages must give: a file of cases, read and held against a model. `pagesieve check` prints the results.

Stands behind the way of a page: it reads the `Segmentation` and asks whether given strings are where they belong.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pagesieve.calibration import DIAL
from pagesieve.encodings import known_encoding
from pagesieve.page import PageError
from pagesieve.readers import said_kind, unpacked
from pagesieve.segmentation import Segmentation
from pagesieve.sieve import KINDS, Kind, Sieve, kind_of

__all__ = ["STATED", "Case", "CasesError", "Result", "folded", "read_cases", "run"]

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
    kind: Kind
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
    return (folded(answer.plain(teaser.start, teaser.end)) for teaser in answer.teasers)


def read_cases(path: Path | str) -> list[Case]:
    """The cases of a YAML or JSON file; their pages' paths are relative to it. Raises `CasesError`, `FileNotFoundError`."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there; give a YAML or JSON file of cases")
    if path.is_dir():
        raise CasesError(f"{path}: is a folder; give a YAML or JSON file of cases")
    items = _load(path)
    if not isinstance(items, list) or not items:
        raise CasesError(f"{path}: must be a list of cases, each with `page:` and at least one of {', '.join(STATED)}")
    cases = [_case(path, number, item) for number, item in enumerate(items, 1)]
    for number, case in enumerate(cases, 1):
        if not case.page.is_file():
            raise CasesError(f"{path}: case {number}: page is {items[number - 1]['page']!r}, but there is no file {case.page}")
    return cases


def _load(path: Path) -> Any:
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            return json.loads(data, object_pairs_hook=_once)
        try:
            import yaml  # only this command needs it
        except ModuleNotFoundError as error:
            raise CasesError(f"{path}: to read YAML, pip install '.[check]' in the clone's folder, or write the cases as .json") from error
        try:
            return yaml.load(data, _loader())  # made of the safe one
        except yaml.YAMLError as error:
            raise CasesError(f"{path}: not YAML: {' '.join(str(error).split())}; strings with a colon or a # need quotes") from error
    except _TwiceError as error:
        raise CasesError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise CasesError(f"{path}: cannot be read ({error}); it must be UTF-8") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise CasesError(f"{path}: not JSON: {error}; the lists and mappings must close, with a comma between two entries") from error


class _TwiceError(ValueError):
    """A key given twice."""


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a mapping. Raises `_TwiceError` for a key that is there twice: what it had first would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(f"{key!r} is given twice in one case; give one list")
        found[key] = value
    return found


def _loader() -> Any:
    """YAML's safe loader, which takes no key twice."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            _once((key.value, None) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            return super().construct_mapping(node, deep)

    return Loader


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
    if (said := item.get("encoding", "")) and not known_encoding(said):
        raise CasesError(
            f"{place}: encoding is {said!r}, which is none that is known; give a usual name, such as utf-8, windows-1251, shift_jis"
        )
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
            page = unpacked(case.page.read_bytes(), str(case.page))
            answer = sieve.segment(page, kind_of(page, case.kind, said_kind(case.page.name)), str(case.page), dial, case.encoding)
        except (PageError, OSError) as error:
            yield from (Result(str(case.page), key, text, str(error)) for key, texts in case.stated.items() for text in texts)
            continue
        whole = folded(answer.plain())
        for key, texts in case.stated.items():
            for text in texts:
                wanted = folded(text)
                fault, holds = STATED[key]
                missing = wanted not in whole
                yield Result(str(case.page), key, text, "not on the page at all" if missing else "" if holds(wanted, answer) else fault)
