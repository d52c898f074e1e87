"""Memorisation: whether a model gives back the sounds that taught it, with a verdict one can act on."""

from woodshed.tasks.memorisation.order import KNOBS, PAGE_FILE, REPORT_FILE, memorisation_of
from woodshed.tasks.memorisation.page import memorisation_page

__all__ = ["KNOBS", "PAGE_FILE", "REPORT_FILE", "memorisation_of", "memorisation_page"]
