"""What must never be split: kits joined with near duplicates, by union-find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping


class _Union:
    """Disjoint sets of names, with path halving."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        parent = self._parent
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    def join(self, a: str, b: str) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)


def group_names(kits: Mapping[str, str | None], near: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of every item.

    Parameters
    ----------
    kits
        The kit of each item by content id, or None.
    near
        Pairs of items that hold the same recording.

    Returns
    -------
    dict
        content id -> name of its group: the kit that most of the group's items belong to; for items without any
        kit, the first 12 digits of the smallest content id.

    Examples
    --------
    >>> group_names({"a": "808", "b": "808", "c": "909", "d": None}, [("b", "c")])
    {'a': '808', 'b': '808', 'c': '808', 'd': 'd'}
    """
    sets = _Union()
    for content_id, kit in kits.items():
        if kit is not None:
            sets.join("i" + content_id, "k" + kit)
    for a, b in near:
        if a in kits and b in kits:
            sets.join("i" + a, "i" + b)
    members: dict[str, list[str]] = {}
    for content_id in kits:
        members.setdefault(sets.find("i" + content_id), []).append(content_id)
    return {content_id: name for ids in members.values() for name in [_name(ids, kits)] for content_id in ids}


def _name(content_ids: list[str], kits: Mapping[str, str | None]) -> str:
    counts = Counter(kit for content_id in content_ids if (kit := kits[content_id]) is not None)
    if not counts:
        return min(content_ids)[:12]
    return min(counts, key=lambda kit: (-counts[kit], kit))
