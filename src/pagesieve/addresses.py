"""Where bytes lie: local paths, and through fsspec addresses like `s3://bucket/pages` → files to read, to list, to replace and to lock.

Needs fsspec and filelock (extra `bulk`), and for each kind of address what fsspec asks for (s3fs, gcsfs …). "-" is standard input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any, NamedTuple

import fsspec
from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

from pagesieve.files import replacing

__all__ = ["STDIN", "AddressError", "File", "alone", "check", "found", "normalised", "opened", "read", "remove", "replacing_at"]

STDIN = "-"
BLOCK = 1 << 20  # bytes read ahead from afar
# What stores call the time of a file's last change, or a digest of it.
CHANGED = tuple("mtime ETag etag md5Hash content_md5 LastModified last_modified updated created".split())
KINDS = ("file", "directory")  # what fsspec calls them; all else is a link, a pipe, a device


class AddressError(ValueError):
    """An address of a kind that nobody knows; the message names it and the kinds that are known."""


def check(address: str) -> None:
    """Raise `AddressError` where the address is of no kind that is known, `ImportError` where its kind needs what is not installed."""
    _split(address)


def normalised(address: str) -> str:
    """The address without what says nothing: `./a//b` is `a/b`."""
    return address if "://" in address else PurePosixPath(address).as_posix()


class File(NamedTuple):
    """A file: its `address`, its `size` in bytes or why it cannot be listed, and when or to what it last `changed`, as far as its store says so.

    `asked` says whether it was itself asked for, and is not one of a folder or pattern.
    """

    address: str
    size: int | OSError
    changed: str = ""
    asked: bool = False


def found(address: str, is_glob: bool = False) -> Iterator[File]:
    """The files at the address: itself, all below a folder, or what a pattern matches; by name, folder by folder.

    A folder is listed when it is come to: memory holds the names of one folder at a time. One below, or matched, that cannot be
    listed is there with the error in place of the size. Links to folders are followed on disk, unless the folder has its turn without
    the link: each comes once. Raises `FileNotFoundError` where there is nothing, `OSError` where the address is itself a folder that
    cannot be listed, and as `check` does.
    """
    if address == STDIN:
        yield File(address, 0, asked=True)
        return
    files, path = _split(address)
    if not is_glob:
        entry = files.info(path)
        for file in _below(files, entry, address, {_real(files, entry["name"])}):
            if isinstance(file.size, OSError) and file.address == _address(files, entry["name"], address):
                raise file.size
            yield file._replace(asked=entry["type"] != "directory")
        return
    matched = files.glob(path, detail=True)
    # `**` matches folders and what is in them
    entries = [matched[name] for name in sorted(matched) if not any(str(parent) in matched for parent in PurePosixPath(name).parents)]
    roots = {_real(files, entry["name"]) for entry in entries if entry["type"] == "directory"}
    for entry in entries:
        if entry["type"] not in KINDS and files.isdir(entry["name"]):
            yield from _linked(files, entry, address, roots)
        elif _is_listed(files, entry):
            yield from _below(files, entry, address, roots)


def _below(files: Any, entry: dict[str, Any], asked: str, roots: set[str]) -> Iterator[File]:
    """The entry, or all below it. `roots` are the real folders that the walk has begun, or will begin, at: all below them has its turn."""
    if entry["type"] != "directory":
        changed = next((str(entry[name]) for name in CHANGED if entry.get(name)), "")
        yield File(_address(files, entry["name"], asked), int(entry["size"] or 0), changed)
        return
    try:
        listed = sorted(files.ls(entry["name"], detail=True), key=lambda inner: str(inner["name"]))
    except OSError as error:
        yield File(_address(files, entry["name"], asked), error)
        return
    for inner in listed:
        itself = inner["name"].rstrip("/") == entry["name"].rstrip("/")  # some stores list a folder as its own first file
        if isinstance(files, LocalFileSystem) and inner["type"] not in KINDS and files.isdir(inner["name"]):
            yield from _linked(files, inner, asked, roots)
        elif not itself and _is_listed(files, inner) and not (inner["type"] == "directory" and _real(files, inner["name"]) in roots):
            yield from _below(files, inner, asked, roots)


def _linked(files: Any, link: dict[str, Any], asked: str, roots: set[str]) -> Iterator[File]:
    """All below a linked folder, unless it has its turn without the link."""
    real = _real(files, link["name"])
    if not any(PurePath(real).is_relative_to(root) for root in roots):
        roots.add(real)
        yield from _below(files, files.info(link["name"]), asked, roots)


def _real(files: Any, path: str) -> str:
    """The path without links, where that can be told."""
    return os.path.realpath(path) if isinstance(files, LocalFileSystem) else path


def _is_listed(files: Any, entry: dict[str, Any]) -> bool:
    """No linked folder afar, which may lead in circles, and no pipe, which may keep one waiting; a link to nowhere is told when it is read."""
    return entry["type"] in KINDS or files.isfile(entry["name"]) or not files.exists(entry["name"])


def _split(address: str) -> tuple[Any, str]:
    if "://" not in address:  # fsspec would take `a::b.txt` for two addresses
        return LocalFileSystem(), normalised(LocalFileSystem._strip_protocol(address))
    try:
        files, path = fsspec.core.url_to_fs(address)
    except ValueError as error:
        known = ", ".join(fsspec.available_protocols())
        raise AddressError(f"{address}: no address that can be used ({error}); give a path, or one of the kinds {known}") from error
    except ImportError as error:
        raise ImportError(f"{address}: {error}; pip install what this kind of address asks for, or fetch the files first") from error
    return files, str(path)


def _address(files: Any, path: str, asked: str) -> str:
    """The path as one would write it: relative where the one asked for was, with the scheme where files are afar."""
    if not isinstance(files, LocalFileSystem):
        return str(files.unstrip_protocol(path))
    if "://" in asked or Path(asked).is_absolute():
        return path
    here = f"{Path.cwd().as_posix().rstrip('/')}/"
    return path.removeprefix(here).lstrip("/") if path.startswith(here) else path


@contextmanager
def opened(address: str) -> Iterator[IO[bytes]]:
    """The bytes at the address, as a file to read."""
    if address == STDIN:
        if sys.stdin is None:  # a shell closed it
            raise OSError("standard input is closed; give a file")
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


@contextmanager
def replacing_at(address: str) -> Iterator[IO[bytes]]:
    """A file to write to that becomes the one at the address when the block ends well; after an error that is as it was before."""
    files, path = _split(address)
    if isinstance(files, LocalFileSystem):
        with replacing(path) as file:
            yield file
        return
    with files.transaction, files.open(path, "wb") as file:
        yield file


def remove(address: str) -> None:
    """Remove the file or the folder with all in it, if there is one."""
    files, path = _split(address)
    if files.exists(path):
        files.rm(path, recursive=True)


@contextmanager
def alone(address: str) -> Iterator[None]:
    """No other process is in such a block for the address while this one is; a process that ends, however it does, has left it.

    The file at the address stands for the block. Afar there are no locks. Raises `BlockingIOError` where another is in.
    """
    files, path = _split(address)
    if not isinstance(files, LocalFileSystem):
        yield
        return
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BlockingIOError(f"{address}: another process holds it") from error
    try:
        yield
    finally:
        lock.release()
