"""`pagesieve.files`: a file is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pagesieve.files import replacing, write_text


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "tides.txt", "Tür\n")
    assert (tmp_path / "a" / "b" / "tides.txt").read_bytes() == "Tür\n".encode()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_error_in_the_middle_leaves_the_old_file_whole(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "tides.txt"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"new" * 100_000)
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["tides.txt"]


def test_an_error_in_the_middle_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "tides.txt", "Tide \ud800")
    assert os.listdir(tmp_path) == []


def test_a_file_is_not_replaced_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tides.txt"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["tides.txt"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "tides").mkdir()
    with pytest.raises(OSError, match="tides"):
        write_text(tmp_path / "tides", "x")
    assert os.listdir(tmp_path) == ["tides"]


def test_a_link_stays_and_the_file_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    for name in ("there.txt", "not-yet.txt"):
        (tmp_path / name).symlink_to(tmp_path / "far" / name)
    (tmp_path / "far" / "there.txt").write_bytes(b"old")
    for name in ("there.txt", "not-yet.txt"):
        write_text(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "far" / name).read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path / "far")) == ["not-yet.txt", "there.txt"]


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "tides.txt"
    path.touch()
    path.chmod(mode)
    write_text(path, "new")
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "tides.txt", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "tides.txt").stat().st_mode & 0o7777 == mode


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "Tide tables")
    assert os.read(reader, 99) == b"Tide tables"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_name_may_be_as_long_as_names_can_be_and_a_longer_one_is_told(tmp_path: Path) -> None:
    write_text(tmp_path / ("x" * 255), "new")
    with pytest.raises(OSError, match="too long") as caught:
        write_text(tmp_path / ("x" * 256), "new")
    assert caught.value.filename == str(tmp_path / ("x" * 256))


def test_a_disk_without_room_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    (tmp_path / "rows.txt").write_text("older")
    with pytest.raises(OSError, match=r"No space left on device, nothing of it is written; make room, or write elsewhere: .*rows\.txt"):
        write_text(tmp_path / "rows.txt", "newer")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"rows.txt": "older"}
