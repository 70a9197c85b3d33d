from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import page_html, page_lines, page_text

from pagesieve import __version__
from pagesieve.render import ANSI
from pagesieve.sieve import Sieve

PAGE = page_text(page_lines("unseen", 3))
OTHER = page_text(page_lines("unseen", 4))
PROGRAM = [sys.executable, "-m", "pagesieve"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pages, one binary file, one page of HTML and a feed."""
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "other.txt").write_text(OTHER, encoding="utf-8")
    (tmp_path / "quay.png").write_bytes(bytes(range(32)) * 9)
    (tmp_path / "ferry.html").write_text("<html><p>Row on.</p></html>", encoding="utf-8")
    (tmp_path / "feed.xml").write_text("<rss><channel>", encoding="utf-8")
    return tmp_path


@pytest.fixture
def environment(tiny_model: Path) -> dict[str, str]:
    return {**os.environ, "PAGESIEVE_MODEL": str(tiny_model)}


class Run:
    """The command as a shell would run it, in a folder of pages."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def __call__(self, *arguments: str, page: str | bytes = b"") -> tuple[int, str, str]:
        data = page.encode() if isinstance(page, str) else page
        done = subprocess.run([*PROGRAM, *arguments], input=data, capture_output=True, cwd=self.folder, env=self.environment, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def on_a_terminal(self, *arguments: str, **environment: str) -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen([*PROGRAM, *arguments], stdout=theirs, cwd=self.folder, env={**self.environment, **environment})
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the other side has hung up
            pass
        os.close(ours)
        assert process.wait() == 0
        return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def run(folder: Path, environment: dict[str, str]) -> Run:
    return Run(folder, environment)


# ---------------------------------------------------------------------------------------------------------- formats


@pytest.mark.parametrize("arguments", [(), ("-f", "text"), ("--format", "text")])
def test_the_body_is_printed(run: Run, tiny_sieve: Sieve, arguments: tuple[str, ...]) -> None:
    assert run("page.txt", *arguments) == (0, tiny_sieve.segment(PAGE).body + "\n", "")


def test_a_page_comes_from_standard_input(run: Run, tiny_sieve: Sieve) -> None:
    assert run("-", page=PAGE) == (0, tiny_sieve.segment(PAGE).body + "\n", "")
    assert run("-", page=PAGE.encode("utf-16")) == run("page.txt")


def test_json_tells_everything(run: Run, tiny_sieve: Sieve) -> None:
    status, out, _ = run("page.txt", "--format", "json")
    assert status == 0
    assert json.loads(out) == tiny_sieve.segment(PAGE).to_dict()
    assert out.endswith("}\n")


def test_html_is_the_page_coloured(run: Run, tiny_sieve: Sieve) -> None:
    status, out, _ = run("page.txt", "--format", "html")
    assert status == 0
    assert out.startswith("<!doctype html>")
    assert tiny_sieve.segment(PAGE).to_html() in out
    assert "<title>page.txt</title>" in out


def test_page_is_the_page_in_terminal_colours(run: Run) -> None:
    status, out, _ = run("page.txt", "--format", "page")
    assert status == 0
    assert all(colour in out for colour in ANSI.values())


def test_a_page_without_a_body_prints_nothing_and_says_so(run: Run) -> None:
    told = "pagesieve: standard input: no body found; --format json shows all\n"
    for page in ("", "\n \n"):
        assert run("-", page=page) == (0, "", told)
        assert run("-", "-f", "markdown", page=page) == (0, "", told)
        assert run("-", "-f", "html", page=page)[2] == ""


def test_the_model_may_be_named(run: Run, tiny_model: Path, folder: Path) -> None:
    expected = run("page.txt")
    del run.environment["PAGESIEVE_MODEL"]
    assert run("page.txt", "-m", str(tiny_model)) == run("page.txt", "--model", str(tiny_model / "model.npz")) == expected


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"pagesieve {__version__}\n", "")
    status, out, _ = run("--help")
    assert status == 0
    assert all(word in out for word in ("--format", "--output", "--model", "--kind"))


# ------------------------------------------------------------------------------------------------------ several pages


def test_several_pages_are_printed_below_their_names(run: Run, tiny_sieve: Sieve) -> None:
    one, two = tiny_sieve.segment(PAGE).body, tiny_sieve.segment(OTHER).body
    assert run("page.txt", "other.txt") == (0, f"==> page.txt <==\n{one}\n\n==> other.txt <==\n{two}\n", "")


def test_several_pages_are_a_line_of_json_each(run: Run, tiny_sieve: Sieve) -> None:
    status, out, _ = run("page.txt", "-", "other.txt", "-f", "json", page=OTHER)
    told = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [page["page"] for page in told] == ["page.txt", "-", "other.txt"]
    assert told[2] == {"page": "other.txt", **tiny_sieve.segment(OTHER).to_dict()}


def test_several_pages_are_one_html_document(run: Run, folder: Path) -> None:
    (folder / "<b>.txt").write_text(PAGE, encoding="utf-8")
    status, out, _ = run("page.txt", "<b>.txt", "-f", "html")
    assert status == 0
    assert out.count("<!doctype html>") == 1
    assert "<h2>page.txt</h2>" in out
    assert "<h2>&lt;b&gt;.txt</h2>" in out
    assert "<b>" not in out


# ------------------------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.txt", "nowhere.txt: not there; give a page, a folder"),
        ("quay.png", "quay.png: looks binary"),
        ("feed.xml", "feed.xml: looks like a feed"),
    ],
)
def test_a_page_that_cannot_be_read_is_told_and_the_others_are_printed(run: Run, tiny_sieve: Sieve, name: str, message: str) -> None:
    status, out, error = run(name)
    assert (status, out) == (1, "")
    assert error.startswith("pagesieve: ")
    assert message in error
    assert error.count("\n") == 1
    status, out, error = run(name, "page.txt")
    assert (status, out) == (1, f"==> page.txt <==\n{tiny_sieve.segment(PAGE).body}\n")
    assert message in error


def test_the_encoding_may_be_said(run: Run) -> None:
    assert "Паром" in run("-", "--encoding", "cp866", "-f", "json", page="Паром".encode("cp866"))[1]


def test_standard_input_that_is_no_text_is_told(run: Run) -> None:
    status, _, error = run("-", page=b"\x00\x01" * 99)
    assert status == 1
    assert error.startswith("pagesieve: standard input: looks binary")


def test_html_is_taken_as_such_and_can_be_had_as_markdown_and_annotated(run: Run, tiny_sieve: Sieve, folder: Path) -> None:
    html = page_html(page_lines("unseen", 7))
    (folder / "page.html").write_text(html, encoding="utf-8")
    answer = tiny_sieve.segment(html)
    assert run("page.html") == (0, answer.body + "\n", "")
    assert run("page.html", "-f", "markdown") == (0, answer.markdown, "")
    assert run("page.html", "-f", "annotated") == (0, answer.annotated(), "")
    assert json.loads(run("page.html", "-f", "json")[1]) == answer.to_dict()
    status, _, error = run("page.txt", "-f", "annotated")
    assert (status, error.count("\n")) == (1, 1)
    assert "page.txt: annotated: this page is a text dump" in error


def test_html_is_what_the_name_says_is_unless_it_is_no_page_at_all(run: Run, folder: Path) -> None:
    (folder / "mill.htm").write_text("Row &amp; on.")
    assert json.loads(run("mill.htm", "-f", "json")[1])["segments"][0]["text"] == "Row & on."
    assert json.loads(run("mill.htm", "-f", "json", "--kind", "text")[1])["view"] == "text"
    for content, what in ((b"%PDF-1.7", "a PDF file"), (b'{"a": 1}', "JSON"), (b"<rss><channel>", "a feed"), (bytes(range(32)), "binary")):
        (folder / "mill.html").write_bytes(content)
        status, _, error = run("mill.html")
        assert status == 1
        assert f"mill.html: looks {'' if what == 'binary' else 'like '}{what}" in error


@pytest.mark.parametrize("form", ["page", "text", "markdown", "json", "html", "annotated"])
def test_a_page_that_states_half_a_character_is_printed(run: Run, form: str) -> None:
    stated = '<script type="application/ld+json">{"articleBody": "' + "Row on. " * 100 + '\\ud83d"}</script><p>Row'
    status, out, errors = run("-", "-f", form, page=f"<!doctype html>{stated}")
    assert (status, errors) == (0, "")
    assert out or form in ("text", "markdown")  # what the model takes for the article


def test_html_may_be_taken_as_text(run: Run) -> None:
    status, out, error = run("ferry.html", "--kind", "text", "-f", "json")
    assert (status, error) == (0, "")
    assert json.loads(out)["segments"][0]["text"] == "<html><p>Row on.</p></html>"


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_missing_or_broken_model_is_told_with_a_remedy(run: Run, folder: Path, content: bytes | None) -> None:
    if content is not None:
        (folder / "my.npz").write_bytes(content)
    status, out, error = run("page.txt", "-m", "my.npz")
    assert (status, out) == (1, "")
    assert error.startswith("pagesieve: my.npz: ")
    assert "make train" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("page.txt", "--format", "pdf"), ("page.txt", "--colour"), ("page.txt", "--kind", "pdf"), ("page.txt", "--encoding", "x")],
)
def test_a_wrong_call_is_told_with_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    status, out, error = run(*arguments)
    assert (status, out) == (2, "")
    told, usage = error.splitlines()
    assert told.startswith("pagesieve: error: ")
    assert usage == "usage: pagesieve [OPTION ...] PAGE ...; pagesieve --help tells more"


@pytest.mark.parametrize("name", ["out.json", "out.md", "out.HTM"])
@pytest.mark.parametrize("form", ["annotated", "html", "json", "markdown", "text", "page"])
def test_an_output_whose_name_says_another_form_is_refused(run: Run, folder: Path, form: str, name: str) -> None:
    status, _, error = run("ferry.html", "-f", form, "-o", name)
    fits = {"annotated": "out.HTM", "html": "out.HTM", "json": "out.json", "markdown": "out.md"}.get(form) == name
    assert status == (0 if fits else 2)
    assert (folder / name).exists() == fits
    assert error in ("", "pagesieve: ferry.html: no body found; --format json shows all\n") or f"-o {name}: ends as " in error
    assert run("ferry.html", "-f", form, "-o", "out.txt")[0] == 0


def test_a_file_of_cases_that_is_not_there_is_told(run: Run, folder: Path) -> None:
    assert run("check", "nope.yaml") == (2, "", "pagesieve check: nope.yaml: not there; give a YAML or JSON file of cases\n")
    assert "is a folder" in run("check", str(folder))[2]
    assert run("check")[2].splitlines()[1] == "usage: pagesieve check [OPTION ...] CASES; pagesieve check --help tells more"


def test_a_reader_that_has_seen_enough_is_no_error(run: Run, folder: Path) -> None:
    (folder / "long.txt").write_text(PAGE * 300, encoding="utf-8")
    process = subprocess.Popen(
        [*PROGRAM, "long.txt", "-f", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=run.environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()


# ------------------------------------------------------------------------------------------------------ output file


def test_the_output_file_gets_what_would_be_printed(run: Run, folder: Path) -> None:
    _, printed, _ = run("page.txt", "-f", "json")
    assert run("page.txt", "-f", "json", "-o", "out/page.json") == (0, "", "")
    assert (folder / "out" / "page.json").read_bytes() == printed.encode()
    assert os.listdir(folder / "out") == ["page.json"]


def test_the_output_file_is_replaced_whole(run: Run, folder: Path) -> None:
    (folder / "out.txt").write_bytes(b"old" * 100_000)
    before = os.stat(folder / "out.txt").st_ino
    assert run("page.txt", "-o", "out.txt")[0] == 0
    assert (folder / "out.txt").read_text("utf-8") == run("page.txt")[1]
    assert os.stat(folder / "out.txt").st_ino != before  # put in place, not written over


@pytest.mark.parametrize("arguments", [("nowhere.txt",), ("quay.png", "feed.xml"), ("page.txt", "-m", "nowhere")])
def test_an_output_file_stays_as_it_was_when_there_is_no_answer(run: Run, folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "out.txt").write_bytes(b"old")
    assert run(*arguments, "-o", "out.txt")[0] == 1
    assert (folder / "out.txt").read_bytes() == b"old"


def test_an_output_file_that_cannot_be_written_is_told(run: Run, folder: Path) -> None:
    status, _, error = run("page.txt", "-o", "page.txt/out.txt")
    assert status == 1
    assert error.startswith("pagesieve: page.txt/out.txt: ")
    assert (folder / "page.txt").read_text("utf-8") == PAGE


# --------------------------------------------------------------------------------------------------------- terminal


def test_a_terminal_shows_the_page_coloured(run: Run) -> None:
    assert run.on_a_terminal("page.txt") == run("page.txt", "-f", "page")[1]


def test_a_terminal_without_colours_shows_the_body(run: Run) -> None:
    assert run.on_a_terminal("page.txt", NO_COLOR="1") == run("page.txt")[1]
    assert run.on_a_terminal("page.txt", TERM="dumb") == run("page.txt")[1]
    assert run.on_a_terminal("page.txt", NO_COLOR="", TERM="xterm") != run("page.txt")[1]


def test_options_may_stand_between_pages(run: Run) -> None:
    assert run("page.txt", "-f", "json", "ferry.html") == run("-f", "json", "page.txt", "ferry.html")


def test_what_follows_two_hyphens_is_a_page(run: Run, folder: Path) -> None:
    (folder / "-f.txt").write_text(PAGE, encoding="utf-8")
    assert run("-f", "text", "--", "-f.txt") == run("page.txt", "-f", "text")
    assert run("--", "-", page=PAGE) == run("page.txt")


def test_an_empty_name_for_the_output_is_told(run: Run) -> None:
    assert run("page.txt", "-o", "")[2].startswith("pagesieve: error: -o: the name is empty; give a file")


@pytest.mark.parametrize("form", ["page", "text", "json", "html"])
def test_escape_sequences_of_a_page_do_not_reach_the_terminal(run: Run, folder: Path, form: str) -> None:
    evil = PAGE.replace(" ", "\x1b]0;evil\x07 \x9b2J", 40)
    (folder / "evil.txt").write_text(evil, encoding="utf-8")
    shown = run.on_a_terminal("evil.txt", "page.txt", "-f", form)
    for colour in (*ANSI.values(), "\x1b[0m"):
        shown = shown.replace(colour, "")
    assert "evil" in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)


def test_a_pipe_gets_the_text_as_it_is(run: Run, tiny_sieve: Sieve) -> None:
    evil = PAGE.replace(". ", ".\x1b[31m ")
    assert run("-", page=evil)[1] == tiny_sieve.segment(evil).body + "\n"
    assert "\x1b[31m" in run("-", page=evil)[1]


# ---------------------------------------------------------------------------------------------------------- in and out


def test_the_ending_of_the_output_says_its_format(run: Run, folder: Path, tiny_sieve: Sieve) -> None:
    answer = tiny_sieve.segment(PAGE)
    for name in ("out.json", "out.md", "out.txt", "out.html"):
        assert run("page.txt", "-o", name) == (0, "", "")
    assert json.loads((folder / "out.json").read_text("utf-8")) == answer.to_dict()
    assert (folder / "out.md").read_text("utf-8") == answer.markdown
    assert (folder / "out.txt").read_text("utf-8") == answer.body + "\n"
    assert (folder / "out.html").read_text("utf-8").startswith("<!doctype html>")
    assert run("page.txt", "-o", "out.txt", "-f", "markdown") == (0, "", "")
    assert (folder / "out.txt").read_text("utf-8") == answer.markdown


def test_an_output_that_would_take_a_pages_place_or_says_no_format_is_refused(run: Run, folder: Path, tiny_sieve: Sieve) -> None:
    (folder / "link.txt").symlink_to("page.txt")
    for name in ("page.txt", "link.txt", "./page.txt"):
        status, _, error = run("other.txt", "page.txt", "-o", name)
        assert status == 2
        assert f"-o {name}: is one of the pages" in error
    assert (folder / "page.txt").read_text("utf-8") == PAGE
    status, _, error = run("page.txt", "-o", "out.csv")
    assert status == 2
    assert "-o out.csv: .csv says no format; say it with -f, or end the name in one of .txt," in error
    for name, ending in (("out.json.gz", "gz"), ("out.jsonl", "jsonl"), ("out.parquet", "parquet"), ("out.html", "html")):
        status, _, error = run("page.txt", "-o", name, "-f", "json")
        assert status == 2
        assert f"-o {name}: ends as {ending} does, and --format is json; give another name, or leave out -f" in error
    assert run("page.txt", "-o", "out.csv", "-f", "text") == (0, "", "")
    assert run("page.txt", "-o", "-") == (0, tiny_sieve.segment(PAGE).body + "\n", "")
    status, _, error = run("ferry.html", "page.txt", "-f", "annotated")
    assert status == 2
    assert "one page at a time" in error


def test_packed_pages_are_unpacked(run: Run, folder: Path, tiny_sieve: Sieve) -> None:
    zstandard = pytest.importorskip("zstandard")
    packed = gzip.compress(PAGE.encode())
    (folder / "page.txt.gz").write_bytes(packed)
    (folder / "page.zst").write_bytes(zstandard.compress(PAGE.encode()))
    (folder / "ferry.html.gz").write_bytes(gzip.compress(b"Row &amp; on."))
    (folder / "cut.gz").write_bytes(packed[:-9])
    expected = (0, tiny_sieve.segment(PAGE).body + "\n", "")
    assert run("page.txt.gz") == run("page.zst") == run("-", page=packed) == expected
    assert json.loads(run("ferry.html.gz", "-f", "json")[1])["segments"][0]["text"] == "Row & on."
    status, _, error = run("cut.gz")
    assert status == 1
    assert "cut.gz: cannot be unpacked" in error


def test_what_cannot_be_written_to_is_told(run: Run, folder: Path, environment: dict[str, str]) -> None:
    (folder / "rows.jsonl").mkdir()
    status, _, error = run("page.txt", "-o", "rows.jsonl")
    assert status == 2
    assert "rows.jsonl: is a folder" in error
    closed = subprocess.run(
        ["sh", "-c", f"{' '.join(PROGRAM)} page.txt >&-"], cwd=folder, env=environment, capture_output=True, check=False
    )
    assert (closed.returncode, closed.stderr) == (1, b"pagesieve: standard output: is closed; give -o FILE\n")
    no_input = subprocess.run(["sh", "-c", f"{' '.join(PROGRAM)} - <&-"], cwd=folder, env=environment, capture_output=True, check=False)
    assert (no_input.returncode, no_input.stderr) == (1, b"pagesieve: standard input is closed; give a file\n")
    many = subprocess.run(["sh", "-c", f"{' '.join(PROGRAM)} - --jsonl <&-"], cwd=folder, env=environment, capture_output=True, check=False)
    assert many.returncode == 1
    assert b"standard input is closed; give a file" in many.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_the_command_with_a_line(folder: Path, environment: dict[str, str]) -> None:
    def heeds_ctrl_c() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that starts tests in the background has its programs ignore it

    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*PROGRAM, "-"], cwd=folder, env=environment, preexec_fn=heeds_ctrl_c, **pipes) as run:  # type: ignore[call-overload]
        time.sleep(2)  # it waits for a page by then
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=60)
    assert (run.returncode, told) == (130, b"pagesieve: interrupted\n")
