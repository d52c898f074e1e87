"""The knob tables of all tasks, by task, for flags and forms."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from woodshed.base.knobs import KnobTable
from woodshed.tasks.table import VERBS, verb_named

# tasks that are no verbs (they make no sounds from a model) but have knobs
OTHERS: dict[str, str] = {
    "distil": "woodshed.tasks.distil:KNOBS",
    "evaluate": "woodshed.tasks.evaluate:KNOBS",
    "memorisation": "woodshed.tasks.memorisation:KNOBS",
}


class _Tables(Mapping[str, KnobTable]):
    """Loads a task when its table is asked for, and no other."""

    def __getitem__(self, task: str) -> KnobTable:
        if task in OTHERS:
            module_name, _, attribute = OTHERS[task].partition(":")
            return getattr(importlib.import_module(module_name), attribute)
        if task in VERBS:
            return verb_named(task).knobs
        raise KeyError(task)

    def __iter__(self) -> Iterator[str]:
        return iter([*VERBS, *OTHERS])

    def __len__(self) -> int:
        return len(VERBS) + len(OTHERS)


TABLES: Mapping[str, KnobTable] = _Tables()
