"""The folder of one long job: atomic state, append-only events, a cancel flag.

RUN/state.json     what it is doing, rewritten whole
RUN/events.jsonl   every event, one line each
RUN/cancel         its presence asks the run to stop and to keep what it has
RUN/control.json   wishes that are heeded while it runs, see control.py
RUN/settings.json  every setting, and where it came from
RUN/candidates/    weights kept on the way, to choose from in the end
RUN/checkpoint.*   see checkpoint.py
RUN/previews/      sounds and pictures made on the way
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from woodshed.base.errors import TrainingFailed, UsageError
from woodshed.base.events import Event, EventSink
from woodshed.base.files import disk_errors_named, printable, write_text_atomically
from woodshed.training.control import read_control, write_control

CHECKPOINT = "checkpoint.safetensors"

Status = Literal["starting", "training", "stopped", "done", "failed"]


class Change(BaseModel):
    """Something that was changed while the training ran, and from which step on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    name: str
    value: float | str


class RunState(BaseModel):
    """What a run is doing, as others may read it at any moment."""

    model_config = ConfigDict(extra="forbid")

    status: Status = "starting"
    step: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    pid: int = 0
    started_at: float = 0.0
    settings: dict[str, object] = {}
    text: str = ""
    changes: list[Change] = []


class Run:
    """One run's folder.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> run = Run(pathlib.Path(tempfile.mkdtemp()) / "drums")
    >>> run.save(RunState(status="training", step=3))
    >>> run.state().step
    3
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with disk_errors_named(folder):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        """What a resumed run goes on from."""
        return self.folder / CHECKPOINT

    @property
    def previews(self) -> Path:
        """Where sounds and pictures made on the way lie."""
        return self.folder / "previews"

    def exists(self) -> bool:
        """True once a state was saved."""
        return (self.folder / "state.json").is_file()

    def state(self) -> RunState:
        """The last saved state; a fresh one where there is none."""
        path = self.folder / "state.json"
        if not path.is_file():
            return RunState(started_at=time.time())
        try:
            return RunState.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise TrainingFailed(
                f"{printable(path)} is not a run's state",
                cause="the file was edited or damaged",
                way_out="train under another name, or delete the run's folder",
            ) from error

    def save(self, state: RunState) -> None:
        """Replace the state whole."""
        state.pid = os.getpid()
        write_text_atomically(self.folder / "state.json", state.model_dump_json(indent=1))

    def require_free(self) -> None:
        """Refuse to work in a folder where another process trains at this moment.

        Raises
        ------
        TrainingFailed
            Naming the process and how to stop it.
        """
        state = self.state()
        if state.status in ("starting", "training") and lives(state.pid):
            raise TrainingFailed(
                f"The run {self.folder.name!r} is under way already (process {state.pid}, step {state.step})",
                cause="the same training was begun in another window",
                way_out="wait for it, stop it with Ctrl-C there, or train under another name",
            )

    def require_over(self, *, way_out: str) -> None:
        """Refuse to begin again where an earlier run could still go on.

        Raises
        ------
        UsageError
            Naming the step it stopped at.
        """
        state = self.state()
        if state.status != "done" and self.checkpoint.is_file():
            raise UsageError(
                f"The run {self.folder.name!r} is not finished: it stopped at step {state.step} of {state.total_steps}",
                cause="beginning again would throw away what it has learned",
                way_out=way_out,
            )

    def clear(self) -> None:
        """Throw away what an earlier run of this name left, from its order to its previews."""
        left = ("order.json", "settings.json", "events.jsonl", CHECKPOINT, "cancel", "control.json", "loss.png")
        for name in left:
            (self.folder / name).unlink(missing_ok=True)
        shutil.rmtree(self.previews, ignore_errors=True)

    def sink(self, onward: EventSink) -> EventSink:
        """An event sink that writes each event to the run's lines and passes it on."""
        path = self.folder / "events.jsonl"

        def write(event: Event) -> None:
            line = json.dumps({"at": round(time.time(), 3), **event.model_dump()}, ensure_ascii=False)
            with disk_errors_named(path), path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            onward(event)

        return write

    def metrics(self, name: str) -> list[tuple[int, float]]:
        """All values of one metric as ``(step, value)``, oldest first; a torn last line is passed over."""
        path = self.folder / "events.jsonl"
        found: dict[int, float] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    event = json.loads(line)
                except json.JSONDecodeError:
                    continue
                if event.get("kind") == "metric" and event.get("name") == name and event.get("step") is not None:
                    found[int(event["step"])] = float(event["value"])
        return sorted(found.items())

    def cancel(self) -> None:
        """Ask the run to stop soon and to keep what it has."""
        write_text_atomically(self.folder / "cancel", "stop\n")

    def cancelled(self) -> bool:
        """True if someone asked it to stop."""
        return (self.folder / "cancel").exists()

    def clear_cancel(self) -> None:
        """Forget an earlier wish to stop."""
        (self.folder / "cancel").unlink(missing_ok=True)
        control = read_control(self.folder)
        if control.stop:
            write_control(self.folder, control.model_copy(update={"stop": False}))


def lives(pid: int) -> bool:
    """Whether another process of this number runs; where that cannot be asked safely, no."""
    if os.name != "posix" or pid in (0, os.getpid()):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
