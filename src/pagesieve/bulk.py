"""The whole way of many pages: `readers` → batches → `arrow`, in one process or several → `parts`. What the command runs.

Memory is bounded whatever the input: a batch has few pages and bytes, and each process has few batches waiting. The order of
the input is kept, and how far it has been read goes with each batch, so that a run that was cut off goes on where its last
part ends.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import signal
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import resource_tracker
from typing import IO, Any, TypeAlias

import pyarrow as pa
from joblib.externals.loky.backend import resource_tracker as loky_resource_tracker
from joblib.externals.loky.process_executor import ProcessPoolExecutor
from tqdm import tqdm

from pagesieve import __version__
from pagesieve.addresses import AddressError, check, normalised
from pagesieve.arrow import BATCH_BYTES, Segmenter, array
from pagesieve.calibration import DIAL
from pagesieve.parts import Cursor, Parts, Progress, RunError, Stream
from pagesieve.readers import PASSED, Fields, Record, Source, ending, records, sources
from pagesieve.sieve import BATCH, Kind, Sieve

__all__ = ["MAX_BYTES", "SECONDS", "AddressError", "Job", "RunError", "run"]

LONGEST_ERROR = 1 << 20  # bytes of the first entry of an error list
MAX_BYTES = 2_000_000  # bytes of a page: as many as a process can take with 250 MB
SECONDS = 30.0  # between two parts: what a killed run loses at most
WAITING = 4  # batches that may wait for each process: one large page keeps the others busy
SHOWN = 10.0  # seconds between two lines of progress in a log file
WATCH = 0.5  # seconds in which a process finds out that its parent is gone
STOPS = (signal.SIGINT, signal.SIGTERM)
DEATHS = 3  # pages in a row on which the process that has them dies, from which it is not the pages


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, how, and where to. `output=""` is standard output; `errors=""` is `<output>.errors.jsonl`; `quiet` shows no progress."""

    inputs: tuple[str, ...]
    output: str = ""
    errors: str = ""
    jobs: int = 1
    segments: bool = False
    kind: Kind = "auto"
    dial: float = DIAL
    encoding: str = ""
    jsonl: bool = False
    fields: Fields = field(default_factory=Fields)
    max_bytes: int = MAX_BYTES
    seconds: float = SECONDS
    restart: bool = False
    quiet: bool = False

    @property
    def error_list(self) -> str:
        """Where bad records are listed; "" for standard error, beside rows to standard output."""
        return self.errors or (f"{self.output}.errors.jsonl" if self.output else "")


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some records, their pages as Arrow has them, and where the input stands after them."""

    records: tuple[Record, ...]
    pages: pa.RecordBatch
    cursor: Cursor


_Waiting: TypeAlias = "tuple[_Batch, Future[list[pa.RecordBatch]]]"


def run(job: Job, sieve: Sieve) -> Progress:
    """Segment all pages of the job's inputs and write its rows and errors; returns how many there were.

    Goes on where an earlier run of the same job was cut off. Raises `FileNotFoundError` for an input that is not there, `RunError`
    where the parts of an earlier run do not fit, a file is to be two things at once or another run writes to the same output,
    `AddressError` for an address of no known kind, `OSError` where rows cannot be written.
    """
    errors = job.error_list
    own = [job.output, errors, f"{job.output}.parts"] if job.output else []
    for address in own:  # before any work, not after hours of it; so are the inputs
        check(address)
    if own and any(_is_at(errors, address) for address in (job.output, f"{job.output}.parts")):
        raise RunError(f"{errors}: the error list would be lost in the output's place; give another --errors")
    if own and not _is_error_list(errors):
        raise RunError(f"{errors}: is there and is no list of bad records; give another --errors, or take it away")
    if job.errors and (barred := _barred(errors)):
        raise RunError(f"{errors}: the error list cannot be written, {barred} is no folder that may be written to; give another --errors")
    for argument in job.inputs:
        if all(source.form == PASSED for source in _foreign(sources([argument], job.jsonl), own)):
            raise RunError(f"{argument}: holds only what this run would write over; give another -o or --errors, or another input")
    work = Segmenter(sieve, job.segments, job.kind, job.dial, job.encoding)
    store = Parts(job.output, errors, job.segments, job.seconds) if job.output else Stream()
    passed = Counter[str]()
    with closing(store):
        done = store.begin(_fingerprint(job, work), job.restart)
        if not done.joined:
            _fill(store, job, work, _batches(_items(job, done.cursor, own, passed)))
        return replace(store.finish(), passed=dict(passed))


def _is_error_list(address: str) -> bool:
    """Whether a run may write over what is at the address: over nothing, or a list of bad records.

    Files afar are not looked at, nor is what is no file: a pipe would keep one waiting.
    """
    path = address.removeprefix("file://")
    if not os.path.isfile(path):
        return not os.path.isdir(path)
    try:
        with open(path, "rb") as file:
            line = file.readline(LONGEST_ERROR)
    except OSError:
        return True
    return not line or (line.startswith(b"{") and all(b'"%s"' % name in line for name in (b"place", b"error")))


def _barred(address: str) -> str:
    """The folder that keeps a file from being written at the address, the nearest one that is there; "" where none does, and afar."""
    path = address.removeprefix("file://")
    if "://" in path or (os.path.exists(path) and not os.path.isfile(path)):  # a pipe is not replaced
        return ""
    folder = os.path.dirname(os.path.abspath(path))
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return "" if os.path.isdir(folder) and os.access(folder, os.W_OK) else folder


def _fill(store: Parts | Stream, job: Job, work: Segmenter, batches: Iterable[_Batch]) -> None:
    """Segment the batches into the store; when that ends before its time, what was done is kept."""
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps tens of megabytes for later
    before = store.progress.pages + store.progress.failed
    shown: Any = sys.stderr if sys.stderr.isatty() else _Log(sys.stderr)
    every = 0.5 if sys.stderr.isatty() else SHOWN
    with tqdm(initial=before, unit=" pages", mininterval=every, file=shown, disable=job.quiet) as bar:
        try:
            for batch, rows in _judged(batches, work) if job.jobs == 1 else _Workers(job.jobs, work).judged(batches):
                good, failures = _sorted_out(batch, rows)
                with nullcontext() if job.output else tqdm.external_write_mode(shown):  # what is printed beside the bar has its own lines
                    store.add(good, failures, batch.cursor)
                bar.set_postfix(errors=store.progress.failed, refresh=False)
                bar.update(len(batch.records))
        except BaseException:
            store.keep()
            raise


class _Log(io.TextIOBase):
    """A file of lines, for a progress bar: each of its states is one, so that what others write does not run into it; none as long as no page is done."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        if (state := text.strip()) and not state.startswith("0 pages "):
            self._file.write(f"{state}\n")
        return len(text)

    def flush(self) -> None:
        self._file.flush()


def _fingerprint(job: Job, work: Segmenter) -> dict[str, Any]:
    """All that the rows depend on."""
    given = {k: v for k, v in asdict(job).items() if k not in ("output", "errors", "jobs", "seconds", "restart", "quiet")}
    return {**given, "inputs": list(map(normalised, job.inputs)), "model": work.model, "version": __version__}


# --------------------------------------------------------------------------------------------------------- reading


def _items(job: Job, start: Cursor, own: Sequence[str], passed: Counter[str]) -> Iterator[tuple[Record, Cursor]]:
    """The records after `start`, each with where it leaves the input. The run's `own` files are no input; others that are none are counted in `passed`."""
    number, seen = -1, hashlib.blake2b(digest_size=16)
    for number, source in enumerate(_with_pages(_foreign(sources(job.inputs, job.jsonl), own), passed)):
        seen.update(f"{source.name}\0{source.size}\0{source.changed}\0".encode())
        if number < start.source:
            continue
        skip = start.records if number == start.source else 0
        if skip and (source.address, source.size) != (start.address, start.size):
            raise _changed(start, f"in its place is now {source.address} of {source.size} bytes")
        upto = seen.hexdigest()
        if skip and upto != start.seen:
            raise _changed(start, "it or a file before it has changed since (one of a later time of change)")
        for count, record in enumerate(records(source, job.fields, job.max_bytes, skip, job.encoding), skip + 1):
            yield record, Cursor(number, source.address, source.size, count, upto)
    if start != Cursor() and number < start.source:
        raise _changed(start, "in its place is now nothing")


def _changed(start: Cursor, now: str) -> RunError:
    return RunError(
        f"{start.address}: of {start.size} bytes, is where the earlier run stopped, and {now}: restore the input as it was (with its time of change), or pass --restart to begin anew"
    )


def _with_pages(given: Iterable[Source], passed: Counter[str]) -> Iterator[Source]:
    """The files that hold pages; the others are counted in `passed`, by the ending of their name."""
    for source in given:
        if source.form == PASSED:
            passed[ending(source.name)] += 1
        else:
            yield source


def _foreign(given: Iterable[Source], own: Sequence[str]) -> Iterator[Source]:
    return (source for source in given if not any(_is_at(source.address, address) for address in own))


def _is_at(address: str, other: str) -> bool:
    """Whether the address is the `other` one, or below it."""
    place, start = _absolute(address), _absolute(other)
    return place == start or place.startswith(start + "/")


def _absolute(address: str) -> str:
    address = address.removeprefix("file://")
    return address if "://" in address else os.path.realpath(address)


def _batches(items: Iterable[tuple[Record, Cursor]]) -> Iterator[_Batch]:
    """The records in batches of at most `BATCH`, and of `BATCH_BYTES` unless one has more; texts and bytes never together."""
    held: list[Record] = []
    text = False
    size, cursor = 0, Cursor()
    for record, after in items:
        if held and (len(held) == BATCH or size + len(record.page) > BATCH_BYTES or not (record.fault or record.text == text)):
            yield _batch(held, text, cursor)
            held, size = [], 0
        if not record.fault and all(other.fault for other in held):
            text = record.text
        held.append(record)
        size += len(record.page)
        cursor = after
    if held:
        yield _batch(held, text, cursor)


def _batch(held: list[Record], text: bool, cursor: Cursor) -> _Batch:
    """The batch of these records, which lose their pages to it."""
    good = [record for record in held if not record.fault]
    pages = pa.record_batch(
        {
            "id": array([record.id for record in good], pa.string()),
            "url": array([record.url for record in good], pa.string()),
            "encoding": array([record.encoding for record in good], pa.string()),
            "kind": array([record.kind for record in good], pa.string()),
            "page": array([record.page for record in good], pa.string() if text else pa.binary()),
        }
    )
    held[:] = [replace(record, page=b"") for record in held]
    return _Batch(tuple(held), pages, cursor)


def _sorted_out(batch: _Batch, rows: Iterable[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], list[dict[str, Any]]]:
    """The rows of pages that were read, and what there is to say of the others, in the order of the input."""
    rows = list(rows)
    faults = [some.column("error").to_pylist() for some in rows]
    errors = itertools.chain.from_iterable(faults)
    failures = []
    for record in batch.records:
        error = record.fault or next(errors)
        if error:
            failures.append({"id": record.id, "place": record.place, "url": record.url, "error": error.removeprefix(f"{record.id}: ")})
    return [whole for some, found in zip(rows, faults, strict=True) for whole in _without(some, found)], failures


def _without(rows: pa.RecordBatch, faults: Sequence[str | None]) -> Iterator[pa.RecordBatch]:
    """The stretches of rows that have no fault. (`filter` would do it, too, with 11 MB of functions for columns in each process.)"""
    place = 0
    for faulty, stretch in itertools.groupby(faults, lambda fault: fault is not None):
        size = len(list(stretch))
        if not faulty:
            yield rows.slice(place, size)
        place += size


# --------------------------------------------------------------------------------------------------------- judging


def _judged(batches: Iterable[_Batch], work: Segmenter) -> Iterator[tuple[_Batch, list[pa.RecordBatch]]]:
    for batch in batches:
        yield batch, list(work.rows(batch.pages))


class _Workers:
    """Processes that have the model, sent once to each, and get batches of pages.

    A page on which a process dies (mostly: for want of memory) is found and refused, the others are done again.
    """

    def __init__(self, jobs: int, work: Segmenter) -> None:
        self._jobs, self._work = jobs, work
        self._deaths = 0  # in a row
        self._pool: ProcessPoolExecutor

    def judged(self, batches: Iterable[_Batch]) -> Iterator[tuple[_Batch, list[pa.RecordBatch]]]:
        """The rows of each batch, in order; at most `WAITING` batches a process are under way."""
        waiting: deque[_Waiting] = deque()
        first = list(itertools.islice(batches := iter(batches), self._jobs))
        self._jobs = max(1, len(first))  # no more than there is work for
        self._pool = self._start(self._jobs)
        try:
            for batch in itertools.chain(first, batches):
                waiting.append((batch, self._submit(batch.pages)))
                if len(waiting) == WAITING * self._jobs:
                    yield self._first(waiting)
            while waiting:
                yield self._first(waiting)
        finally:  # what was not begun is given up, what was is waited for
            for _, future in waiting:
                future.cancel()
            self._pool.shutdown()

    def _start(self, jobs: int) -> ProcessPoolExecutor:
        try:
            return ProcessPoolExecutor(jobs, initializer=_begin, initargs=(self._work, os.getpid()))
        except OSError as error:
            raise RunError(f"--jobs: {error}: this machine lets no processes share memory (/dev/shm); give --jobs 1") from error

    def _submit(self, pages: pa.RecordBatch) -> Future[list[pa.RecordBatch]]:
        future: Future[list[pa.RecordBatch]] = Future()
        try:
            with _undisturbed():  # the first one starts the processes
                future = self._pool.submit(_rows, pages)
        except BrokenProcessPool as error:  # is dealt with when its turn comes
            future.set_exception(error)
        return future

    def _first(self, waiting: deque[_Waiting]) -> tuple[_Batch, list[pa.RecordBatch]]:
        batch, future = waiting.popleft()
        try:
            return batch, future.result()
        except BrokenProcessPool:
            rows = self._one_by_one(batch.pages)
        self._pool = self._start(self._jobs)
        for _ in range(len(waiting)):
            other, lost = waiting.popleft()
            waiting.append((other, self._submit(other.pages) if lost.exception() else lost))
        return batch, rows

    def _one_by_one(self, pages: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The rows of these pages, each of them alone in a process, while nothing else is under way."""
        found: list[pa.RecordBatch] = []
        self._pool = self._start(1)
        for place in range(pages.num_rows):
            page = pages.slice(place, 1)
            try:
                found.extend(self._submit(page).result())
                self._deaths = 0
            except BrokenProcessPool as error:
                self._deaths += 1
                if self._deaths == DEATHS:
                    raise RunError(f"{DEATHS} processes in a row have died; try --jobs 1, which shows why") from error
                found.append(self._work.refused(page, "the process that had this page died, most likely for want of memory"))
                self._pool = self._start(1)
        self._pool.shutdown()
        return found


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the block is done, in this process and in those it starts, which leave them alone from then on (see `_begin`).

    Processes that are stopped while they start are waited for without end: by who writes them the model, and by Python as it leaves.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    for tracker in (resource_tracker, loky_resource_tracker):  # processes of their own, which would inherit the mask
        tracker.ensure_running()
    noted: list[int] = []
    # Another thread may get one in spite of the mask. None stands for a handler that is not Python's.
    before = {stop: signal.signal(stop, lambda number, _: noted.append(number)) or signal.SIG_DFL for stop in STOPS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for stop, handler in before.items():
            signal.signal(stop, handler)
    if noted:
        signal.raise_signal(noted[0])


_work: Segmenter  # of this process, where it is one of `_Workers`


def _begin(work: Segmenter, parent: int) -> None:
    """What a process does first: keep the model; leave Ctrl-C and SIGTERM to the parent and go when that is gone, however it went."""
    global _work
    _work = work
    pa.set_memory_pool(pa.system_memory_pool())
    for stop in STOPS:  # both may reach all processes at once: from a terminal, from what stops a service
        signal.signal(stop, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, args=[parent], daemon=True).start()


def _outlive_nobody(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def _rows(pages: pa.RecordBatch) -> list[pa.RecordBatch]:
    return list(_work.rows(pages))
