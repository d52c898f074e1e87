"""The built-in synthesiser: hits, loops and whole kits from a seed."""

from __future__ import annotations

from woodshed.kit.characters import Character, draw_character
from woodshed.kit.folder import KitReport, make_kit
from woodshed.kit.hits import KIT_CLASSES, KitHit, make_hit, recipe_names
from woodshed.kit.loops import KitLoop, Stroke, make_loop
from woodshed.kit.styles import STYLES, Style

__all__ = [
    "KIT_CLASSES",
    "STYLES",
    "Character",
    "KitHit",
    "KitLoop",
    "KitReport",
    "Stroke",
    "Style",
    "draw_character",
    "make_hit",
    "make_kit",
    "make_loop",
    "recipe_names",
]
