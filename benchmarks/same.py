"""Whether every way of segmenting gives the same: `segment`, `segment_many`, the command (one job and two), Spark.

    .venv/bin/python benchmarks/same.py FOLDER …

Takes all `.txt`, `.html` and `.html.gz` below the folders and compares each segment's place, label, role and probability (to four
digits, as rows have them; everything calculates on one core, since with more BLAS adds in another order). Spark is left out, and said to be, where it is not installed (extra `spark`, and `java`). Prints a
line for each way and exits with 1 where pages differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

import pagesieve
from pagesieve.readers import PASSED, Fields, records, sources

LONGEST = 10_000_000  # bytes of a page
EXAMPLES = Path(__file__).parents[1] / "examples"

Segments = list[tuple[int, int, str, str, float]]


def pages_of(folders: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Each page's id and bytes."""
    for source in (source for source in sources(list(folders)) if source.form != PASSED):
        for record in records(source, Fields(), LONGEST):
            yield record.id, record.page


def told(answer: pagesieve.Segmentation) -> Segments:
    return [(s.start, s.end, s.label, s.role, round(s.probability, 4)) for s in answer]


def of_rows(rows: Iterable[dict[str, Any]]) -> dict[str, Segments]:
    names = ("start", "end", "label", "role", "probability")
    return {row["id"]: [tuple(s[name] for name in names) for s in row["segments"]] for row in rows}  # type: ignore[misc]


def by_command(folders: list[str], jobs: int, folder: Path) -> dict[str, Segments]:
    output = folder / "rows.jsonl"
    program = [
        sys.executable,
        "-m",
        "pagesieve",
        *folders,
        "--segments",
        "--jobs",
        str(jobs),
        "--max-bytes",
        str(LONGEST),
        "-o",
        str(output),
    ]
    subprocess.run(program, check=True, stderr=subprocess.DEVNULL)
    with output.open("rb") as file:
        return of_rows(map(json.loads, file))


def by_spark(folders: list[str], sieve: pagesieve.Sieve, folder: Path) -> dict[str, Segments]:
    sys.path.insert(0, str(EXAMPLES))
    from pyspark.sql import SparkSession
    from spark_job import segmented

    os.environ["PYSPARK_PYTHON"] = sys.executable
    form = pa.schema({"id": pa.string(), "page": pa.binary()})
    with pq.ParquetWriter(folder / "pages.parquet", form) as writer:
        for id, page in pages_of(folders):
            writer.write_batch(pa.record_batch([[id], [page]], schema=form))
    session = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.sql.execution.arrow.maxRecordsPerBatch", 64)
    spark = session.config("spark.executorEnv.PYTHONPATH", os.pathsep.join(sys.path)).getOrCreate()
    rows = segmented(spark.read.parquet(str(folder / "pages.parquet")).repartition(4), sieve, segments=True)
    rows.where("error is null").select("id", "segments").write.parquet(str(folder / "spark"))
    spark.stop()
    return of_rows(row for path in sorted((folder / "spark").glob("*.parquet")) for row in pq.read_table(path).to_pylist())


def main() -> int:
    threadpool_limits(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=["data/raw"], metavar="FOLDER", help="folder of pages (default: data/raw)")
    folders = parser.parse_args().folders
    sieve = pagesieve.load()
    expected = {}
    for id, page in pages_of(folders):
        try:
            expected[id] = told(sieve.segment(page))
        except pagesieve.PageError as error:
            print(f"left out: {id}: {error}")
    views = [str(id) for id in expected if ".html" in id]
    print(f"segment: {len(expected)} pages, {len(views)} of them HTML, {sum(map(len, expected.values()))} segments")
    many = sieve.segment_many(page for id, page in pages_of(folders) if id in expected)
    ways = {"segment_many": dict(zip(expected, map(told, many), strict=True))}
    with tempfile.TemporaryDirectory() as name:
        for jobs in (1, 2):
            ways[f"pagesieve --jobs {jobs}"] = by_command(folders, jobs, Path(name))
        try:
            if shutil.which("java") is None:
                raise ImportError("no java")
            ways["Spark, local-cluster[2,1,1024]"] = by_spark(folders, sieve, Path(name))
        except ImportError as error:
            print(f"Spark: left out ({error})")
    for way, found in ways.items():
        different = [id for id in expected if found.get(id) != expected[id]]
        print(f"{way}: {len(found)} pages, {len(different)} differ {different[:3] or ''}")
    return int(any(found != expected for found in ways.values()))


if __name__ == "__main__":
    sys.exit(main())
