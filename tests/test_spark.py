"""The example job on a Spark of several processes that this test starts: driver, master and two executors with Python workers."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from archives import write_parquet
from programs import script

import pagesieve
from pagesieve.bulk import Job, run

pytest.importorskip("pyspark", reason="needs pip install '.[spark]'")
if shutil.which("java") is None:
    pytest.skip("needs a Java runtime (java)", allow_module_level=True)

from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.master": "local-cluster[2,1,1024]",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder),
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(sys.path),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
    }
    session = SparkSession.builder.appName("pagesieve")
    for name, value in settings.items():
        session = session.config(name, value)
    found = session.getOrCreate()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def job() -> Any:
    """The example as a module."""
    return script(ROOT / "examples" / "spark_job.py")


def test_rows_are_those_of_the_command(spark: SparkSession, job: Any, tmp_path: Path) -> None:
    sieve = pagesieve.load()
    paths = sorted((ROOT / "data" / "raw").glob("*/*"))[::6]
    pages = [{"id": path.name, "page": path.read_bytes(), "url": None if i % 2 else f"u{i}"} for i, path in enumerate(paths)]
    pages.insert(7, {"id": "bad", "page": b"%PDF-1.4", "url": None})
    write_parquet(tmp_path / "pages.parquet", pages)
    done = run(Job((str(tmp_path / "pages.parquet"),), str(tmp_path / "rows.parquet"), segments=True), sieve)
    assert (done.pages, done.failed) == (len(paths), 1)

    frame = spark.read.parquet(str(tmp_path / "pages.parquet")).repartition(4)
    found = job.segmented(frame, sieve, segments=True).toArrow().to_pylist()
    order = {page["id"]: i for i, page in enumerate(pages)}
    found.sort(key=lambda row: order[row["id"]])
    (bad,) = [row for row in found if row["error"]]
    (told,) = map(json.loads, (tmp_path / "rows.parquet.errors.jsonl").read_text().splitlines())
    assert bad["error"] == f"bad: {told['error']}"
    good = [{name: value for name, value in row.items() if name != "error"} for row in found if not row["error"]]
    assert good == pq.read_table(tmp_path / "rows.parquet").to_pylist()
