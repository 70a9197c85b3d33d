"""Pages of known body whose lines have roles, as a data folder to train on: what `make ship` does first.

    .venv/bin/python benchmarks/line_roles.py ../shared/webpages/body_only outputs/line_roles

`data/line_roles.json` names each page by the sha256 of its text dump and holds nothing of it: only how many of its lines, blank ones left
out, have which role, run after run ("12n h 3m 20b"; the letters are those of `CODES`). The folder gets the text dumps and their HTML as `raw/` and
the label files as `labeled/`, as `pagesieve.corpus` reads them; one that this program made is made anew, any other folder stays as it is. Pages that the
file does not name are passed over.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from pagesieve.corpus import Label, html_path, write_labels
from pagesieve.page import BLANK, decode

ROLES = Path(__file__).resolve().parents[1] / "data" / "line_roles.json"
CODES = {
    "h": "headline",
    "b": "body",
    "c": "caption",
    "m": "meta",
    "n": "boilerplate",
    "r": "teaser_heading",
    "t": "teaser",
    "u": "comment",
}  # as in the rubric
MADE = "made_by_line_roles"  # an empty file in each folder that this program makes
_RUN = re.compile(r"(\d*)([a-z])")


def roles_of(runs: str) -> list[str]:
    """The role of each line that these runs stand for; `ValueError` for what is no run."""
    found: list[str] = []
    for run in runs.split():
        match = _RUN.fullmatch(run)
        if match is None or match[2] not in CODES:
            raise ValueError(f"{run!r} is no number of lines and one of {', '.join(CODES)}")
        found += [CODES[match[2]]] * int(match[1] or 1)
    return found


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Where each line that is not blank begins and ends, the white space around it left out."""
    start = 0
    for line in text.split("\n"):
        bare = line.strip(BLANK)
        if bare:
            begin = start + line.index(bare)
            yield begin, begin + len(bare)
        start += len(line) + 1


def labels_of(text: str, runs: str) -> list[Label]:
    """The page's labels, a range for each run of lines; `ValueError` where there are more or fewer lines than roles."""
    lines, roles = list(lines_of(text)), roles_of(runs)
    if len(lines) != len(roles):
        raise ValueError(f"{len(lines)} lines on the page, {len(roles)} labelled")
    labels: list[Label] = []
    for (start, end), role in zip(lines, roles, strict=True):
        if labels and labels[-1].role == role:
            start = labels.pop().start
        labels.append(Label(start, end, role))
    return labels


def lay_out(source: Path, out: Path) -> int:
    """The data folder `out` for the pages below `source` whose lines have roles; their number."""
    if out.exists() and not (out / MADE).exists():
        raise SystemExit(f"{out}: is there, and not of this program's making; give another place")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MADE).touch()
    runs_of: dict[str, str] = json.loads(ROLES.read_text("utf-8"))
    done = 0
    for page in sorted(source.glob("*/*.txt")):
        data = page.read_bytes()
        runs = runs_of.pop(hashlib.sha256(data).hexdigest(), None)  # the same page may be there twice
        if runs is None:
            continue
        raw = out / "raw" / page.parent.name / page.name
        raw.parent.mkdir(parents=True, exist_ok=True)
        for path in filter(None, (page, html_path(page))):
            shutil.copyfile(path, raw.parent / path.name)
        try:
            facts = json.loads(page.with_suffix(".json").read_text("utf-8"))
            told = {key: facts[key] for key in ("url", "site", "language", "source", "licence")}
            write_labels(out, raw, labels_of(decode(data), runs), **told, status="reviewed")
        except (OSError, ValueError, KeyError) as error:
            raise SystemExit(f"{page}: cannot be used ({error}); mend its .json, or take it out of {ROLES}") from error
        done += 1
    return done


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder, target = map(Path, sys.argv[1:])
    if not folder.is_dir():
        raise SystemExit(f"{folder}: no folder there; give that of the pages of known body")
    count = lay_out(folder, target)
    if not count:
        raise SystemExit(f"{folder}: none of the pages of {ROLES} is there; give the folder of pages of known body")
    print(f"{target}: {count} pages whose lines have roles")
