"""The built-in synthesiser: hits, loops and whole kits from a seed."""

from __future__ import annotations

from woodshed.kit.characters import Character, draw_character
from woodshed.kit.hits import KIT_CLASSES, KitHit, make_hit

__all__ = ["KIT_CLASSES", "Character", "KitHit", "draw_character", "make_hit"]
