"""A step for datatrove's pipelines: each document's page becomes its article, what else is known goes to its metadata.

    python examples/datatrove_job.py PAGES ROWS

PAGES and ROWS are folders of JSONL, pages in the field `text`. Bad records are dropped, and counted in datatrove's statistics.
Needs `pip install 'datatrove[io]' '.[bulk]'` in the clone's folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

import pagesieve
from pagesieve.arrow import segment_batches

TOGETHER = 32  # documents


class Pagesieve(PipelineStep):
    """Segments the documents' pages; the model is loaded once a task."""

    name = "pagesieve"
    type = "EXTRACTOR"

    def run(self, data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents with their articles as text."""
        sieve = pagesieve.load()
        while documents := list(islice(data, TOGETHER)):
            batch = pa.record_batch({"id": [d.id for d in documents], "page": [d.text for d in documents]})
            rows = (row for found in segment_batches([batch], sieve) for row in found.to_pylist())
            for document, row in zip(documents, rows, strict=True):
                self.stat_update("bad" if row["error"] else "good")
                if row["error"] is None:
                    document.text = row["body"]
                    document.metadata |= self._known(row)
                    yield document

    def _known(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in ("headline", "teasers", "confidence", "model", "version")}


if __name__ == "__main__":
    pages, rows = sys.argv[1:]
    LocalPipelineExecutor([JsonlReader(pages), Pagesieve(), JsonlWriter(rows, compression=None)], tasks=1).run()
