"""`pagesieve.files`: a file is written whole or not at all."""

from __future__ import annotations

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
