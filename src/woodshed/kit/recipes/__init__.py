"""Every recipe the kit knows, by class."""

from __future__ import annotations

from woodshed.kit.recipe import Recipe
from woodshed.kit.recipes.basses import BASSES
from woodshed.kit.recipes.claps import CLAPS
from woodshed.kit.recipes.hats import CYMBALS, HATS_CLOSED, HATS_OPEN
from woodshed.kit.recipes.kicks import KICKS
from woodshed.kit.recipes.notes import PADS, PLUCKS
from woodshed.kit.recipes.rims import RIMS
from woodshed.kit.recipes.skins import PERCS, TOMS
from woodshed.kit.recipes.small import COWBELLS, SHAKERS
from woodshed.kit.recipes.snares import SNARES

RECIPES: dict[str, tuple[Recipe, ...]] = {
    "kick": KICKS,
    "snare": SNARES,
    "hat-closed": HATS_CLOSED,
    "hat-open": HATS_OPEN,
    "clap": CLAPS,
    "rim": RIMS,
    "tom": TOMS,
    "cymbal": CYMBALS,
    "shaker": SHAKERS,
    "cowbell": COWBELLS,
    "perc": PERCS,
    "bass": BASSES,
    "pluck": PLUCKS,
    "pad": PADS,
}

__all__ = ["RECIPES"]
