"""The knob tables of all tasks, by task, for flags and forms."""

from __future__ import annotations

from woodshed.base.knobs import KnobTable
from woodshed.tasks.blend import KNOBS as BLEND
from woodshed.tasks.evaluate import KNOBS as EVALUATE
from woodshed.tasks.generate import KNOBS as GENERATE
from woodshed.tasks.memorisation import KNOBS as MEMORISATION
from woodshed.tasks.vary import KNOBS as VARY

TABLES: dict[str, KnobTable] = {table.task: table for table in (GENERATE, VARY, BLEND, EVALUATE, MEMORISATION)}
