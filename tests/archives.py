"""Archives written for tests: the same pages as JSONL, CSV, Parquet, WARC and WET; folders that nobody can list."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=3)
    return path


def warc_record(kind: str, id: str, block: bytes, content_type: str, length: int | None = None) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <{id}>\r\nWARC-Target-URI: https://saltmarsh.example/{id}\r\n"
        f"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: {content_type}\r\nContent-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def response(id: str, payload: bytes, status: int = 200, content_type: str = "text/html", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\n{more}\r\n".encode()
    return warc_record("response", id, head + payload, "application/http; msgtype=response")


def conversion(id: str, text: str) -> bytes:
    return warc_record("conversion", id, text.encode(), "text/plain")


def write_warc(path: Path, entries: Iterable[bytes]) -> Path:
    """Each record packed by itself where the name ends in .gz, as archives are."""
    path.write_bytes(b"".join(gzip.compress(entry) if path.suffix == ".gz" else entry for entry in entries))
    return path


def lock(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let nobody list a folder of this name, not even root."""
    ls = LocalFileSystem.ls

    def refusing(self: Any, path: str, *arguments: Any, **options: Any) -> Any:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", path)
        return ls(self, path, *arguments, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", refusing)
