"""The end of the way of many pages: rows → parts beside the output, each of them whole → the output.

While a run lasts, `OUTPUT.parts/` holds its rows and errors in numbered parts and `journal.json`, which says how many of them
count and which record of the input they end with. A part is written, then the journal: whatever moment a run is killed at, what
the journal says is so, and the next run goes on from there. At the end the parts become the output in one step. A lock in the
folder keeps a second run from the same output.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pagesieve.addresses import alone, found, opened, read, remove, replacing_at
from pagesieve.arrow import schema
from pagesieve.readers import form_of

__all__ = ["Cursor", "Parts", "Progress", "RunError", "Stream"]

PART_BYTES = 16_000_000  # bytes of rows and errors held until they are a part
ROW_GROUP, GROUP_BYTES = 1000, 16_000_000  # rows, and bytes of their texts, from which a group of Parquet's rows is full
COPIED = 1 << 20  # bytes copied at once

_OURS = re.compile(r"\d{6,}\.(jsonl|parquet|errors)|journal\.json|lock|\.[^/]*\.part")  # what a run puts into its folder


class RunError(ValueError):
    """A run that cannot go on, or begin; the message names the file, what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the input has been read: to the `records`th record of the file number `source`, at `address`, of `size` bytes.

    `seen` is a digest of all files up to that one: their addresses, sizes, and when they last changed.
    """

    source: int = 0
    address: str = ""
    size: int = 0
    records: int = 0
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: `parts` written, `pages` and `failed` records in them, and whether the output stands (`joined`).

    `first` is what is wrong with the first of the failed records, and where it stood. `passed` says, once the run has ended, how many files in folders
    were no pages, by the ending of their names; {} where it had ended before.
    """

    parts: int = 0
    pages: int = 0
    failed: int = 0
    joined: bool = False
    cursor: Cursor = Cursor()
    first: str = ""
    passed: Mapping[str, int] = field(default_factory=dict)

    def counting(self, pages: int, failures: Sequence[dict[str, Any]]) -> Progress:
        """The progress after so many more pages, and these bad records."""
        first = self.first or next((f"{failure['place']}: {failure['error']}" for failure in failures), "")
        return replace(self, pages=self.pages + pages, failed=self.failed + len(failures), first=first)


class Parts:
    """The rows of one run on their way to `output`, its errors on theirs to `errors`. Nothing is touched before `begin`.

    From `begin` to `finish` or `close` no other run may have the output.
    """

    def __init__(self, output: str, errors: str, segments: bool, seconds: float) -> None:
        """`seconds` is the time after which rows become a part at the latest."""
        self.folder = f"{output}.parts"
        self._journal, self._lock = f"{self.folder}/journal.json", f"{self.folder}/lock"
        self._own = ExitStack()  # what is given back at the end
        self._output, self._errors, self._seconds = output, errors, seconds
        self._form = form_of(output) or "jsonl"
        self._schema = _without_error(schema(segments))
        self._held: list[pa.RecordBatch] = []
        self._failures: list[bytes] = []
        self._bytes = 0
        self._since = time.monotonic()
        self._settled = True  # whether what is held and what `progress` says of it agree

    def begin(self, job: dict[str, Any], anew: bool = False) -> Progress:
        """How far an earlier run of the same `job` came; from the start if there is none, or with `anew`.

        `job` is all that the output depends on, as JSON values. Raises `RunError` where the parts are another job's, the folder
        has been somebody else's, or another run is at work on them.
        """
        self._refuse_foreign()
        try:
            self._own.enter_context(alone(self._lock))
        except BlockingIOError as error:
            raise RunError(f"{self._output}: another run is writing to it; wait until it has ended, or give another -o") from error
        self.progress = Progress()
        self._job = job
        journal = read(self._journal)
        if journal is None or anew:
            self._note(self.progress)  # what cannot be written is found out before any work; from here on no part counts
            for address in [file.address for file in found(self.folder)]:
                if not address.endswith(("/journal.json", "/lock")):
                    remove(address)
            return self.progress
        known, self.progress = self._stored(journal)
        other = [name for name, value in job.items() if known.get(name) != value]
        if other:
            raise RunError(
                f"{self.folder}: belongs to a run with another {other[0]} ({known.get(other[0])!r}, now {job[other[0]]!r}); "
                "give the same command again to go on, or --restart to begin anew"
            )
        return self.progress

    def add(self, rows: Sequence[pa.RecordBatch], failures: Sequence[dict[str, Any]], cursor: Cursor) -> None:
        """Take the rows and errors up to `cursor`."""
        self._settled = False
        self._held.extend(batch.select(self._schema.names) for batch in rows)
        lines = list(map(_line, failures))
        self._failures.extend(lines)
        self._bytes += sum(batch.nbytes for batch in rows) + sum(map(len, lines))
        self.progress = replace(self.progress.counting(sum(batch.num_rows for batch in rows), failures), cursor=cursor)
        self._settled = True
        if self._bytes >= PART_BYTES or time.monotonic() - self._since >= self._seconds:
            self.keep()

    def keep(self) -> None:
        """Make a part of what is held: from here on it is safe. Does nothing where Ctrl-C came amid this or `add`: the journal holds."""
        if not self._settled:
            return
        self._settled = False
        if self._held or self._failures:
            name = self._part(self.progress.parts)
            with replacing_at(f"{name}.{self._form}") as file:
                if self._form == "parquet":
                    import pyarrow.parquet as pq  # takes 10 MB

                    pq.write_table(pa.Table.from_batches(self._held, self._schema), file, compression="zstd")
                else:
                    file.writelines(_lines(self._held))
            with replacing_at(f"{name}.errors") as file:
                file.writelines(self._failures)
            self._note(replace(self.progress, parts=self.progress.parts + 1))
        self._held, self._failures, self._bytes, self._since = [], [], 0, time.monotonic()
        self._settled = True

    def finish(self) -> Progress:
        """Make the output and the errors of all parts, each in one step, and remove the parts."""
        if not self.progress.joined:
            self.keep()
            names = [self._part(number) for number in range(self.progress.parts)]
            with replacing_at(self._errors) as file:
                _copy([f"{name}.errors" for name in names], file)
            with replacing_at(self._output) as file, _packed(file, self._output) as packed:
                if self._form == "parquet":
                    _join_parquet([f"{name}.parquet" for name in names], packed, self._schema)
                else:
                    _copy([f"{name}.jsonl" for name in names], packed)
            self._note(replace(self.progress, joined=True))
        for number in range(self.progress.parts):  # the journal goes last: without parts it says that all is done
            for end in (self._form, "errors"):
                remove(f"{self._part(number)}.{end}")
        self.close()  # some systems remove no file that is open
        remove(self.folder)
        return self.progress

    def close(self) -> None:
        """Let other runs have the output; what was kept stays."""
        self._own.close()

    def _stored(self, journal: bytes) -> tuple[dict[str, Any], Progress]:
        """The job that the journal is of, and how far it came."""
        try:
            stored: dict[str, Any] = json.loads(journal)
            progress = Progress(**{**stored["progress"], "cursor": Cursor(**stored["progress"]["cursor"])})
            return dict(stored["job"]), progress
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            told = f"{type(error).__name__}: {error}"
            raise RunError(f"{self._journal}: not the journal of a run ({told}); give --restart to begin anew") from error

    def _refuse_foreign(self) -> None:
        """Raise `RunError` where the folder, which goes at the end, holds what no run has put there."""
        try:
            held = [file.address for file in found(self.folder)]
        except FileNotFoundError:
            return
        for address in held:
            name = address.rpartition(f"{os.path.basename(self.folder)}/")[2]
            if not _OURS.fullmatch(name):
                raise RunError(f"{self.folder}: holds {name}, which is no part of a run; move it or give another output")

    def _part(self, number: int) -> str:
        return f"{self.folder}/{number:06d}"

    def _note(self, progress: Progress) -> None:
        with replacing_at(self._journal) as file:
            file.write(json.dumps({"job": self._job, "progress": asdict(progress)}, indent=1).encode("utf-8"))
        self.progress = progress


class Stream:
    """Rows to standard output as they come, as JSONL; errors to standard error. What was cut off begins anew."""

    def __init__(self) -> None:
        self.progress = Progress()

    def begin(self, job: dict[str, Any], anew: bool = False) -> Progress:
        """From the start. Raises `RunError` where a shell has closed standard output."""
        if sys.stdout is None:
            raise RunError("standard output: is closed; give -o FILE")
        return self.progress

    def add(self, rows: Sequence[pa.RecordBatch], failures: Sequence[dict[str, Any]], cursor: Cursor) -> None:
        """Print the rows and errors. Raises `BrokenPipeError` where nobody reads on, `RunError` where they cannot be written."""
        try:
            sys.stdout.buffer.writelines(_lines([batch.select(_without_error(batch.schema).names) for batch in rows]))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise RunError(f"standard output: cannot be written ({error}); give -o FILE, or make room") from error
        for failure in failures:
            print(f"pagesieve: {failure['place']}: {failure['error']}", file=sys.stderr)
        self.progress = self.progress.counting(sum(batch.num_rows for batch in rows), failures)

    def keep(self) -> None:
        """Nothing to do."""

    def finish(self) -> Progress:
        """How many pages there were."""
        return self.progress

    def close(self) -> None:
        """Nothing to do."""


def _without_error(form: pa.Schema) -> pa.Schema:
    return form.remove(form.get_field_index("error"))


def _line(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _lines(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    return (_line(row) for batch in batches for row in batch.to_pylist())


@contextmanager
def _packed(file: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """`file`, packed as its name asks for; the same bytes for the same rows."""
    if name.endswith(".gz"):
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # it is an IO[bytes] in all but name
    elif name.endswith(".zst"):
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as packed:
            yield packed
    else:
        yield file


def _copy(names: Iterable[str], target: IO[bytes]) -> None:
    for name in names:
        with opened(name) as file:
            while block := file.read(COPIED):
                target.write(block)


def _join_parquet(names: Iterable[str], target: IO[bytes], form: pa.Schema) -> None:
    """Write the parts' rows as one file; where the parts ended is not to be seen in it."""
    import pyarrow.parquet as pq

    with closing(pq.ParquetWriter(target, form, compression="zstd")) as writer:
        held: list[pa.RecordBatch] = []
        rows = size = 0  # of what is held
        for batch in _read_parquet(names):
            begin = 0
            for place, more in enumerate(_bytes(batch).tolist(), 1):
                rows, size = rows + 1, size + more
                if rows == ROW_GROUP or size >= GROUP_BYTES:
                    writer.write_table(_one_piece([*held, batch.slice(begin, place - begin)], form), ROW_GROUP)
                    held, begin, rows, size = [], place, 0, 0
            if begin < batch.num_rows:
                held.append(batch.slice(begin))
        if held:
            writer.write_table(_one_piece(held, form), ROW_GROUP)


def _bytes(rows: pa.RecordBatch) -> NDArray[np.int64]:
    """The bytes of each row's texts, those of its lists and their fields included; shape (rows,)."""
    total = np.zeros(rows.num_rows, dtype=np.int64)
    for column in rows.columns:
        total += _bytes_of(column)
    return total


def _bytes_of(values: pa.Array) -> NDArray[np.int64]:
    import pyarrow.compute as pc  # takes time and memory, too

    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.asarray(pc.fill_null(pc.binary_length(values), 0), dtype=np.int64)
    total = np.zeros(len(values), dtype=np.int64)
    if pa.types.is_struct(values.type):
        for field in values.flatten():
            total += _bytes_of(field)
    if pa.types.is_list(values.type):
        row, inside = pc.list_parent_indices(values), pc.list_flatten(values)
        total += np.bincount(np.asarray(row), _bytes_of(inside), minlength=len(values)).astype(np.int64)
    return total


def _one_piece(batches: Sequence[pa.RecordBatch], form: pa.Schema) -> pa.Table:
    """One array a column: where arrays end, Parquet's data pages may end, too."""
    return pa.Table.from_batches(batches, form).combine_chunks()


def _read_parquet(names: Iterable[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    for name in names:
        with opened(name) as file, pq.ParquetFile(file) as part:
            yield from part.iter_batches(ROW_GROUP, use_threads=False)
