"""Pages with Ray Data: Parquet in, the rows of `pagesieve -o rows.parquet` out, on as many cores or machines as Ray has.

    python examples/ray_job.py PAGES ROWS

Columns as in examples/spark_job.py; bad records have an `error`. Needs `pip install 'ray[data]' '.[bulk]'` in the clone's folder.
"""

from __future__ import annotations

import sys

import pyarrow as pa
import ray

import pagesieve
from pagesieve.arrow import Segmenter, schema


class Rows:
    """Lives in a worker, holds the model, gets tables of pages."""

    def __init__(self, sieve: ray.ObjectRef[pagesieve.Sieve]) -> None:
        self.work = Segmenter(ray.get(sieve))

    def __call__(self, pages: pa.Table) -> pa.Table:
        """A row for each page, in order."""
        return pa.Table.from_batches((rows for batch in pages.to_batches() for rows in self.work.rows(batch)), schema())


if __name__ == "__main__":
    pages, rows = sys.argv[1:]
    found = ray.data.read_parquet(pages).map_batches(
        Rows, fn_constructor_args=[ray.put(pagesieve.load())], batch_size=256, batch_format="pyarrow", concurrency=(1, 2)
    )
    found.write_parquet(rows)
