"""Woodshed: audio tools that a musician trains on their own sounds.

Importing this package is cheap on purpose: neither torch nor NumPy is loaded until a name below is used.

Examples
--------
>>> import woodshed
>>> woodshed.__version__.count(".")
2
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from woodshed.base.version import __version__ as __version__

if TYPE_CHECKING:
    from woodshed.sound import Sound as Sound
    from woodshed.sound import read_sound as read_sound
    from woodshed.sound import write_sound as write_sound
    from woodshed.workspace import Workspace as Workspace

# Threads that wait for each other spin only for a moment, then sleep (docs/adr/0006-threads-sleep.md). Only counts if
# torch is not loaded yet; what the person set is kept.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")

_HOMES = {
    "Sound": "woodshed.sound",
    "Workspace": "woodshed.workspace",
    "read_sound": "woodshed.sound",
    "write_sound": "woodshed.sound",
}

__all__ = ["Sound", "Workspace", "__version__", "read_sound", "write_sound"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'woodshed' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
