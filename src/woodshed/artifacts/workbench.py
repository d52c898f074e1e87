"""What every task works with: the library, the shelf of models, the log of outputs, and where runs and caches lie."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from woodshed.artifacts.receipt import Receipt
from woodshed.artifacts.shelf import ModelShelf
from woodshed.base.files import disk_errors_named
from woodshed.library import Library


@dataclass(frozen=True)
class LoggedOutput:
    """An output in the log: where it was written and whose sounds it touches, those that taught its model included."""

    path: str
    task: str
    model: str
    model_digest: str
    content_ids: frozenset[str]


class OutputLog:
    """Append-only list of everything the tasks wrote, so that a withdrawal can name it.

    What taught a model is noted once, before its first output: the model may be gone when someone asks.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._noted: set[str] | None = None

    def add(self, path: Path, receipt: Receipt, *, taught_by: Iterable[str] = ()) -> None:
        """Note one output, and the content ids of the sounds that taught its model."""
        lines: list[dict[str, object]] = []
        teachers = sorted(set(taught_by))
        if teachers and receipt.model_digest not in self._known_models():
            lines.append({"model_digest": receipt.model_digest, "taught_by": teachers})
        line = {
            "at": round(time.time(), 3),
            "path": str(path.absolute()),
            "task": receipt.task,
            "model": receipt.model,
            "model_digest": receipt.model_digest,
            "content_ids": [part.content_id for part in (*receipt.inputs, *receipt.lenders)],
        }
        self._append([*lines, line])
        self._known_models().update([receipt.model_digest] if teachers else [])

    def __iter__(self) -> Iterator[LoggedOutput]:
        taught: dict[str, frozenset[str]] = {}
        for entry in self._entries():
            digest = entry["model_digest"]
            if "taught_by" in entry:
                taught[digest] = frozenset(entry["taught_by"])
                continue
            touched = frozenset(entry["content_ids"]) | taught.get(digest, frozenset())
            yield LoggedOutput(entry["path"], entry["task"], entry["model"], digest, touched)

    def _append(self, lines: list[dict[str, object]]) -> None:
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        with disk_errors_named(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                torn = file.read(1) not in (b"", b"\n")  # a process was killed while it wrote its line
                file.write(b"\n" * torn + content)

    def _known_models(self) -> set[str]:
        if self._noted is None:
            self._noted = {entry["model_digest"] for entry in self._entries() if "taught_by" in entry}
        return self._noted

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.is_file():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:  # the line of a process that was killed
                    continue


@dataclass(frozen=True)
class Workbench:
    """The tools of one workspace, laid out for the tasks."""

    library: Library
    shelf: ModelShelf
    log: OutputLog
    runs: Path
    cache: Path
