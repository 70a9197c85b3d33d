"""Files that are written until the process is killed: for tests of what a killed run leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from pagesieve.addresses import replacing_at


class Killed(BaseException):
    """Stands for the end of the process."""


class Mortal:
    """Writes files until the process is killed: before or after the write that is left; from then on nothing is written."""

    def __init__(self, left: int = 0, after: bool = False, end: type[BaseException] = Killed) -> None:
        self.left, self.after, self.end = left, after, end

    @contextmanager
    def replacing_at(self, address: str) -> Iterator[IO[bytes]]:
        self.left -= 1
        if self.left < 0 or (self.left == 0 and not self.after):
            raise self.end
        with replacing_at(address) as file:
            yield file
        if self.left == 0:
            raise self.end
