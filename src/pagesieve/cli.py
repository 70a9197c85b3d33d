"""The command `pagesieve`: a page from a file or standard input → body text, JSON or the coloured page; many pages → rows; `pagesieve check`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any, NoReturn

from pagesieve import __version__
from pagesieve.calibration import DIAL
from pagesieve.encodings import known_encoding
from pagesieve.files import write_text
from pagesieve.page import PageError
from pagesieve.readers import PACKED, ROW_FORMS, Fields, form_of, holds_many, said_kind, unpacked
from pagesieve.render import page_ansi, page_document
from pagesieve.segmentation import Segmentation
from pagesieve.sieve import KINDS, Kind, Sieve, kind_of, load
from pagesieve.storage import ModelError

__all__ = ["main"]

ROWS = ("jsonl", "parquet")
OF_OUTPUT = ("errors", "restart", "checkpoint")  # options that mean nothing without -o
OF_MANY = (*OF_OUTPUT, "jobs", "segments", "quiet", "max_bytes", "id_field", "page_field", "url_field")
SHOWN = 5  # endings of files that were passed over
LONGEST = 400  # characters of an error on the closing line of many pages
FORMATS = ("page", "text", "markdown", "json", "html", "annotated")
BY_NAME = {
    "": "text",
    ".txt": "text",
    ".text": "text",
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
}  # ending of an output → its form
WITHIN = {"annotated": "html", "page": "text"}  # forms that have no ending of their own → what they are


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, those of the process by default; returns its exit status.

    That is 0, or 1 where a page or the model could not be read or an answer not be written; `_bulk` and `_check` have statuses of their own.
    A call that cannot be meant ends the process with 2, as argparse does.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["check"]:  # a page of this name is ./check
        return _check(given[1:])
    parser = _parser()
    options = parser.parse_intermixed_args(_named(given))
    if options.output == "-":
        options.output = None
    _check_output(options, parser)
    if _rows_wanted(options, parser):
        return _bulk(options)
    colour = options.output is None and _on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    form = options.format or _form_by_name(options, parser) or ("page" if colour else "text")
    if form == "annotated" and len(options.pages) > 1:
        parser.error("--format annotated: gives a whole HTML page; give one page at a time")
    try:
        sieve = load(options.model)
    except (ModelError, OSError) as error:
        print(f"pagesieve: {error}", file=sys.stderr)
        return 1
    answers = _answers(sieve, options, form)
    try:
        if answers or options.output is None:  # an older file is worth more than none
            _put(_formatted(answers, form, len(options.pages) > 1), options.output, form)
    except BrokenPipeError:
        _stop_printing()
    except OSError as error:
        print(f"pagesieve: {options.output or 'standard output'}: {error}", file=sys.stderr)
        return 1
    return int(len(answers) < len(options.pages))


def _named(given: Sequence[str]) -> list[str]:
    """The arguments without "--"; of what follows it, none of which is an option, names that begin like one with their folder before them."""
    if "--" not in given:
        return list(given)
    at = list(given).index("--")
    return [*given[:at], *(f"./{name}" if name[:1] == "-" and name != "-" else name for name in given[at + 1 :])]


def _check_output(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """An output that is a folder, one of the pages, or whose name says another form is an error; a .txt may hold any."""
    if options.output == "":
        parser.error("-o: the name is empty; give a file")
    if os.path.isdir(options.output or ""):
        parser.error(f"-o {options.output}: is a folder; give a file")
    if options.output and _is_page(options.output, options.pages):
        parser.error(f"-o {options.output}: is one of the pages, which would be lost; give another file")
    ending = Path(options.output or "").suffix.lower()
    said = ending[1:] if ending in (*PACKED, *map(".{}".format, ROWS)) else BY_NAME.get(ending, "text")
    if options.format in FORMATS and said not in ("text", WITHIN.get(options.format, options.format)):
        parser.error(f"-o {options.output}: ends as {said} does, and --format is {options.format}; give another name, or leave out -f")


def _form_by_name(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """What the ending of the output's name says; "" without an output. An ending that says nothing is an error."""
    if options.output is None:
        return ""
    ending = Path(options.output).suffix.lower()
    if ending not in BY_NAME:
        known = ", ".join([*filter(None, BY_NAME), *(f".{form}" for form in ROWS)])
        parser.error(f"-o {options.output}: {ending} says no format; say it with -f, or end the name in one of {known}")
    return BY_NAME[ending]


def _is_page(output: str, pages: Sequence[str]) -> bool:
    """Whether the output would take one of the pages' place."""
    return os.path.isfile(output) and any(os.path.exists(page) and os.path.samefile(output, page) for page in pages)


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()  # None where a shell closed it


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are a line, and one on how to go on: all options in their place would hide them. `asked` is what it needs."""

    def __init__(self, asked: str, **given: Any) -> None:
        super().__init__(**given)
        self.asked = asked

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message}\nusage: {self.prog} [OPTION ...] {self.asked}; {self.prog} --help tells more\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "PAGE ...",
        prog="pagesieve",
        description="Sort the segments of a scraped page (a text dump or HTML) into article body, boilerplate and recommended-story teasers. "
        "Folders, patterns, archives (JSONL, CSV, Parquet, WARC, WET) and addresses (s3://…) hold many pages and give a row for each.",
        epilog="`pagesieve check CASES` checks what pages of one's own must give; see `pagesieve check --help`.",
    )
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="file to read, - for standard input; or what holds many pages")
    parser.add_argument(
        "-f", "--format", choices=FORMATS + ROWS, help="text: the article's body (default); markdown: headline and body with headings, lists and links; json: everything; html: the page's text coloured; annotated: an HTML page itself, its elements marked; page: the page coloured for a terminal (default on one); jsonl, parquet: a row for each of many pages"
    )  # fmt: skip
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write to this file instead of standard output; without -f its ending says the format; several pages in JSON are a line each",
    )
    parser.add_argument(
        "-m", "--model", metavar="PATH", help="model folder or file (default: $PAGESIEVE_MODEL, else the model that comes with pagesieve)"
    )
    parser.add_argument(
        "--kind",
        choices=KINDS,
        default="auto",
        help="what the pages are (default: HTML where the file's name, the record's field html or the server says so, else told by their beginning)",
    )
    parser.add_argument(
        "--encoding",
        type=_encoding,
        default="",
        help="what is known of the pages' encoding, as from the server (default: told by the bytes)",
    )
    parser.add_argument(
        "--dial",
        type=_share,
        default=DIAL,
        metavar="0..1",
        help="from 0, no foreign line in the body (of many pages no line at all), to 1, no body line lost (default 0.5)",
    )
    many = parser.add_argument_group("many pages")
    many.add_argument("-j", "--jobs", type=_count, default=1, metavar="N", help="processes (default 1)")
    many.add_argument("--segments", action="store_true", help="the page's text and every segment in the rows, too")
    many.add_argument("--jsonl", action="store_true", help="standard input, and files of unknown endings, are JSONL")
    many.add_argument("--id-field", default="id", metavar="NAME", help="field of JSONL, CSV and Parquet that names the page (default id)")
    many.add_argument(
        "--page-field",
        default="",
        metavar="NAME",
        help="field that holds it (default: the first of html, text, page, content that holds more than white space)",
    )
    many.add_argument("--url-field", default="url", metavar="NAME", help="field with its address (default url)")
    many.add_argument("--errors", default="", metavar="FILE", help="list of bad records (default OUTPUT.errors.jsonl)")
    many.add_argument(
        "--max-bytes", type=_count, metavar="N", help="longest page; longer ones are bad records (default 2,000,000; memory grows with it)"
    )
    many.add_argument("--checkpoint", type=_seconds, metavar="SECONDS", help="work that an interruption costs at most (default 30)")
    many.add_argument("--restart", action="store_true", help="begin anew instead of going on where the same command was interrupted")
    many.add_argument("-q", "--quiet", action="store_true", help="no progress and no closing line; errors are still told")
    parser.add_argument("--version", action="version", version=f"pagesieve {__version__}")
    return parser


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return share


def _encoding(text: str) -> str:
    if text and not known_encoding(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no encoding that is known; give a usual name, such as utf-8, windows-1251, shift_jis"
        )
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _rows_wanted(options: argparse.Namespace, parser: argparse.ArgumentParser) -> bool:
    """Whether many pages are to give rows; otherwise pages are wanted one by one."""
    many = next((name for name in options.pages if holds_many(name)), "-" if options.jsonl else "")
    named = form_of(options.output or "")
    form = options.format or named or ("jsonl" if many else "")
    if form not in ROWS:
        if many:
            parser.error(f"--format {form}: {many} may hold many pages; give --format jsonl or parquet")
        if given := _given(OF_MANY, options, parser):
            parser.error(f"{given}: for many pages; give --format jsonl or parquet, too")
        return False
    if not options.output and (given := _given(OF_OUTPUT, options, parser)):
        parser.error(f"{given}: without -o nothing is kept; give -o FILE, too")
    if named != form and (options.output or form == "parquet"):
        endings = ", ".join(end for end, other in ROW_FORMS.items() if other == form or not options.format)
        why = f"--format {form}" if options.format else f"{many} may hold many pages"
        parser.error(f"{why}: -o {options.output or 'is missing'}; give a file whose name ends in {endings}")
    return True


def _given(names: Sequence[str], options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """The first of these options that has another value than its default, as one writes it; "" for none."""
    return next((f"--{name.replace('_', '-')}" for name in names if getattr(options, name) != parser.get_default(name)), "")


def _bulk(options: argparse.Namespace) -> int:
    """Many pages; returns the exit status: 0 where all were done (bad records are listed), 1 where the run could not go to its end.

    1, too, where there were bad records and nothing else: then most likely the command is wrong, not the input.
    """
    try:
        from pagesieve import bulk  # only many pages need Arrow and the like
    except ModuleNotFoundError as error:
        print(f"pagesieve: many pages need more than one ({error}); pip install '.[bulk]' in the clone's folder", file=sys.stderr)
        return 1
    job = bulk.Job(
        tuple(options.pages),
        options.output or "",
        options.errors,
        options.jobs,
        options.segments,
        options.kind,
        options.dial,
        options.encoding,
        options.jsonl,
        Fields(options.id_field, options.page_field, options.url_field),
        options.max_bytes or bulk.MAX_BYTES,
        bulk.SECONDS if options.checkpoint is None else options.checkpoint,
        options.restart,
        options.quiet,
    )
    try:
        with _terminated_as_interrupted():
            done = bulk.run(job, load(options.model))
    except KeyboardInterrupt as stop:
        again = "; the same command goes on from here" if options.output else ""
        print(f"pagesieve: interrupted{again}", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(stop, _Terminated) else signal.SIGINT)
    except BrokenPipeError:
        _stop_printing()
        return 0
    except (bulk.RunError, bulk.AddressError, ModelError, OSError, ImportError) as error:
        print(f"pagesieve: {error}", file=sys.stderr)
        return 1
    failed = bool(done.failed) and not done.pages
    if options.quiet and not failed:
        return 0
    listed = f", listed in {job.error_list}; the first: {_shortened(done.first)}" if done.failed and job.error_list else ""
    told = ", ".join(
        f"{count} {name or 'without ending'}" for name, count in sorted(done.passed.items(), key=lambda of: (-of[1], of[0]))[:SHOWN]
    )
    over = f"; {_counted(sum(done.passed.values()), 'file')} passed over ({told})" if done.passed else ""
    print(f"pagesieve: {_counted(done.pages, 'page')}, {_counted(done.failed, 'bad record')}{listed}{over}", file=sys.stderr)
    return int(failed)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


class _Terminated(KeyboardInterrupt):
    """SIGTERM, taken as Ctrl-C is: what was done is kept, and processes are waited for."""


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM raises `_Terminated` in the block; whoever has told the process to do something else with it is obeyed."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(*_: object) -> None:
    raise _Terminated


def _shortened(text: str) -> str:
    """The text on one line, of at most `LONGEST` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 2]} …"


def _check(arguments: Sequence[str]) -> int:
    """`pagesieve check`; returns the exit status: 0 where enough passed, 1 where not, 2 for a file or model that cannot be used."""
    from pagesieve import cases  # only this command needs it

    options = _check_parser(list(cases.STATED)).parse_args(arguments)
    try:
        given = cases.read_cases(options.cases)
        results = list(cases.run(load(options.model), given, options.dial))
    except (cases.CasesError, ModelError, OSError) as error:
        print(f"pagesieve check: {error}", file=sys.stderr)
        return 2
    passed = sum(not result.fault for result in results)
    rate = passed / len(results)
    if options.format == "json":
        import json

        found = [asdict(result) for result in results]
        told = json.dumps({"passed": passed, "stated": len(results), "results": found}, ensure_ascii=False, indent=1)
    else:
        faults = [f"{result.page}: {result.stated}: {cases.folded(result.text)!r}: {result.fault}" for result in results if result.fault]
        hold = f"{passed} of {_counted(len(results), 'statement')} on {_counted(len(given), 'page')} hold ({rate:.1%})"
        told = "\n".join([*faults, hold])
    try:
        _put(told + "\n", None, options.format)
    except BrokenPipeError:
        _stop_printing()
    except OSError as error:
        print(f"pagesieve check: standard output: {error}", file=sys.stderr)
        return 2
    return int(rate < options.min_rate)


def _check_parser(stated: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser("CASES", prog="pagesieve check", description="Check pages of one's own: which strings are body, which teasers.")
    parser.add_argument(
        "cases", metavar="CASES", help="YAML or JSON file: a list of `page:` with lists of strings under " + ", ".join(stated)
    )
    parser.add_argument("-m", "--model", metavar="PATH", help="model folder or file (default: as for pages)")
    parser.add_argument("--dial", type=_share, default=DIAL, metavar="0..1", help="as for pages (default 0.5)")
    parser.add_argument("--min-rate", type=_share, default=1.0, metavar="0..1", help="share that must hold for exit status 0 (default 1)")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text")
    return parser


def _answers(sieve: Sieve, options: argparse.Namespace, form: str) -> list[tuple[str, Segmentation]]:
    """The pages that could be read, by name; of each other one the error is printed."""
    found = []
    for name in options.pages:
        try:
            answer = _segment(sieve, name, options.kind, options.dial, options.encoding)
            if (form == "text" and not answer.body) or (form == "markdown" and not answer.markdown):
                print(f"pagesieve: {_called(name)}: {'; '.join(answer.notes) or 'no body found'}; --format json shows all", file=sys.stderr)
            if form == "annotated" and answer.view != "html":
                raise PageError(f"{name}: annotated: this page is a text dump; --format html shows it coloured")
            found.append((name, answer))
        except (PageError, OSError) as error:
            print(f"pagesieve: {error}", file=sys.stderr)
    return found


def _called(name: str) -> str:
    return "standard input" if name == "-" else name


def _segment(sieve: Sieve, name: str, kind: Kind, dial: float, encoding: str) -> Segmentation:
    called = _called(name)
    if name == "-" and sys.stdin is None:  # a shell closed it
        raise OSError("standard input is closed; give a file")
    if name != "-" and not os.path.exists(name):
        raise FileNotFoundError(f"{name}: not there; give a page, a folder, a pattern or an archive")
    page = unpacked(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes(), called)
    return sieve.segment(page, kind_of(page, kind, said_kind(name)), called, dial, encoding)


def _formatted(answers: Sequence[tuple[str, Segmentation]], form: str, several: bool) -> str:
    """All answers as one text; several pages become a JSON line each, or parts below their names."""
    if form == "json":
        if several:
            return "".join(_json_line(name, answer) for name, answer in answers)
        return "".join(answer.to_json(indent=1) + "\n" for _, answer in answers)
    if form == "annotated":
        return "\n".join(answer.annotated() for _, answer in answers)
    if form == "html":
        parts = [(f"<h2>{escape(name)}</h2>" if several else "") + answer.to_html() for name, answer in answers]
        return page_document("\n".join(parts), ", ".join(name for name, _ in answers)) if parts else ""
    texts = []
    for name, answer in answers:
        heading = f"==> {page_ansi(name, [])} <==\n" if several else ""
        if form == "page":
            texts.append(heading + page_ansi(answer.text, [(s.start, s.end, s.label, s.role) for s in answer]).rstrip("\n") + "\n")
        elif form == "markdown":
            texts.append(heading + answer.markdown)
        else:
            texts.append(heading + (answer.body + "\n" if answer.body else ""))
    return "\n".join(texts)


def _put(text: str, output: str | None, form: str) -> None:
    """Write the text to the file `output`, or print it; raises `OSError` where that cannot be done."""
    if output is not None:
        write_text(output, text)
    elif text and sys.stdout is None:
        raise OSError("is closed; give -o FILE")
    elif text:
        if form != "page" and _on_terminal():
            text = page_ansi(text, [])
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()


def _stop_printing() -> None:
    """The reader has seen enough: what is left goes nowhere, so that nothing is said of it when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _json_line(name: str, answer: Segmentation) -> str:
    import json

    return json.dumps({"page": name, **answer.to_dict()}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
