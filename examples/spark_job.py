"""Pages on a Spark cluster: Parquet in, a row a page out, the same rows as `pagesieve -o rows.parquet`.

    spark-submit examples/spark_job.py PAGES ROWS

PAGES is Parquet with a column `page` (text or bytes) and, if there are, `id`, `url` and `encoding`; ROWS is a folder that is made.
Bad records have an `error` and go to ROWS/errors. Every machine needs `pip install '.[spark]'` (in the clone's folder) in the Python that
PYSPARK_PYTHON names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa
from pyspark.broadcast import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

import pagesieve
from pagesieve.arrow import schema, segment_batches


def segmented(pages: DataFrame, sieve: pagesieve.Sieve, segments: bool = False) -> DataFrame:
    """A row for each page. The model goes to each worker once, as a broadcast variable, and stays there between tasks."""
    model: Broadcast[pagesieve.Sieve] = pages.sparkSession.sparkContext.broadcast(sieve)

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return segment_batches(batches, model.value, segments=segments)

    return pages.mapInArrow(work, from_arrow_schema(schema(segments)))


def main() -> None:
    """PAGES and ROWS from the command line."""
    pages, rows = sys.argv[1:]
    spark = SparkSession.builder.appName("pagesieve").config("spark.sql.execution.arrow.maxRecordsPerBatch", 256).getOrCreate()
    found = segmented(spark.read.parquet(pages), pagesieve.load()).cache()  # both writes read it
    found.where("error is null").drop("error").write.parquet(f"{rows}/pages")
    found.where("error is not null").select("id", "url", "error").write.json(f"{rows}/errors")
    spark.stop()


if __name__ == "__main__":
    main()
