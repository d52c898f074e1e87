"""The verbs by name. Strings only, so that listing them loads no torch; one line adds one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from woodshed.base.errors import UnknownName

if TYPE_CHECKING:
    from woodshed.artifacts.verb import Verb

VERBS: dict[str, str] = {
    "generate": "woodshed.tasks.generate:VERB",
    "vary": "woodshed.tasks.vary:VERB",
    "loop": "woodshed.tasks.loop:VERB",
    "blend": "woodshed.tasks.blend:VERB",
    "guide": "woodshed.tasks.guide:VERB",
    "morph": "woodshed.tasks.morph:VERB",
    "inpaint": "woodshed.tasks.inpaint:VERB",
    "extend": "woodshed.tasks.extend:VERB",
    "combine": "woodshed.tasks.combine:VERB",
    "mix": "woodshed.tasks.mix:VERB",
    "restore": "woodshed.tasks.restore:VERB",
    "cross": "woodshed.tasks.cross:VERB",
}


def verb_named(name: str) -> Verb:
    """The verb of a name.

    Raises
    ------
    UnknownName
        If no line of the table has this name.

    Examples
    --------
    >>> verb_named("vary").name
    'vary'
    """
    home = VERBS.get(name)
    if home is None:
        raise UnknownName("verb", name, known=VERBS)
    module_name, _, attribute = home.partition(":")
    return getattr(importlib.import_module(module_name), attribute)
