"""The starter kit, for surfaces."""

from woodshed.kit import STYLES, KitReport, make_kit, recipe_names

__all__ = ["STYLES", "KitReport", "make_kit", "recipe_names"]
