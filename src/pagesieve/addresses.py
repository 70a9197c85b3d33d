"""Where bytes lie: local paths, and through fsspec addresses like `s3://bucket/pages` → files to read, to list and to replace.

Needs fsspec (extra `bulk`), and for each kind of address what fsspec asks for (s3fs, gcsfs …). "-" is standard input.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pagesieve.storage import replacing

__all__ = ["STDIN", "found", "opened", "read", "remove", "replacing_at", "size"]

STDIN = "-"
BLOCK = 1 << 20  # bytes read ahead from afar


def found(address: str, is_glob: bool = False) -> Iterator[tuple[str, int]]:
    """Files (address, bytes) at the address: itself, all below a folder, or what a pattern matches; by name, folder by folder.

    A folder is listed when it is come to: memory holds the names of one folder at a time. Raises `FileNotFoundError` where
    there is nothing.
    """
    if address == STDIN:
        yield address, 0
        return
    files, path = _split(address)
    for start in sorted(files.glob(path)) if is_glob else [path]:
        yield from _below(files, files.info(start), address)


def _below(files: Any, entry: dict[str, Any], asked: str) -> Iterator[tuple[str, int]]:
    if entry["type"] != "directory":
        yield _address(files, entry["name"], asked), int(entry["size"] or 0)
        return
    for inner in sorted(files.ls(entry["name"], detail=True), key=lambda inner: str(inner["name"])):
        itself = inner["name"].rstrip("/") == entry["name"].rstrip("/")  # some stores list a folder as its own first file
        if not itself and not (inner.get("islink") and inner["type"] == "directory"):  # links may lead in circles
            yield from _below(files, inner, asked)


def _split(address: str) -> tuple[Any, str]:
    files, path = fsspec.core.url_to_fs(address)
    return files, str(path)


def _address(files: Any, path: str, asked: str) -> str:
    """The path as one would write it: relative where the one asked for was, with the scheme where files are afar."""
    if not isinstance(files, LocalFileSystem):
        return str(files.unstrip_protocol(path))
    if "://" in asked or Path(asked).is_absolute():
        return path
    here = str(Path.cwd())
    return path.removeprefix(here).lstrip("/") if path.startswith(here + "/") else path


@contextmanager
def opened(address: str) -> Iterator[IO[bytes]]:
    """The bytes at the address, as a file to read."""
    if address == STDIN:
        yield sys.stdin.buffer
        return
    files, path = _split(address)
    local = isinstance(files, LocalFileSystem)
    with open(path, "rb") if local else files.open(path, "rb", block_size=BLOCK) as file:
        yield file


def read(address: str) -> bytes | None:
    """All bytes at the address; None where there is no file."""
    try:
        with opened(address) as file:
            return file.read()
    except FileNotFoundError:
        return None


def size(address: str) -> int | None:
    """Bytes of the file at the address; None where there is none."""
    files, path = _split(address)
    return int(files.size(path)) if files.isfile(path) else None


@contextmanager
def replacing_at(address: str) -> Iterator[IO[bytes]]:
    """A file to write to that becomes the one at the address when the block ends well; after an error that is as it was before."""
    files, path = _split(address)
    if isinstance(files, LocalFileSystem):
        with replacing(path) as file:
            yield file
        return
    file = files.open(path, "wb", autocommit=False)
    try:
        yield file
        file.close()
        file.commit()
    except BaseException:
        file.discard()
        raise


def remove(address: str) -> None:
    """Remove the file or the folder with all in it, if there is one."""
    files, path = _split(address)
    if files.exists(path):
        files.rm(path, recursive=True)
