"""Labelled pages on disk: `raw/<site>/<page>.txt` and `labeled/<site>/<page>.json`, read, checked and written.

Labels are half-open character ranges over the page's decoded text, in order, covering all that is not `page.BLANK`. They
belong to the page and not to the splitter: a segment takes the role that covers most of its characters, so the splitter
can change without relabelling. A page's HTML may lie beside its text; `renderings` carries the labels over to it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from pagesieve.files import write_text
from pagesieve.page import BLANK, Page, PageError, Segment, read_page, split
from pagesieve.readers import in_words
from pagesieve.roles import ROLES

__all__ = [
    "CorpusError",
    "Document",
    "Label",
    "Problem",
    "StaleError",
    "change_labels",
    "check",
    "digest",
    "html_path",
    "is_address",
    "is_language",
    "label_path",
    "raw_pages",
    "read",
    "read_labels",
    "read_one",
    "segment_roles",
    "stream",
    "unlabelled",
    "unpacked",
    "version",
    "write_labels",
]

STATUSES = ("proposed", "reviewed")
HTML_ENDINGS = (".html", ".html.gz")  # of the HTML beside a text dump; the first that is there is it
LANGUAGE = "an ISO 639 code, perhaps with a script or region, such as de or pt-BR (und: not known)"
KEYS = ("page", "sha256", "url", "site", "language", "source", "licence", "status", "labels")
SHINGLE = 5  # words of the runs by which pages are compared
NEAR_DUPLICATE = 0.8  # share of shingles in common (Jaccard) from which two pages count as the same
COMMON_SHINGLE = 40  # pages; a shingle on more pages than this is furniture and compares nothing
SHARED_RUN = 8  # words that no two sites of a written corpus may have in common outside their furniture
FURNITURE = frozenset({"boilerplate", "meta", "teaser_heading"})  # roles whose common phrases may stand on many sites
_WORD = re.compile(r"\w+")
_LANGUAGE = re.compile(  # ISO 639, then perhaps a dialect's code, a script, a region, variants; "_" as systems write it
    r"[a-z]{2,3}(?:[-_][a-z]{3})?(?:[-_][a-z]{4})?(?:[-_](?:[a-z]{2}|\d{3}))?(?:[-_](?:[a-z\d]{5,8}|\d[a-z\d]{3}))*",
    re.IGNORECASE | re.ASCII,
)


class CorpusError(ValueError):
    """A label file or page that cannot be used; the message names the file, the place and what to do."""


class StaleError(CorpusError):
    """A label file that somebody else has written since it was read."""


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled range of a page's text."""

    start: int
    end: int
    role: str


@dataclass(frozen=True)
class Document:
    """A page with its labels. `page.name` is `<site>/<page>.txt`; `extra` holds the label file's other keys."""

    page: Page
    labels: tuple[Label, ...]
    site: str
    language: str
    status: str
    sha256: str
    source: str = ""
    licence: str = ""
    url: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    of_html: Sequence[Segment] | None = None  # the segments of an HTML page, which `split` does not make

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """The page's segments."""
        return split(self.page.text) if self.of_html is None else self.of_html

    @cached_property
    def roles(self) -> NDArray[np.int64]:
        """The true role of each segment, as a place in `ROLES`."""
        return segment_roles(self.segments, self.labels)


def segment_roles(segments: Sequence[Segment], labels: Sequence[Label]) -> NDArray[np.int64]:
    """The role that covers most of each segment, shape (segments,); `boilerplate` where no label does. Ties: the first."""
    roles = np.full(len(segments), ROLES.index("boilerplate"), dtype=np.int64)
    first = 0
    for i, segment in enumerate(segments):
        while first < len(labels) and labels[first].end <= segment.start:
            first += 1
        covered: Counter[str] = Counter()
        place = first
        while place < len(labels) and labels[place].start < segment.end:
            label = labels[place]
            covered[label.role] += min(label.end, segment.end) - max(label.start, segment.start)
            place += 1
        if covered:
            roles[i] = ROLES.index(covered.most_common(1)[0][0])
    return roles


def raw_pages(root: Path | str) -> list[Path]:
    """The text dumps `<root>/raw/<site>/<page>.txt`, sorted by site and name; [] where there are none."""
    return sorted(Path(root, "raw").glob("*/*.txt"))


def label_path(root: Path | str, raw: Path) -> Path:
    """Where the labels of the raw page `raw` lie."""
    return Path(root, "labeled", raw.parent.name, raw.stem + ".json")


def html_path(raw: Path) -> Path | None:
    """The file with the HTML of the raw page `raw`, which lies beside it; None where there is none."""
    return next((path for path in map(raw.with_suffix, HTML_ENDINGS) if path.exists()), None)


def unlabelled(root: Path | str) -> list[Path]:
    """Raw pages without a label file, sorted."""
    return [path for path in raw_pages(root) if not label_path(root, path).exists()]


def unpacked(path: Path) -> bytes:
    """The bytes of a page's file, those within it if it ends in .gz; `CorpusError` where that is not whole."""
    data = path.read_bytes()
    if path.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: not a whole gzip file ({error}); restore or delete it") from error


def read_labels(path: Path) -> dict[str, Any]:
    """The label file `path` as a dict, its shape checked; `CorpusError` names what is wrong."""
    try:
        record = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: not JSON in UTF-8 ({error}); mend or delete the file") from error
    except IsADirectoryError as error:
        raise CorpusError(f"{path}: is a folder, where a label file should be; take it away") from error
    if not isinstance(record, dict):
        raise CorpusError(f"{path}: holds {in_words(record)}, not an object with the keys {', '.join(KEYS)}")
    missing = [key for key in KEYS if key not in record]
    if missing:
        raise CorpusError(f"{path}: lacks {', '.join(missing)}; see data/README.md for the format")
    if record["status"] not in STATUSES:
        raise CorpusError(f"{path}: status {record['status']!r} is neither of {', '.join(STATUSES)}")
    for key in ("page", "site", "language", "sha256"):
        if not isinstance(record[key], str) or not record[key]:
            raise CorpusError(f"{path}: {key} is {record[key]!r}; it must be a text")
    for key in ("url", "source", "licence"):
        if not isinstance(record[key], str | None):
            raise CorpusError(f"{path}: {key} is {record[key]!r}; it must be a text or null")
    page = PurePosixPath(record["page"])
    if page.parts != (path.parent.name, page.name) or page.stem != path.stem:
        raise CorpusError(f"{path}: labels the page {record['page']!r}, but file and page must have the same folder and stem")
    if not isinstance(record["labels"], list):
        raise CorpusError(f"{path}: labels is {in_words(record['labels'])}; it must be a list of ranges")
    return record


def _ranges(record: dict[str, Any], text: str, path: Path) -> tuple[Label, ...]:
    """The record's ranges; `CorpusError` at the first that is out of order, out of the text, or of no known role."""
    faults = list(_range_faults(record["labels"], text))
    if faults:
        raise CorpusError(f"{path}: {faults[0]}; `make check-data ARGS={path.parents[2]}` lists all problems")
    return tuple(Label(item["start"], item["end"], item["role"]) for item in record["labels"])


def _range_faults(labels: list[Any], text: str) -> Iterator[str]:
    """What is wrong with the ranges: one message a fault, each with its place."""
    position = 0
    for i, item in enumerate(labels):
        place = f"labels[{i}]"
        if not isinstance(item, dict) or not all(type(item.get(key)) is int for key in ("start", "end")):
            yield f"{place} is {item!r}, not an object with whole numbers start and end and a role"
            continue
        start, end, role = item["start"], item["end"], item.get("role")
        if role not in ROLES:
            yield f"{place} at {start}-{end} has the unknown role {role!r} (roles: {', '.join(ROLES)})"
        if not 0 <= start < end <= len(text):
            yield f"{place} has the bad offsets {start}-{end} (the text has {len(text)} characters)"
            continue
        if start < position:
            yield f"{place} at {start}-{end} begins before the one above ends ({position})"
        yield from _gap(text, position, start)
        position = max(position, end)
    yield from _gap(text, position, len(text))


def _gap(text: str, start: int, end: int) -> Iterator[str]:
    missed = text[start:end].strip(BLANK) if end > start else ""
    if missed:
        yield f"no label for {missed[:40]!r} at {text.index(missed, start)}"


def read_one(root: Path | str, path: Path) -> Document:
    """The page that the label file `path` of the data folder `root` is about; `CorpusError` names what is wrong with either."""
    root = Path(root)
    record = read_labels(path)
    raw = root / "raw" / record["page"]
    if not raw.is_file():
        raise CorpusError(f"{path}: its page {raw} is missing; restore the page or delete the label file")
    data = raw.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != record["sha256"]:
        raise CorpusError(
            f"{path}: {raw} has changed since it was labelled (sha256 {found[:12]}…, labelled {record['sha256'][:12]}…); restore the page, or delete the label file and label it anew"
        )
    page = read_page(data, record["page"])
    return Document(
        page=page,
        labels=_ranges(record, page.text, path),
        site=record["site"],
        language=record["language"],
        status=record["status"],
        sha256=found,
        source=record["source"] or "",
        licence=record["licence"] or "",
        url=record["url"],
        extra={key: value for key, value in record.items() if key not in KEYS},
    )


def stream(root: Path | str, statuses: Iterable[str] = ("reviewed",), faults: list[str] | None = None) -> Iterator[Document]:
    """The labelled pages below `root` with one of these statuses, sorted by page name, read one by one.

    Raises `FileNotFoundError` if `root` has no label files and `CorpusError` at the first that cannot be used, or whose page has changed;
    where `faults` are given it is said there, and the others go on.
    """
    root = Path(root)
    paths = sorted((root / "labeled").glob("*/*.json"), key=lambda path: f"{path.parent.name}/{path.stem}.txt")
    if not paths:
        raise FileNotFoundError(f"{root}/labeled: no label files there; {root} must hold the folders raw and labeled")
    wanted = set(statuses)
    if unknown := wanted - {*STATUSES}:
        raise ValueError(f"status {', '.join(sorted(unknown))}: none of {', '.join(STATUSES)}")
    return (document for document in _usable(root, paths, faults) if document.status in wanted)


def _usable(root: Path, paths: Iterable[Path], faults: list[str] | None) -> Iterator[Document]:
    for path in paths:
        try:
            yield read_one(root, path)
        except (CorpusError, PageError, OSError) as error:
            if faults is None:
                raise
            faults.append(str(error))


def read(root: Path | str, statuses: Iterable[str] = ("reviewed",), faults: list[str] | None = None) -> list[Document]:
    """All pages that `stream` gives."""
    return list(stream(root, statuses, faults))


def digest(documents: Iterable[Document]) -> str:
    """One sha256 of all pages, their sites and labels, for manifests: the same data have the same digest in any order."""
    lines = sorted(
        f"{d.page.name} {d.sha256} {d.site} " + " ".join(f"{label.start}-{label.end}:{label.role}" for label in d.labels) for d in documents
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def write_labels(root: Path | str, raw: Path, labels: Sequence[Label], **facts: Any) -> Path:
    """Write the label file of the raw page `raw` and return its path; one range a line, whole or not at all.

    `facts` overrides the file's other keys. Raises `CorpusError` rather than touch a reviewed file.
    """
    path = label_path(root, raw)
    if path.exists() and read_labels(path)["status"] == "reviewed":
        raise CorpusError(f"{path}: is reviewed and stays as it is; delete it to label the page anew")
    record = {
        "page": f"{raw.parent.name}/{raw.name}",
        "sha256": hashlib.sha256(raw.read_bytes()).hexdigest(),
        "url": None,
        "site": raw.parent.name,
        "language": "und",
        "source": "",
        "licence": "",
        "status": "proposed",
        **facts,
    }
    write_text(path, _label_file(record, labels))
    return path


def _label_file(record: dict[str, Any], labels: Sequence[Label]) -> str:
    """The text of a label file with these keys, a range a line."""
    head = json.dumps({key: value for key, value in record.items() if key != "labels"}, ensure_ascii=False, indent=1)[:-2]
    ranges = ",\n".join("  " + json.dumps({"start": item.start, "end": item.end, "role": item.role}) for item in labels)
    return f'{head},\n "labels": [\n{ranges}\n ]\n}}\n'


def version(path: Path) -> str:
    """What tells a state of the label file `path` from any other: the sha256 of its bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change_labels(root: Path | str, path: Path, known: str, labels: Sequence[Label], **facts: Any) -> str:
    """Write other labels and `facts` to the label file `path`, its other keys as they are, whole or not at all; returns its new `version`.

    `known` is the version the change was made on: `StaleError` if the file is another one by now. `CorpusError` if the labels
    don't fit the page, and the file stays as it is.
    """
    if version(path) != known:
        raise StaleError(f"{path}: has been changed since it was opened (by another window or program); open the page again")
    record, text = read_labels(path), read_one(root, path).page.text
    record = {**record, **facts, "labels": [{"start": item.start, "end": item.end, "role": item.role} for item in labels]}
    _ranges(record, text, path)
    write_text(path, _label_file(record, labels))
    return version(path)


# --------------------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the data: the file (relative to the data folder) and what it is, with its place."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


def check(root: Path | str, written: bool = False) -> list[Problem]:
    """Every problem of the data below `root`, sorted; `[]` if all is well.

    `written=True` adds what holds for a corpus written by hand: no run of `SHARED_RUN` words on two sites' pages outside
    their furniture.
    """
    root = Path(root)
    problems: list[Problem] = []
    documents: list[Document] = []
    labelled = sorted((root / "labeled").glob("*/*.json"))
    pages_of = {f"{path.parent.name}/{path.name}" for path in raw_pages(root)}
    claimed: set[str] = set()
    for path in labelled:
        name = str(path.relative_to(root))
        try:
            record = read_labels(path)
        except CorpusError as error:
            problems.append(Problem(name, str(error).removeprefix(f"{path}: ")))
            claimed.add(f"{path.parent.name}/{path.stem}.txt")
            continue
        claimed.add(record["page"])
        problems.extend(Problem(name, what) for what in _record_faults(root, path, record))
        try:
            documents.append(read_one(root, path))
        except (CorpusError, ValueError):
            continue  # already reported in full
    problems.extend(Problem(f"raw/{page}", "has no labels; run `make label` and review them") for page in sorted(pages_of - claimed))
    problems.extend(_strays(root))
    problems.extend(_spelling_faults(documents))
    problems.extend(_near_duplicates(documents))
    if written:
        problems.extend(_shared_runs(documents))
    return sorted(problems, key=lambda p: (p.file, p.what))


def _strays(root: Path) -> Iterator[Problem]:
    """Files below `raw` and `labeled` that look like pages and labels and are passed over."""
    for path in sorted(set(Path(root, "labeled").rglob("*.json")) - set(Path(root, "labeled").glob("*/*.json"))):
        yield Problem(str(path.relative_to(root)), "is passed over; label files must be labeled/<site>/<page>.json")
    pages = set(raw_pages(root))
    stems = {path.with_suffix("") for path in pages}
    for path in sorted(Path(root, "raw").rglob("*")):
        if path.suffix == ".txt" and path not in pages:
            yield Problem(str(path.relative_to(root)), "is passed over; pages must be raw/<site>/<page>.txt")
        elif path.name.endswith(HTML_ENDINGS) and path.with_name(re.sub(r"\.html(\.gz)?$", "", path.name)) not in stems:
            yield Problem(
                str(path.relative_to(root)), 'has no text dump beside it and is passed over; bring it with make label ARGS="pages=…"'
            )


def is_language(code: str) -> bool:
    """Whether `code` has the form of a language's: `de`, `pt-BR`, `zh-Hans`."""
    return _LANGUAGE.fullmatch(code) is not None


def is_address(url: str) -> bool:
    """Whether `url` is the address of a page on the web."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "https://[…"
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _fact_faults(path: Path, record: dict[str, Any]) -> Iterator[str]:
    """What cannot be true of the keys beside the labels. Reading takes them as they are: scores are grouped by them, no more."""
    if record["site"] != path.parent.name:
        yield (
            f"site is {record['site']!r}, the folder {path.parent.name!r}; they must be the same, for folds and data.held_out go by the site: "
            "mend it, or move page and labels"
        )
    if not is_language(record["language"]):
        yield f"language is {record['language']!r}; it must be {LANGUAGE}"
    if record["url"] and not is_address(record["url"]):
        yield f"url is {record['url']!r}; it must be an address that begins with http:// or https://, or null"
    renderer, phenomena = record.get("renderer"), record.get("phenomena")
    if not isinstance(renderer, str | None):
        yield f"renderer is {renderer!r}; it must be a text, or be left out"
    if phenomena is not None and not (isinstance(phenomena, list) and all(isinstance(name, str) for name in phenomena)):
        yield f"phenomena is {phenomena!r}; it must be a list of texts, or be left out"


def _record_faults(root: Path, path: Path, record: dict[str, Any]) -> Iterator[str]:
    yield from _fact_faults(path, record)
    raw = root / "raw" / record["page"]
    if not raw.is_file():
        yield f"labels without a page: {raw.relative_to(root)} is missing"
        return
    data = raw.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != record["sha256"]:
        yield f"wrong sha256: labelled {record['sha256'][:12]}…, the page has {found[:12]}…; restore the page, or label it anew"
    try:
        text = read_page(data, record["page"]).text
    except ValueError as error:
        yield str(error)
        return
    yield from _range_faults(record["labels"], text)


def _plain_site(site: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", site.lower().removeprefix("http://").removeprefix("https://").removeprefix("www.")).strip(".")


def _spelling_faults(documents: Sequence[Document]) -> Iterator[Problem]:
    spellings: dict[str, dict[str, str]] = defaultdict(dict)
    for document in documents:
        spellings[_plain_site(document.site)].setdefault(document.site, document.page.name)
    for variants in spellings.values():
        if len(variants) > 1:
            listed = ", ".join(f"{site!r} ({page})" for site, page in sorted(variants.items()))
            yield Problem(f"raw/{min(variants.values())}", f"one site in {len(variants)} spellings: {listed}")


def _shingles(text: str, size: int) -> list[int]:
    words = _WORD.findall(text.lower())
    return [hash(tuple(words[i : i + size])) for i in range(len(words) - size + 1)]


def _near_duplicates(documents: Sequence[Document]) -> Iterator[Problem]:
    """Pairs of pages whose article text (all text, if they have none) is nearly the same."""
    shingles = []
    for document in documents:
        body = " ".join(document.page.text[x.start : x.end] for x in document.labels if x.role == "body")
        shingles.append(set(_shingles(body, SHINGLE)) or set(_shingles(document.page.text, SHINGLE)))
    holders: dict[int, list[int]] = defaultdict(list)
    for i, found in enumerate(shingles):
        for shingle in found:
            holders[shingle].append(i)
    common: Counter[tuple[int, int]] = Counter()
    for pages in holders.values():
        if 1 < len(pages) <= COMMON_SHINGLE:
            common.update((a, b) for n, a in enumerate(pages) for b in pages[n + 1 :])
    for (a, b), shared in sorted(common.items()):
        likeness = shared / len(shingles[a] | shingles[b])
        if likeness >= NEAR_DUPLICATE:
            yield Problem(
                f"raw/{documents[b].page.name}", f"near-duplicate of {documents[a].page.name} ({likeness:.0%} of their word runs)"
            )


def _shared_runs(documents: Sequence[Document]) -> Iterator[Problem]:
    """Runs of words that stand on pages of two sites, at least once outside the furniture."""
    seen: dict[tuple[str, ...], tuple[str, str, bool]] = {}
    for document in documents:
        reported: set[str] = set()
        for label in document.labels:
            words = _WORD.findall(document.page.text[label.start : label.end].lower())
            furniture = label.role in FURNITURE
            for i in range(len(words) - SHARED_RUN + 1):
                run = tuple(words[i : i + SHARED_RUN])
                site, page, furnished = seen.setdefault(run, (document.site, document.page.name, furniture))
                if site != document.site and not (furniture and furnished) and len(set(run)) > SHARED_RUN // 2 and page not in reported:
                    reported.add(page)
                    yield Problem(f"raw/{document.page.name}", f"shares the words {' '.join(run)!r} at {label.start} with {page}")
