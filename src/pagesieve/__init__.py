"""pagesieve: sorts every segment of a scraped news page into article body, boilerplate or recommended-story teaser.

>>> import pagesieve
>>> pagesieve.load("models/default").segment(text).body  # doctest: +SKIP
"""

from pagesieve.html import Metadata
from pagesieve.page import Link, PageError
from pagesieve.segmentation import LabeledSegment, Segmentation, Teaser
from pagesieve.sieve import Sieve, load
from pagesieve.storage import ModelError

__all__ = ["LabeledSegment", "Link", "Metadata", "ModelError", "PageError", "Segmentation", "Sieve", "Teaser", "__version__", "load"]
__version__ = "0.1.0"
