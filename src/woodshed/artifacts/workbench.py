"""What every task works with: the library, the shelf of models, the log of outputs, and where runs and caches lie."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.receipt import Receipt
from woodshed.artifacts.shelf import ModelShelf
from woodshed.base.files import disk_errors_named
from woodshed.library import Library


@dataclass(frozen=True)
class LoggedOutput:
    """One line of the log: where an output was written and whose sounds it touches."""

    path: str
    task: str
    model: str
    model_digest: str
    content_ids: frozenset[str]


class OutputLog:
    """Append-only list of everything the tasks wrote, so that a withdrawal can name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, path: Path, receipt: Receipt) -> None:
        """Note one output."""
        touched = [part.content_id for part in (*receipt.inputs, *receipt.lenders)]
        line = {
            "at": round(time.time(), 3),
            "path": str(path.absolute()),
            "task": receipt.task,
            "model": receipt.model,
            "model_digest": receipt.model_digest,
            "content_ids": touched,
        }
        with disk_errors_named(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                torn = file.read(1) not in (b"", b"\n")  # a process was killed while it wrote its line
                file.write(b"\n" * torn + json.dumps(line).encode() + b"\n")

    def __iter__(self) -> Iterator[LoggedOutput]:
        if not self.path.is_file():
            return
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # the last line of a process that was killed
                    continue
                yield LoggedOutput(
                    entry["path"], entry["task"], entry["model"], entry["model_digest"], frozenset(entry["content_ids"])
                )


@dataclass(frozen=True)
class Workbench:
    """The tools of one workspace, laid out for the tasks."""

    library: Library
    shelf: ModelShelf
    log: OutputLog
    runs: Path
    cache: Path
