"""A sieve for tests of what a dying process costs; on its own, since the processes import what is beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from pagesieve.sieve import Sieve


@dataclass(frozen=True, slots=True)
class Deadly(Sieve):
    """Kills its process on a page that begins with `word`, or on any."""

    word: str = ""

    def segment_batch(self, pages: Any, *arguments: Any, **options: Any) -> Any:
        if any(page.startswith(self.word) for page in pages):
            os._exit(9)
        return Sieve.segment_batch(self, pages, *arguments, **options)
