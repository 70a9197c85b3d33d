"""How anything is written to disk: whole or not at all. Beside a page's way; knows nothing of pages or models."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["replacing", "write_text"]

FULL = (errno.ENOSPC, errno.EDQUOT)  # no room on the disk, or none for this user


@contextmanager
def replacing(path: Path | str) -> Iterator[IO[bytes]]:
    """A file to write to that becomes `path` when the block ends well; after an error `path` is as it was before.

    A link stays: the file it leads to is replaced. A file that is replaced leaves its mode to the new one. What is no file that
    could be replaced (a pipe, a device) is written to as it is.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:  # a folder raises here
            yield file
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name[:50]}.{os.urandom(4).hex()}.part")  # a name has room for 255 bytes
    try:
        file = open(aside, "xb")  # noqa: SIM115  # is closed before it takes its place
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error  # names the file that was asked for
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o7777)
        aside.replace(target)
    except BaseException as error:
        aside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
            raise OSError(error.errno, f"{error.strerror}, nothing of it is written; make room, or write elsewhere", str(path)) from error
        raise


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))
