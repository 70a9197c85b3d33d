from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mortal import Killed, Mortal

from pagesieve import addresses, parts
from pagesieve.arrow import array, schema
from pagesieve.parts import GROUP_BYTES, ROW_GROUP, Cursor, Parts, Progress, RunError, Stream, _bytes

JOB: dict[str, Any] = {"inputs": ["a.jsonl"], "dial": 0.5}
NEVER = 1e9  # seconds
LIVES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)

Record = str | None  # the body of a row, or a bad record


def rows(bodies: Sequence[str], first: int = 0) -> list[pa.RecordBatch]:
    """Rows as `arrow` makes them, with a column for errors; their ids count from `first`."""
    columns: dict[str, list[Any]] = {name: [None] * len(bodies) for name in schema().names}
    columns |= {"id": [str(first + i) for i in range(len(bodies))], "body": list(bodies), "confidence": [0.5] * len(bodies)}
    return [pa.record_batch([array(columns[part.name], part.type) for part in schema()], schema=schema())]


def failures(count: int) -> list[dict[str, Any]]:
    return [{"id": str(i), "place": f"line {i}", "error": "no page"} for i in range(count)]


def store(output: str | Path, seconds: float = NEVER) -> Parts:
    return Parts(str(output), f"{output}.errors.jsonl", False, seconds)


def go_on(to: Parts, records: Sequence[Record], step: int) -> Progress:
    """The records after those that are done, `step` of them at a time, a part for each of these."""
    for start in range(to.progress.cursor.records, len(records), step):
        some = records[start : start + step]
        bodies = [record for record in some if record is not None]
        to.add(rows(bodies, to.progress.pages), failures(len(some) - len(bodies)), Cursor(records=start + len(some)))
    return to.finish()


def written(output: str | Path, records: Sequence[Record], step: int = 100) -> bytes:
    """The output of a run that nothing disturbs."""
    to = store(output, seconds=0.0)
    to.begin(JOB)
    go_on(to, records, step)
    return addresses.read(str(output)) or b""


def beside(output: Path) -> list[str]:
    return sorted(path.name for path in output.parent.iterdir())


# ------------------------------------------------------------------------------------------------------- the output


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
def test_the_output_is_the_rows_in_order(tmp_path: Path, name: str) -> None:
    bodies = ["Ebb.", "", "Zwei\nZeilen – \u2028", "\ud800"]
    data = written(tmp_path / name, [*bodies[:2], None, *bodies[2:], None], step=2)
    assert beside(tmp_path / name) == [name, f"{name}.errors.jsonl"]
    assert [json.loads(line)["error"] for line in (tmp_path / f"{name}.errors.jsonl").read_bytes().splitlines()] == ["no page"] * 2
    if name == "out.parquet":
        found = pq.read_table(tmp_path / name).to_pylist()
    else:
        unpack: dict[str, Callable[[bytes], bytes]] = {
            ".gz": gzip.decompress,
            ".zst": lambda packed: zstandard.ZstdDecompressor().stream_reader(packed).read(),
        }
        found = [json.loads(line) for line in unpack.get(Path(name).suffix, bytes)(data).split(b"\n")[:-1]]
    assert [row["body"] for row in found] == ["Ebb.", "", "Zwei\nZeilen – \u2028", "?"]
    assert [row["id"] for row in found] == ["0", "1", "2", "3"]
    assert list(found[0]) == [column for column in schema().names if column != "error"]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_no_rows_give_an_empty_output(tmp_path: Path, name: str) -> None:
    data = written(tmp_path / name, [])
    if name == "out.parquet":
        assert pq.read_table(tmp_path / name).schema.names == [column for column in schema().names if column != "error"]
    else:
        assert (gzip.decompress(data) if name.endswith("gz") else data) == b""
    assert (tmp_path / f"{name}.errors.jsonl").read_bytes() == b""


@pytest.mark.parametrize("count", [ROW_GROUP - 1, ROW_GROUP, ROW_GROUP + 1, 2 * ROW_GROUP])
@pytest.mark.parametrize("step", [150, 999, 3000])
def test_row_groups_are_full_but_the_last(tmp_path: Path, count: int, step: int) -> None:
    bodies = [str(i) for i in range(count)]
    written(tmp_path / "out.parquet", bodies, step)
    found = pq.ParquetFile(tmp_path / "out.parquet")
    sizes = [found.metadata.row_group(i).num_rows for i in range(found.num_row_groups)]
    assert sizes == [*[ROW_GROUP] * (count // ROW_GROUP), *([count % ROW_GROUP] if count % ROW_GROUP else [])]
    assert found.read().column("body").to_pylist() == bodies


@pytest.mark.parametrize("step", [1, 2, 9])
def test_row_groups_of_long_rows_have_fewer(tmp_path: Path, step: int) -> None:
    long = "x" * (GROUP_BYTES // 2)
    bodies = ["a", long, long, "b", "c", long, "d", long, "e"]
    written(tmp_path / "out.parquet", bodies, step)
    found = pq.ParquetFile(tmp_path / "out.parquet")
    assert [found.metadata.row_group(i).num_rows for i in range(found.num_row_groups)] == [3, 5, 1]
    assert found.read().column("body").to_pylist() == bodies


def test_the_bytes_of_a_row_are_those_of_all_its_texts() -> None:
    kind = pa.struct({"text": pa.string(), "place": pa.int64(), "more": pa.list_(pa.string())})
    rows = [
        {"one": "ab", "many": [{"text": "cde", "place": 1, "more": ["f", None]}, None]},
        {"one": None, "many": None},
        {"one": "é", "many": []},
        {"one": "", "many": [{"text": None, "place": 2, "more": ["gh", "ij"]}]},
    ]
    batch = pa.RecordBatch.from_pylist(rows, pa.schema({"one": pa.string(), "many": pa.list_(kind)}))
    assert _bytes(batch).tolist() == [6, 0, 2, 4]
    assert _bytes(batch.slice(2)).tolist() == [2, 4]


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
def test_where_parts_end_is_not_to_be_seen_in_large_outputs(tmp_path: Path, name: str) -> None:
    letters = random.Random(1)
    bodies = [letters.randbytes(1500).hex() for _ in range(ROW_GROUP + 300)]  # more than a data page, a window or a block holds
    expected = written(tmp_path / name, bodies, step=5000)
    for step in (90, 300, 999):
        assert written(tmp_path / name, bodies, step) == expected, step


def test_the_output_may_lie_afar(tmp_path: Path) -> None:
    records = ["Ebb.", None, "Flow."]
    expected = written(tmp_path / "out.jsonl", records, step=1)
    assert written("memory:///tides/out.jsonl", records, step=1) == expected
    assert [file.address for file in addresses.found("memory:///tides")] == [
        "memory:///tides/out.jsonl",
        "memory:///tides/out.jsonl.errors.jsonl",
    ]
    addresses.remove("memory:///tides")


# -------------------------------------------------------------------------------------------------- when parts are made


def parts_of(to: Parts) -> int:
    return len(list(Path(to.folder).glob("*.errors")))


@pytest.mark.parametrize("what", ["rows", "errors"])
def test_enough_bytes_become_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    to = store(tmp_path / "out.jsonl")
    given = (rows(["Ebb."]), []) if what == "rows" else ([], failures(1))
    size = given[0][0].nbytes if what == "rows" else len(json.dumps(failures(1)[0])) + 1
    with closing(to):
        to.begin(JOB)
        for limit, expected in ((size + 1, [0, 1]), (size, [2, 3]), (2 * size + 1, [3, 3, 4])):
            monkeypatch.setattr(parts, "PART_BYTES", limit)
            made = []
            for _ in expected:
                to.add(*given, Cursor())
                made.append(parts_of(to))
            assert made == expected, limit


def test_a_part_is_made_after_some_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(parts, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    to = store(tmp_path / "out.jsonl", seconds=30.0)
    with closing(to):
        to.begin(JOB)
        made = []
        for clock[0] in (29.9, 30.0, 59.9, 60.0):
            to.add(rows(["Ebb."]), [], Cursor())
            made.append(parts_of(to))
    assert made == [0, 1, 1, 2]


def test_nothing_held_makes_no_part(tmp_path: Path) -> None:
    to = store(tmp_path / "out.jsonl")
    with closing(to):
        to.begin(JOB)
        to.keep()
        to.add([], [], Cursor())
        to.keep()
        assert to.progress.parts == parts_of(to) == 0


# --------------------------------------------------------------------------------------------------------- going on

Life = tuple[int, bool, bool, int]  # files written, whether the last is whole, whether the end is Ctrl-C, records a part


@LIVES
@given(
    st.sampled_from(["out.jsonl", "out.jsonl.gz", "out.parquet"]),
    st.lists(st.none() | st.text(max_size=5), max_size=25),
    st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.booleans(), st.integers(1, 9)), max_size=6),
)
def test_whatever_runs_are_killed_the_output_is_the_concatenation_of_the_rows(
    tmp_path: Path, name: str, records: list[Record], lives: list[Life]
) -> None:
    expected = written(tmp_path / name, records)
    if name == "out.jsonl":
        assert [json.loads(line)["body"] for line in expected.splitlines()] == [record for record in records if record is not None]
    errors = (tmp_path / f"{name}.errors.jsonl").read_bytes()
    for end in (name, f"{name}.errors.jsonl"):
        (tmp_path / end).unlink()
    for left, after, interrupted, step in [*lives, (sys.maxsize, False, False, 3)]:
        to = store(tmp_path / name, seconds=0.0)
        mortal = Mortal(left, after, KeyboardInterrupt if interrupted else Killed)
        with closing(to), patch.object(parts, "replacing_at", mortal.replacing_at):
            try:
                to.begin(JOB)
                done = to.finish() if to.progress.joined else go_on(to, records, step)
                break
            except KeyboardInterrupt:
                mortal.left = sys.maxsize
                to.keep()
            except Killed:
                pass
    bad = records.count(None)
    assert (done.pages, done.failed) == (len(records) - bad, bad)
    assert (tmp_path / name).read_bytes() == expected
    assert (tmp_path / f"{name}.errors.jsonl").read_bytes().count(b"\n") == errors.count(b"\n") == bad
    assert beside(tmp_path / name) == [name, f"{name}.errors.jsonl"]
    for end in (name, f"{name}.errors.jsonl"):
        (tmp_path / end).unlink()


@pytest.mark.parametrize("method", ["_note", "add"])
def test_an_interruption_amid_the_bookkeeping_doubles_no_row(tmp_path: Path, method: str) -> None:
    records = ["Ebb.", "Flow.", None, "Slack.", "Spring.", "Neap."]
    expected = written(tmp_path / "out.jsonl", records, step=1)
    done = getattr(Parts, method)
    calls = iter(range(3))

    def interrupt(self: Parts, *arguments: Any) -> None:
        if method == "add" and next(calls, None) is None:
            self._settled = False
            self._held.extend(arguments[0])
            raise KeyboardInterrupt
        done(self, *arguments)
        if method == "_note" and next(calls, None) is None:
            raise KeyboardInterrupt

    to = store(tmp_path / "out.jsonl", seconds=0.0)
    with closing(to), patch.object(Parts, method, interrupt):
        to.begin(JOB)
        with pytest.raises(KeyboardInterrupt):
            go_on(to, records, 1)
        to.keep()
    assert written(tmp_path / "out.jsonl", records, step=1) == expected


def stopped(output: Path) -> Parts:
    """A run that was stopped after two parts."""
    to = store(output, seconds=0.0)
    with closing(to):
        to.begin(JOB)
        for number in (1, 2):
            to.add(rows([f"Tide {number}."]), failures(1), Cursor(0, "a.jsonl", 99, 2 * number))
    return to


def test_the_same_job_goes_on_and_another_does_not(tmp_path: Path) -> None:
    progress = stopped(tmp_path / "out.jsonl").progress
    assert progress == Progress(2, 2, 2, False, Cursor(0, "a.jsonl", 99, 4), "line 0: no page")
    with closing(store(tmp_path / "out.jsonl")) as to:
        assert to.begin(JOB) == progress
    with closing(store(tmp_path / "out.jsonl")) as to, pytest.raises(RunError) as caught:
        to.begin({**JOB, "dial": 0.1})
    assert str(caught.value) == (
        f"{tmp_path}/out.jsonl.parts: belongs to a run with another dial (0.5, now 0.1); "
        "give the same command again to go on, or --restart to begin anew"
    )
    with closing(store(tmp_path / "out.jsonl")) as to:
        assert to.begin({**JOB, "dial": 0.1}, anew=True) == Progress()
        assert sorted(os.listdir(to.folder)) == ["journal.json", "lock"]


def test_parts_that_no_journal_counts_are_removed(tmp_path: Path) -> None:
    Path(stopped(tmp_path / "out.jsonl").folder, "journal.json").unlink()
    assert [json.loads(line)["body"] for line in written(tmp_path / "out.jsonl", ["Ebb."]).splitlines()] == ["Ebb."]
    assert beside(tmp_path / "out.jsonl") == ["out.jsonl", "out.jsonl.errors.jsonl"]


def test_a_restart_that_is_killed_counts_no_part_it_has_removed(tmp_path: Path) -> None:
    stopped(tmp_path / "out.jsonl")
    with closing(store(tmp_path / "out.jsonl")) as to, patch.object(parts, "remove", side_effect=Killed), pytest.raises(Killed):
        to.begin(JOB, anew=True)
    with closing(store(tmp_path / "out.jsonl")) as to:
        assert to.begin(JOB) == Progress()


@pytest.mark.parametrize(
    ("journal", "fault"),
    [
        ("", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ('{"job": {}}', "KeyError: 'progress'"),
        ('{"job": {}, "progress": null}', "TypeError: 'NoneType' object is not a mapping"),
        ('{"job": null, "progress": {"cursor": {}}}', "TypeError: 'NoneType' object is not iterable"),
        (
            '{"job": {}, "progress": {"cursor": {}, "lines": 1}}',
            "TypeError: Progress.__init__() got an unexpected keyword argument 'lines'",
        ),
        ("[]", "TypeError: list indices must be integers or slices, not str"),
    ],
)
def test_a_broken_journal_is_told(tmp_path: Path, journal: str, fault: str) -> None:
    path = Path(stopped(tmp_path / "out.jsonl").folder, "journal.json")
    path.write_text(journal)
    with closing(store(tmp_path / "out.jsonl")) as to, pytest.raises(RunError) as caught:
        to.begin(JOB)
    assert str(caught.value) == f"{path}: not the journal of a run ({fault}); give --restart to begin anew"
    with closing(store(tmp_path / "out.jsonl")) as to:
        assert to.begin(JOB, anew=True) == Progress()


def test_an_output_that_stands_is_not_made_again(tmp_path: Path) -> None:
    to = store(tmp_path / "out.jsonl", seconds=0.0)
    with closing(to), patch.object(parts, "remove", side_effect=Killed):
        to.begin(JOB)
        with pytest.raises(Killed):
            go_on(to, ["Ebb.", "Flow."], 1)
    (tmp_path / "out.jsonl").write_bytes(b"read and changed since")
    with closing(store(tmp_path / "out.jsonl")) as to:
        assert to.begin(JOB).joined
        assert to.finish().pages == 2
    assert (tmp_path / "out.jsonl").read_bytes() == b"read and changed since"
    assert beside(tmp_path / "out.jsonl") == ["out.jsonl", "out.jsonl.errors.jsonl"]


def test_what_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with closing(store(tmp_path / "file" / "out.jsonl")) as to, pytest.raises(OSError, match=r"file/out\.jsonl\.parts"):
        to.begin(JOB)


# ------------------------------------------------------------------------------------------------- two runs at once

HOLDER = """
import sys
from pagesieve.parts import Cursor, Parts
to = Parts(sys.argv[1], sys.argv[1] + ".errors.jsonl", False, 0.0)
to.begin({"inputs": ["a.jsonl"], "dial": 0.5})
to.add([], [{"id": "0", "place": "line 1", "error": "no page"}], Cursor(records=1))
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("anew", [False, True])
def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path, anew: bool) -> None:
    output = tmp_path / "out.jsonl"
    program = [sys.executable, "-c", HOLDER, str(output)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"begun\n"
        with closing(store(output)) as to, pytest.raises(RunError) as caught:
            to.begin(JOB, anew)
        assert str(caught.value) == f"{output}: another run is writing to it; wait until it has ended, or give another -o"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with closing(store(output)) as to:
            assert to.begin(JOB, anew).failed == (0 if anew else 1)


def test_the_output_is_free_once_a_run_is_closed_or_finished(tmp_path: Path) -> None:
    first, second = store(tmp_path / "out.jsonl"), store(tmp_path / "out.jsonl")
    first.begin(JOB, anew=True)
    with pytest.raises(RunError, match="another run is writing"):
        second.begin(JOB)
    first.close()
    second.begin(JOB)
    second.finish()
    with closing(first):
        assert first.begin(JOB) == Progress()


def test_outputs_side_by_side_are_written_at_once(tmp_path: Path) -> None:
    with closing(store(tmp_path / "a.jsonl")) as one, closing(store(tmp_path / "b.jsonl")) as other:
        assert one.begin(JOB) == other.begin(JOB) == Progress()


# --------------------------------------------------------------------------------------------------- standard output


def test_a_stream_gives_rows_and_errors_as_they_come(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    to = Stream()
    assert to.begin(JOB) == Progress()
    to.add(rows(["Ebb.", "Zwei\n–"]), [{"place": "a.jsonl, line 2", "error": "no page"}], Cursor(records=3))
    out, err = capfdbinary.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["body"] for row in found] == ["Ebb.", "Zwei\n–"]
    assert not any("error" in row for row in found)
    assert err == b"pagesieve: a.jsonl, line 2: no page\n"
    to.keep()
    assert to.finish() == Progress(pages=2, failed=1, first="a.jsonl, line 2: no page")
    to.close()
    assert capfdbinary.readouterr() == (b"", b"")
