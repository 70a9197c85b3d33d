"""Entry point `python -m pagesieve.check_data [folder]`: name every problem of labelled data, exit status 1 if there is one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pagesieve import corpus, datacard
from pagesieve.corpus import CorpusError, Problem
from pagesieve.renderings import html_of, html_view

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Check a data folder and print its problems; returns the exit status, 1 where there is one or no data."""
    parser = argparse.ArgumentParser(prog="pagesieve.check_data", description="Name every problem of labelled pages.")
    parser.add_argument("root", nargs="?", default="data", help="folder that holds raw/ and labeled/ (default: data)")
    parser.add_argument("--written", action="store_true", help="also check what holds for pages written for this project")
    parser.add_argument("--write-card", action="store_true", help="write the counts into the data card")
    options = parser.parse_args(arguments)
    root = Path(options.root)
    if not corpus.raw_pages(root) and not (root / "labeled").is_dir():
        print(f"{root}: no data there; it must hold raw/<site>/<page>.txt and labeled/<site>/<page>.json", file=sys.stderr)
        return 1
    problems = [*corpus.check(root, options.written), *_html_problems(root)]
    if options.write_card or options.written:
        try:
            documents = corpus.read(root)
        except (ValueError, OSError) as error:
            documents = None
            print(f"the data card's counts are not checked: {error}", file=sys.stderr)
        if documents is not None and options.write_card:
            datacard.write_card(root, documents)
        elif documents is not None:
            problems += datacard.check_card(root, documents)
    for problem in problems:
        print(problem)
    print(f"{len(corpus.raw_pages(root))} pages, {len(problems)} problems")
    return min(len(problems), 1)


def _html_problems(root: Path) -> list[Problem]:
    """HTML beside labelled pages that cannot be read; notes that which training passes over for showing another page, as it seems."""
    problems = []
    for path in sorted((root / "labeled").glob("*/*.json")):
        try:
            document = corpus.read_one(root, path)
        except ValueError:
            continue  # `corpus.check` has told
        file = f"raw/{document.page.name}"
        try:
            passed_over = document.segments and html_of(root / file) is not None and html_view(document, root) is None
        except CorpusError as error:
            problems.append(Problem(file, str(error)))
            continue
        if passed_over:  # no problem by itself: a dump with a long list of addresses has few of its words in the HTML
            print(f"note: {file}: the HTML beside it holds less than half of its words, so training passes over the HTML", file=sys.stderr)
    return problems


if __name__ == "__main__":
    sys.exit(main())
