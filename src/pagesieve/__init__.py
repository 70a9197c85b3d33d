"""pagesieve: sorts every segment of a scraped news page into article body, boilerplate or recommended-story teaser.

>>> import pagesieve
>>> pagesieve.load().segment("The ferry will not run on Sunday, the council said.").body
'The ferry will not run on Sunday, the council said.'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagesieve.explain import Explanation
    from pagesieve.page import Link, Markup, PageError
    from pagesieve.segmentation import LabeledSegment, Segmentation, Teaser
    from pagesieve.sieve import Sieve, load
    from pagesieve.stated import Metadata
    from pagesieve.storage import ModelError

__all__ = [
    "Explanation",
    "LabeledSegment",
    "Link",
    "Markup",
    "Metadata",
    "ModelError",
    "PageError",
    "Segmentation",
    "Sieve",
    "Teaser",
    "__version__",
    "load",
]
__version__ = "0.1.0"

_HOMES = {
    "explain": ("Explanation",),
    "stated": ("Metadata",),
    "page": ("Link", "Markup", "PageError"),
    "segmentation": ("LabeledSegment", "Segmentation", "Teaser"),
    "sieve": ("Sieve", "load"),
    "storage": ("ModelError",),
}


def __getattr__(name: str) -> object:
    """What the package offers, imported when it is asked for: the command sets up its process before numpy is there."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(f"pagesieve.{home}"), name)
            return value
    raise AttributeError(f"module 'pagesieve' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
