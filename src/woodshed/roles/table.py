"""The families, by name. Strings only, so that listing them loads no torch; one line adds one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from woodshed.base.errors import UnknownName

if TYPE_CHECKING:
    from woodshed.roles.trainable import Trainable

FAMILIES: dict[str, str] = {
    "band-flow": "woodshed.families.generators.band_flow:BandFlow",
    "loop-flow": "woodshed.families.generators.loop_flow:LoopFlow",
    "latent-flow": "woodshed.families.generators.latent_flow:LatentFlow",
    "mel-listener": "woodshed.families.listeners.mel_listener:MelListener",
    "wave-unet": "woodshed.families.generators.wave_unet:WaveUNet",
}


def family_class(name: str) -> type[Trainable]:
    """The class of a family.

    Raises
    ------
    UnknownName
        If no line of the table has this name.
    """
    home = FAMILIES.get(name)
    if home is None:
        raise UnknownName("family", name, known=FAMILIES)
    module_name, _, class_name = home.partition(":")
    return getattr(importlib.import_module(module_name), class_name)
