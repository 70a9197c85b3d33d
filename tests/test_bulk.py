from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
import zstandard
from archives import write_jsonl, write_parquet
from conftest import page_html, page_lines, page_text
from deadly import Deadly
from mortal import Killed, Mortal
from programs import script
from threadpoolctl import threadpool_limits

from pagesieve import bulk, parts
from pagesieve.arrow import Segmenter
from pagesieve.bulk import Job, RunError, run
from pagesieve.sieve import BATCH, Sieve, load
from pagesieve.storage import model_digest

BAD = ("%PDF-1.4 no page", "<rss><channel>")


def given(count: int) -> list[dict[str, Any]]:
    """Records of both views; every ninth is bad in one of several ways."""
    rows: list[dict[str, Any]] = []
    for i in range(count):
        lines = page_lines("unseen", i % 5)
        page = page_html(lines) if i % 2 else page_text(lines)
        rows.append({"id": i} if i % 27 == 9 else {"id": i, "text": BAD[i % 2] if i % 9 == 8 else page})
    return rows


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Some records in two files, to be written as JSONL; rows become a part at once."""
    rows = given(130)
    write_jsonl(tmp_path / "a.jsonl", rows[:70])
    write_parquet(tmp_path / "b.parquet", rows[70:])
    return Job((str(tmp_path / "a.jsonl"), str(tmp_path / "b.parquet")), str(tmp_path / "out.jsonl"), seconds=0.0)


def read(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


def outcome(job: Job) -> tuple[bytes, bytes]:
    """Output and errors; nothing else may be left beside them."""
    folder = Path(job.output).parent
    assert not [path for path in folder.rglob("*") if ".part" in path.name.replace(".parquet", "")]
    return Path(job.output).read_bytes(), Path(f"{job.output}.errors.jsonl").read_bytes()


# --------------------------------------------------------------------------------------------------------- results


def test_rows_and_errors_come_in_the_order_of_the_input(job: Job, tiny_sieve: Sieve) -> None:
    done = run(job, tiny_sieve)
    rows, errors = read(job.output), read(f"{job.output}.errors.jsonl")
    bad = [i for i in range(130) if i % 9 == 8 or i % 27 == 9]
    assert [row["id"] for row in rows] == [str(i) for i in range(130) if i not in bad]
    assert (done.pages, done.failed) == (len(rows), len(bad))
    assert [int(e["id"]) if e["id"].isdecimal() else int(e["place"].rpartition(" ")[2]) for e in errors] == bad
    assert errors[0] == {
        "id": "8",
        "place": f"{job.inputs[0]}, line 9",
        "url": None,
        "error": "looks like a PDF file; extract its text first, or say that its kind is text to take it as that",
    }
    for row, record in zip(rows[:20], [r for r in given(130) if r["id"] not in bad], strict=False):
        told = tiny_sieve.segment(record["text"]).to_dict()
        assert {name: row[name] for name in ("view", "headline", "body", "confidence")} == {
            name: told[name] for name in ("view", "headline", "body", "confidence")
        }
        assert row["model"] == model_digest(tiny_sieve.model)
        assert "error" not in row


def test_two_processes_give_the_same_bytes(job: Job, tiny_sieve: Sieve) -> None:
    run(job, tiny_sieve)
    one = outcome(job)
    run(replace(job, jobs=2), tiny_sieve)
    assert outcome(job) == one


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl.gz", "out.jsonl.zst"])
def test_every_form_holds_the_same_rows(job: Job, tiny_sieve: Sieve, name: str) -> None:
    run(replace(job, segments=True), tiny_sieve)
    expected = read(job.output)
    path = Path(job.output).with_name(name)
    run(replace(job, segments=True, output=str(path)), tiny_sieve)
    if name == "out.parquet":
        assert pq.read_table(path).to_pylist() == expected
        assert pq.ParquetFile(path).num_row_groups == 1
    else:
        data = (
            gzip.decompress(path.read_bytes())
            if name.endswith("gz")
            else zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        )
        assert [json.loads(line) for line in data.splitlines()] == expected


def test_no_pages_give_an_empty_output(tmp_path: Path, tiny_sieve: Sieve) -> None:
    (tmp_path / "a.jsonl").write_text("\n\n")
    for name in ("out.jsonl", "out.parquet"):
        done = run(Job((str(tmp_path / "a.jsonl"),), str(tmp_path / name)), tiny_sieve)
        assert (done.pages, done.failed) == (0, 0)
    assert (tmp_path / "out.jsonl").read_bytes() == b""
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_a_folder_may_hold_its_own_output(tmp_path: Path, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(page_text(page_lines("unseen", 1)))
    monkeypatch.chdir(tmp_path)
    job = Job((".",), "out.jsonl", seconds=0.0)
    assert [run(job, tiny_sieve).pages for _ in range(2)] == [1, 1]


def test_addresses_afar_are_written(job: Job, tiny_sieve: Sieve) -> None:
    run(job, tiny_sieve)
    files = fsspec.filesystem("memory")
    run(replace(job, output="memory://out/rows.jsonl"), tiny_sieve)
    assert (files.cat("/out/rows.jsonl"), files.cat("/out/rows.jsonl.errors.jsonl")) == outcome(job)
    assert sorted(files.find("/out")) == ["/out/rows.jsonl", "/out/rows.jsonl.errors.jsonl"]
    files.rm("/out", recursive=True)


# ------------------------------------------------------------------------------------------------------- going on


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_a_run_killed_at_any_write_goes_on_to_the_same_bytes(
    job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    job = replace(job, output=str(Path(job.output).with_name(name)))
    run(job, tiny_sieve)
    expected = outcome(job)
    segmented: list[int] = []
    rows = Segmenter.rows

    def counted(self: Segmenter, batch: Any) -> Any:
        segmented.append(batch.num_rows)
        return rows(self, batch)

    life = Mortal()
    monkeypatch.setattr(Segmenter, "rows", counted)
    monkeypatch.setattr(parts, "replacing_at", life.replacing_at)
    for kills in range(60):
        life.left, life.after = 2 + kills % 4, kills % 2 == 0
        try:
            run(job, tiny_sieve)
            break
        except Killed:
            pass
    assert 3 < kills < 59
    assert outcome(job) == expected
    assert sum(segmented) <= 130 + kills * BATCH


def test_a_run_whose_output_stands_only_clears_up(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "remove", Mortal().replacing_at)  # does nothing
    run(job, tiny_sieve)
    assert Path(f"{job.output}.parts").is_dir()
    monkeypatch.undo()
    monkeypatch.setattr(Segmenter, "rows", lambda *_: pytest.fail("segments again"))
    assert run(job, tiny_sieve).pages == len(outcome(job)[0].splitlines())


@pytest.fixture
def stopped(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that was interrupted after its first batches."""
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "_sorted_out", interrupted(bulk._sorted_out, 2))
        with pytest.raises(KeyboardInterrupt):
            run(job, tiny_sieve)
    return job


def interrupted(work: Any, after: int) -> Any:
    calls = iter(range(after))

    def interrupt(*arguments: Any) -> Any:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return work(*arguments)

    return interrupt


def test_what_was_done_before_an_interruption_is_kept(stopped: Job, tiny_sieve: Sieve, tmp_path: Path) -> None:
    assert not Path(stopped.output).exists()
    assert sum(len(read(path)) for path in Path(f"{stopped.output}.parts").glob("*.jsonl")) > BATCH
    run(stopped, tiny_sieve)
    assert len(outcome(stopped)[0].splitlines()) == 111


def test_a_second_run_does_not_write_to_the_same_output(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_out = bulk._sorted_out
    told: list[str] = []

    def meanwhile(*arguments: Any) -> Any:
        for other in (job, replace(job, dial=0.1, restart=True)):
            with pytest.raises(RunError) as caught:
                run(other, tiny_sieve)
            told.append(str(caught.value))
        return sorted_out(*arguments)

    monkeypatch.setattr(bulk, "_sorted_out", meanwhile)
    assert run(job, tiny_sieve).pages == len(outcome(job)[0].splitlines()) == 111
    assert set(told) == {f"{job.output}: another run is writing to it; wait until it has ended, or give another -o"}


def test_another_job_does_not_go_on_with_the_parts(stopped: Job, tiny_sieve: Sieve) -> None:
    with pytest.raises(RunError, match=r"out\.jsonl\.parts: belongs to a run with another dial \(0\.5, now 0\.1\).*--restart"):
        run(replace(stopped, dial=0.1), tiny_sieve)
    run(replace(stopped, dial=0.1, restart=True), tiny_sieve)
    assert len(outcome(stopped)[0].splitlines()) == 111


def test_an_input_that_is_written_otherwise_is_the_same(stopped: Job, tiny_sieve: Sieve) -> None:
    folder = Path(stopped.output).parent
    assert run(replace(stopped, inputs=(f"{folder}/./a.jsonl", f"{folder}//b.parquet")), tiny_sieve).pages == 111


def test_a_changed_input_is_told(stopped: Job, tiny_sieve: Sieve) -> None:
    path = Path(stopped.inputs[0])
    content, stat = path.read_bytes(), path.stat()
    for other in (content + b"\n", content.replace(b"a", b"b")):  # of the same size, too
        path.write_bytes(other)
        with pytest.raises(RunError, match=r"a\.jsonl: of \d+ bytes, is where the earlier run stopped, .* --restart"):
            run(stopped, tiny_sieve)
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    run(stopped, tiny_sieve)


def test_a_changed_input_before_the_one_where_it_stopped_is_told(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "_sorted_out", interrupted(bulk._sorted_out, 4))
        with pytest.raises(KeyboardInterrupt):
            run(job, tiny_sieve)
    with Path(job.inputs[0]).open("a", encoding="utf-8") as file:
        file.write('{"id": "late", "text": "Ferry stops."}\n')
    with pytest.raises(RunError, match=r"b\.parquet: .* it or a file before it has changed since .*: restore the input"):
        run(job, tiny_sieve)


def test_an_input_that_is_not_there_is_told_before_any_work(job: Job, tiny_sieve: Sieve) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere: not there"):
        run(replace(job, inputs=(*job.inputs, "nowhere")), tiny_sieve)
    assert not Path(f"{job.output}.parts").exists()


@pytest.mark.parametrize(
    ("inputs", "output", "errors", "named"),
    [
        (["a.jsonl"], "a.jsonl", "", "a.jsonl"),
        (["a.jsonl"], "./sub/../a.jsonl", "", "a.jsonl"),
        (["b.parquet", "link.jsonl"], "a.jsonl", "", "link.jsonl"),
        (["file://{}/a.jsonl"], "a.jsonl", "", "file://"),
        (["b.parquet", "a.jsonl"], "out.jsonl", "a.jsonl", "a.jsonl"),
        (["a.json*"], "a.jsonl", "", r"a.json\*"),
        (["b.parquet"], "out.jsonl", "out.jsonl", "out.jsonl: the error list"),
        (["b.parquet"], "out.jsonl", "out.jsonl.parts/errors", "out.jsonl.parts/errors: the error list"),
    ],
)
def test_a_file_that_is_to_be_two_things_is_told_before_any_work(
    job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch, inputs: list[str], output: str, errors: str, named: str
) -> None:
    folder = Path(job.output).parent
    monkeypatch.chdir(folder)
    (folder / "sub").mkdir()
    (folder / "link.jsonl").symlink_to("a.jsonl")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(RunError, match=rf"^{named}.*; give another"):
        run(replace(job, inputs=tuple(name.format(folder) for name in inputs), output=output, errors=errors), tiny_sieve)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert not list(folder.glob("*.parts"))


def test_an_error_list_writes_over_nothing_else(job: Job, tiny_sieve: Sieve, tmp_path: Path) -> None:
    own = tmp_path / "rows of before.jsonl"
    own.write_text('{"id": "a", "body": "Row on."}\n')
    with pytest.raises(RunError, match=r"rows of before.jsonl: is there and is no list of bad records"):
        run(replace(job, errors=str(own)), tiny_sieve)
    assert own.read_text() == '{"id": "a", "body": "Row on."}\n'
    own.unlink()
    for _ in range(2):
        assert run(replace(job, errors=str(own)), tiny_sieve).failed == len(read(own))


def test_a_folder_for_the_errors_is_refused_before_any_work(job: Job, tiny_sieve: Sieve, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match=r"folder: is there and is no list of bad records; give another --errors"):
        run(replace(job, errors=str(tmp_path / "folder")), tiny_sieve)
    assert not Path(f"{job.output}.parts").exists()


def test_errors_that_cannot_be_written_are_told_before_any_work(job: Job, tiny_sieve: Sieve, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("Row on.")
    with pytest.raises(RunError, match=r"page/new/errors: the error list cannot be written, .*page is no folder .*; give another --errors"):
        run(replace(job, errors=str(tmp_path / "page" / "new" / "errors")), tiny_sieve)
    assert not Path(f"{job.output}.parts").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a full device")
def test_rows_that_cannot_be_printed_are_told(job: Job, tiny_model: Path) -> None:
    program = [sys.executable, "-m", "pagesieve", "-q", "-m", str(tiny_model), job.inputs[0]]
    for redirected, told in ((">&-", "is closed; give -o FILE"), ("> /dev/full", "cannot be written ([Errno 28] No space left on device)")):
        ended = subprocess.run(["sh", "-c", f"{shlex.join(program)} {redirected}"], capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert f"pagesieve: standard output: {told}" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_errors_may_go_to_a_pipe(job: Job, tiny_model: Path) -> None:
    folder = Path(job.output).parent
    os.mkfifo(folder / "errors")
    reader = subprocess.Popen(["cat", "errors"], cwd=folder, stdout=subprocess.PIPE)
    command = [sys.executable, "-m", "pagesieve", *job.inputs, "-o", job.output, "--errors", "errors", "-m", str(tiny_model), "-q"]
    subprocess.run(command, cwd=folder, check=True, timeout=100)
    told = reader.communicate(timeout=10)[0]
    run(replace(job, output=f"{job.output}.again.jsonl"), load(tiny_model))
    assert told == Path(f"{job.output}.again.jsonl.errors.jsonl").read_bytes()


def test_two_outputs_in_one_folder_have_a_list_of_errors_each(job: Job, tiny_sieve: Sieve) -> None:
    run(job, tiny_sieve)
    first = outcome(job)
    run(replace(job, inputs=job.inputs[1:], output=str(Path(job.output).with_name("errors.jsonl"))), tiny_sieve)
    assert outcome(job) == first


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("name", ["notes.txt", "1.jsonl", "000001.html", "sub/journal.json"])
def test_a_folder_that_is_somebody_elses_stays(job: Job, tiny_sieve: Sieve, restart: bool, name: str) -> None:
    path = Path(f"{job.output}.parts") / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(RunError, match=rf"out\.jsonl\.parts: holds {name}, which is no part of a run; move it or give another output"):
        run(replace(job, restart=restart), tiny_sieve)
    assert [found for found in Path(f"{job.output}.parts").rglob("*") if found.is_file()] == [path]
    path.rename(path.with_name("000000.jsonl"))  # as a run leaves it that was killed before it noted anything
    if path.parent.name != "sub":
        (path.parent / ".journal.json.x.part").touch()
        (path.parent / "lock").touch()
        assert run(replace(job, restart=restart), tiny_sieve).pages == 111


# ------------------------------------------------------------------------------------------------------- processes


def test_a_page_on_which_a_process_dies_is_a_bad_record(tmp_path: Path, tiny_sieve: Sieve) -> None:
    pages = [page_text(page_lines("unseen", i % 3)) for i in range(3 * BATCH)]
    pages[40] = "deadly"
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": i, "text": page} for i, page in enumerate(pages)])
    job = Job((str(path),), str(tmp_path / "out.jsonl"), jobs=2)
    done = run(job, Deadly(tiny_sieve.model, "deadly"))
    assert (done.pages, done.failed) == (3 * BATCH - 1, 1)
    assert [int(row["id"]) for row in read(job.output)] == [i for i in range(3 * BATCH) if i != 40]
    assert "the process that had this page died" in read(f"{job.output}.errors.jsonl")[0]["error"]
    with pytest.raises(RunError, match="3 processes in a row have died; try --jobs 1"):
        run(replace(job, restart=True), Deadly(tiny_sieve.model, ""))


def test_few_batches_are_under_way(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    kept: list[int] = []
    ahead: list[int] = []
    batch, sorted_out = bulk._batch, bulk._sorted_out

    def take(*arguments: Any) -> Any:
        taken.append(1)
        return batch(*arguments)

    def keep(*arguments: Any) -> Any:
        kept.append(1)
        ahead.append(len(taken) - len(kept))
        return sorted_out(*arguments)

    monkeypatch.setattr(bulk, "_batch", take)
    monkeypatch.setattr(bulk, "_sorted_out", keep)
    monkeypatch.setattr(bulk, "BATCH", 4)
    run(replace(job, jobs=2), tiny_sieve)
    assert len(taken) > 30
    assert max(ahead) <= 2 * bulk.WAITING


# ----------------------------------------------------------------------------------------------------- the command


@pytest.fixture
def command(tiny_model: Path, tmp_path: Path) -> Any:
    environment = {**os.environ, "PAGESIEVE_MODEL": str(tiny_model)}

    def run(*arguments: str, page: bytes = b"") -> tuple[int, bytes, str]:
        program = [sys.executable, "-m", "pagesieve", *arguments]
        done = subprocess.run(program, input=page, capture_output=True, cwd=tmp_path, env=environment, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    run.environment = environment  # type: ignore[attr-defined]
    return run


def test_the_command_writes_what_run_writes(command: Any, job: Job, tiny_sieve: Sieve) -> None:
    run(job, tiny_sieve)
    expected = outcome(job)
    status, out, told = command(*job.inputs, "-o", job.output, "--jobs", "2")
    assert (status, out) == (0, b"")
    closing = (
        f"pagesieve: 111 pages, 19 bad records, listed in {job.output}.errors.jsonl; the first: {job.inputs[0]}, line 9: looks like a PDF"
    )
    assert told.splitlines()[-1].startswith(closing)
    assert "pages/s, errors=19" in told
    assert outcome(job) == expected


def test_what_is_passed_over_is_counted_and_earlier_rows_are_no_pages(command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    folder.mkdir()
    for name in ("a.txt", "b.php", "c.php", "noending", "old.jsonl.errors.jsonl"):
        (folder / name).write_text(page_text(page_lines("unseen", 1)), encoding="utf-8")
    status, _, told = command("crawl", "-o", "rows.jsonl", "--segments")
    assert (status, told.splitlines()[-1]) == (
        0,
        "pagesieve: 1 page, 0 bad records; 4 files passed over (2 .php, 1 without ending, 1 .jsonl)",
    )
    (tmp_path / "rows.jsonl").rename(folder / "rows.jsonl")
    assert command("crawl", "-o", "again.jsonl")[0] == 0
    (fault,) = read(tmp_path / "again.jsonl.errors.jsonl")
    assert fault["error"] == "is a row that pagesieve has written, no page; leave out the file"


def test_no_more_processes_are_started_than_there_are_batches(job: Job, tiny_sieve: Sieve, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    start = bulk._Workers._start
    monkeypatch.setattr(bulk._Workers, "_start", lambda self, jobs: started.append(jobs) or start(self, jobs))
    run(replace(job, inputs=job.inputs[:1], jobs=64), tiny_sieve)
    assert started == [len(list(bulk._batches(bulk._items(replace(job, inputs=job.inputs[:1]), parts.Cursor(), [], Counter()))))]


def test_a_command_that_reads_not_a_single_page_fails_and_says_why(command: Any, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "odd.jsonl", [{"id": i, "raw": "Row\non."} for i in range(120)])
    why = "odd.jsonl, line 1: has none of html, text, page, content (its fields: id, raw); name the page's with --page-field"
    status, _, told = command("odd.jsonl", "-o", "o.jsonl")
    assert status == 1
    assert told.splitlines()[-1] == f"pagesieve: 0 pages, 120 bad records, listed in o.jsonl.errors.jsonl; the first: {why}"
    status, _, told = command("odd.jsonl", "-o", "o.jsonl", "--errors", "bad.jsonl")
    assert (status, "listed in bad.jsonl; the first" in told) == (1, True)
    status, _, told = command("odd.jsonl")
    assert (status, told.splitlines()[-1]) == (1, "pagesieve: 0 pages, 120 bad records")
    write_jsonl(tmp_path / "odd.jsonl", [{"raw": "Row on."}, {"text": "Row on."}])
    assert command("odd.jsonl", "-o", "o.jsonl")[0] == 0
    (tmp_path / "odd.jsonl").write_text("\n")
    assert command("odd.jsonl", "-o", "o.jsonl")[0] == 0
    write_jsonl(tmp_path / "odd.jsonl", [{"id": 1, **{f"field {i}": 1 for i in range(999)}}])
    assert len(command("odd.jsonl", "-o", "o.jsonl")[2].splitlines()[-1]) < 500


def test_the_first_error_is_told_after_an_interruption_too(stopped: Job, tiny_sieve: Sieve) -> None:
    done = run(stopped, tiny_sieve)
    first = read(f"{stopped.output}.errors.jsonl")[0]
    assert done.first == f"{first['place']}: {first['error']}"


def test_jsonl_goes_through_a_pipe(command: Any, job: Job, tiny_sieve: Sieve) -> None:
    run(job, tiny_sieve)
    lines = Path(job.inputs[0]).read_bytes().splitlines(keepends=True)
    status, out, told = command("-", "--jsonl", page=b"".join(lines))
    assert status == 0
    assert out.splitlines() == Path(job.output).read_bytes().splitlines()[: len(out.splitlines())]
    assert "pagesieve: -, line 9: looks like a PDF file" in told
    assert command("-", "--jsonl", page=lines[0])[1] == out.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.jsonl", "-f", "markdown"), "--format markdown: a.jsonl may hold many pages; give --format jsonl or parquet"),
        (("page.txt", "--jobs", "2"), "--jobs: for many pages; give --format jsonl or parquet, too"),
        (("page.txt", "--segments"), "--segments: for many pages"),
        (("page.txt", "-q"), "--quiet: for many pages"),
        (("a.jsonl", "-f", "parquet"), "--format parquet: -o is missing; give a file whose name ends in .parquet"),
        (
            ("a.jsonl", "-o", "out.txt"),
            "a.jsonl may hold many pages: -o out.txt; give a file whose name ends in .jsonl, .jsonl.gz, .jsonl.zst, .parquet",
        ),
        (("a.jsonl", "-o", "x.csv", "-f", "jsonl"), "-o x.csv; give a file whose name ends in .jsonl, .jsonl.gz, .jsonl.zst\n"),
        (("a.jsonl", "--jobs", "0"), "'0' is no number from 1"),
        (("a.jsonl", "--checkpoint", "nan"), "'nan' is no number from 0"),
        (("a.jsonl", "--checkpoint", "-1"), "'-1' is no number from 0"),
        (("a.jsonl", "--checkpoint", "0"), "--checkpoint: without -o nothing is kept; give -o FILE, too"),
        (("a.jsonl", "--restart"), "--restart: without -o nothing is kept"),
        (("a.jsonl", "--errors", "e.jsonl"), "--errors: without -o nothing is kept"),
        (("page.txt", "--checkpoint", "0"), "--checkpoint: for many pages"),
        (("page.txt", "--id-field", "key"), "--id-field: for many pages; give --format jsonl or parquet, too"),
        (("page.txt", "--page-field", "raw"), "--page-field: for many pages"),
        (("page.txt", "--url-field", "link"), "--url-field: for many pages"),
    ],
)
def test_options_that_do_not_fit_are_told(command: Any, arguments: tuple[str, ...], message: str) -> None:
    status, out, told = command(*arguments)
    assert (status, out) == (2, b"")
    assert message in told


def test_what_stops_a_run_is_told_in_a_line(command: Any, stopped: Job) -> None:
    assert command("nowhere.jsonl", "-o", "o.jsonl") == (
        1,
        b"",
        "pagesieve: nowhere.jsonl: not there; give a page, a folder, a pattern or an archive\n",
    )
    status, _, told = command(*stopped.inputs, "-o", stopped.output, "--dial", "0.1")
    assert (status, told.count("\n")) == (1, 1)
    assert "belongs to a run with another" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("foo://h/x.jsonl", "-o", "o.jsonl"),
        ("a.jsonl", "-o", "foo://h/x.jsonl"),
        ("a.jsonl", "-o", "o.jsonl", "--errors", "foo://h/x.jsonl"),
    ],
)
def test_an_unknown_kind_of_address_is_told_in_a_line_before_any_work(command: Any, job: Job, arguments: tuple[str, ...]) -> None:
    status, _, told = command(*arguments)
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("pagesieve: foo://h/x.jsonl: no address that can be used (Protocol not known: foo); give a path, or one of ")
    assert not list(Path(job.output).parent.glob("o.jsonl*"))


def test_lines_on_standard_error_do_not_run_into_each_other(command: Any, job: Job) -> None:
    progress = re.compile(r"\d+ pages \[[^]]*\]")
    for more in ((), ("-o", job.output)):
        told = command(*job.inputs, *more)[2]
        assert "\r" not in told
        lines = [line for line in told.splitlines() if not progress.fullmatch(line)]
        assert len(lines) == (1 if more else 20)
        assert all(line.startswith("pagesieve: ") for line in lines)
        assert len(told.splitlines()) > len(lines)
        assert "\n0 pages " not in f"\n{told}"


def test_a_quiet_command_tells_only_errors(command: Any, job: Job, tmp_path: Path) -> None:
    assert command(*job.inputs, "-o", job.output, "--quiet")[::2] == (0, "")
    told = command(*job.inputs, "-q")[2].splitlines()
    assert [line.startswith("pagesieve: ") for line in told] == [True] * 19
    write_jsonl(tmp_path / "odd.jsonl", [{"raw": "Row on."}])
    status, _, told = command("odd.jsonl", "-o", "o.jsonl", "-q")
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("pagesieve: 0 pages, 1 bad record, listed in ")
    assert command("nowhere.jsonl", "-q")[2].startswith("pagesieve: nowhere.jsonl: not there")


def _heeds_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that starts tests in the background has its programs ignore it


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("stop", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(("jobs", "everyone"), [("1", False), ("2", False), ("2", True)])
def test_a_command_that_is_told_to_end_keeps_what_was_done(
    command: Any, job: Job, tmp_path: Path, stop: signal.Signals, status: int, jobs: str, everyone: bool
) -> None:
    write_jsonl(tmp_path / "long.jsonl", given(120) * 300)
    program = [sys.executable, "-m", "pagesieve", "long.jsonl", "-o", "long.out.jsonl", "--checkpoint", "0", "--jobs", jobs]
    with subprocess.Popen(
        program, cwd=tmp_path, env=command.environment, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heeds_ctrl_c
    ) as run:
        journal = tmp_path / "long.out.jsonl.parts" / "journal.json"
        while not journal.exists() or not json.loads(journal.read_bytes())["progress"]["parts"]:
            time.sleep(0.02)
        (os.killpg if everyone else os.kill)(run.pid, stop)
        told = run.communicate(timeout=60)[1]
    assert (run.returncode, told.splitlines()[-1]) == (status, "pagesieve: interrupted; the same command goes on from here")
    assert not {"Traceback", "leaked"} & set(told.replace(":", " ").split())
    assert not (tmp_path / "long.out.jsonl").exists()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="tells by /proc what a process has started")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("started", [1, 2, 3, 4])  # processes: two that look after what is left, two that segment
def test_a_command_that_is_told_to_end_while_its_processes_start_ends(
    command: Any, tmp_path: Path, stop: signal.Signals, started: int
) -> None:
    write_jsonl(tmp_path / "long.jsonl", given(120) * 300)
    program = [sys.executable, "-m", "pagesieve", "long.jsonl", "-o", "long.out.jsonl", "--jobs", "2"]
    with subprocess.Popen(
        program, cwd=tmp_path, env=command.environment, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heeds_ctrl_c
    ) as run:
        while sum(len(found.read_text().split()) for found in Path(f"/proc/{run.pid}/task").glob("*/children")) < started:
            assert run.poll() is None
            time.sleep(0.005)
        os.killpg(run.pid, stop)
        told = run.communicate(timeout=60)[1]
    assert run.returncode == 128 + stop
    assert "Traceback" not in told


def test_a_missing_extra_is_told_with_the_remedy(command: Any, job: Job) -> None:
    program = "import sys; sys.modules['pyarrow'] = None; from pagesieve.cli import main; sys.exit(main(['a.jsonl']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=command.environment, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install '.[bulk]'" in done.stderr


def test_one_page_imports_nothing_of_many(command: Any) -> None:
    program = "import sys; from pagesieve.cli import main; main(['-']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], input="A page.", capture_output=True, text=True, env=command.environment, check=True
    )
    assert not {"pyarrow", "fsspec", "fastwarc", "zstandard", "tqdm", "pagesieve.bulk"} & set(done.stdout.split())


def test_a_command_killed_at_random_among_all_faults_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    soak = script(Path(__file__).parents[1] / "benchmarks" / "soak.py")
    pages = [page_text(page_lines("unseen", i)) for i in range(7)]
    found = soak.soak(tmp_path, pages, 2000, kills=3, jobs=2, checkpoint=0.1)
    assert found["identical"]
    assert found["killed"]
    assert found["rows"] + found["errors"] == 2000
    assert found["errors"] > 20


def test_pages_of_the_corpus_are_the_same_one_by_one_together_and_by_the_command(tmp_path: Path) -> None:
    sieve = load()
    root = Path(__file__).parents[1] / "data" / "raw"
    paths = sorted(root.glob("*/*"))[::3]
    with threadpool_limits(1):  # as in the command: with more, sums are made in another order and differ in the seventh digit
        one_by_one = [sieve.segment(path.read_bytes()) for path in paths]
        together = list(sieve.segment_many(path.read_bytes() for path in paths))
    for path, one, other in zip(paths, one_by_one, together, strict=True):
        assert one == other, path
    run(Job(tuple(map(str, paths)), str(tmp_path / "rows.jsonl"), jobs=2, segments=True), sieve)
    for path, answer, row in zip(paths, one_by_one, read(tmp_path / "rows.jsonl"), strict=True):
        assert row["id"] == str(path)
        assert [(s["start"], s["end"], s["role"], s["probability"]) for s in row["segments"]] == [
            (s.start, s.end, s.role, round(s.probability, 4)) for s in answer
        ]
        assert row["body"] == answer.body
