"""Beside a page's way: values that are too many for memory, kept in files of their own while a program runs.

A `Shelf` is a list on disk, read an item at a time; a `Column` a growing array on disk that several processes read. Both lie in the
system's folder for temporary files (`TMPDIR` names another one) and go when they are no longer used.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Column", "Shelf"]

T = TypeVar("T")


class Shelf(Sequence[T], Generic[T]):
    """A list on disk: every item is read anew each time it is asked for, so only those in use are in memory.

    Slices and `take` give shelves of the same items without copying them. Sent to another process it carries the file's name and the
    places in it alone; the file is there as long as the process that made it holds the shelf, or one taken from it.
    """

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._file = _File()
        self._places: list[int] = []
        for item in items:
            self.append(item)

    @classmethod
    def of(cls, items: Iterable[T]) -> Shelf[T]:
        """`items` on a shelf; themselves if they are on one."""
        return items if isinstance(items, cls) else cls(items)

    def append(self, item: T) -> None:
        """Put `item` at the end."""
        self._places.append(self._file.write(item))

    def take(self, numbers: Iterable[int]) -> Shelf[T]:
        """The items with these numbers, in this order."""
        found: Shelf[T] = Shelf.__new__(Shelf)
        found._file, found._places = self._file, [self._places[number] for number in numbers]
        return found

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Shelf[T]: ...
    def __getitem__(self, number: int | slice) -> T | Shelf[T]:
        if isinstance(number, slice):
            return self.take(range(len(self))[number])
        item: T = self._file.read(self._places[number])
        return item


@contextmanager
def _room(path: Path | str) -> Iterator[None]:
    """Tells what to do where the disk is full."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{path}: {error.strerror}; training keeps its pages in files there, TMPDIR names another folder") from error


class _File:
    """A temporary file of pickled items. It goes with the object that made it, at the latest when the program ends; not with that one's
    copies in other processes.
    """

    def __init__(self) -> None:
        self.stream: IO[bytes] = tempfile.NamedTemporaryFile(prefix="pagesieve-", suffix=".shelf", delete=False)  # noqa: SIM115
        weakref.finalize(self, Path(self.stream.name).unlink, missing_ok=True)  # also where Ctrl-C or a signal ends the program

    def write(self, item: object) -> int:
        with _room(self.stream.name):
            begin = self.stream.seek(0, os.SEEK_END)
            pickle.dump(item, self.stream, pickle.HIGHEST_PROTOCOL)
        return begin

    def read(self, begin: int) -> Any:
        self.stream.seek(begin)
        return pickle.load(self.stream)

    def __getstate__(self) -> str:
        self.stream.flush()
        return self.stream.name

    def __setstate__(self, name: str) -> None:
        self.stream = open(name, "rb")  # noqa: SIM115


class Column:
    """An array on disk that grows at its end, for any number of processes to read."""

    def __init__(self, path: Path, dtype: DTypeLike, width: tuple[int, ...] = ()) -> None:
        self.path, self.dtype, self.width, self.length = path, np.dtype(dtype), width, 0
        self._file = path.open("wb")

    def extend(self, values: NDArray[Any]) -> None:
        """Put `values`, shape (any number, *width), at the end."""
        with _room(self.path):
            self._file.write(np.ascontiguousarray(values, dtype=self.dtype).data)
        self.length += len(values)

    def array(self) -> NDArray[Any]:
        """All of it, mapped into memory and read only; nothing can be put at its end any more."""
        with _room(self.path):
            self._file.close()
        shape = (self.length, *self.width)
        return np.memmap(self.path, self.dtype, "r", shape=shape) if np.prod(shape) else np.zeros(shape, self.dtype)
