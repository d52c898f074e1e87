"""All runs of a workspace: listed, shown, and told what to do while they run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from woodshed.base.errors import KnobOutOfRange, UnknownName
from woodshed.training.control import Control, read_control, write_control
from woodshed.training.run import Run, RunState, lives


class Runs:
    """The folder of runs.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> runs = Runs(pathlib.Path(tempfile.mkdtemp()))
    >>> Run(runs.folder / "drums").save(RunState(status="training"))
    >>> runs.names(), runs.change("drums", {"learning_rate": 0.5}).learning_rate
    (['drums'], 0.5)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of all runs, sorted."""
        return sorted(path.parent.name for path in self.folder.glob("*/state.json"))

    def state(self, name: str) -> RunState:
        """What a run is doing; one whose process is gone without a word counts as failed."""
        state = self._run(name).state()
        if state.status in ("starting", "training") and not lives(state.pid):
            return state.model_copy(update={"status": "failed", "text": state.text or "its process is gone"})
        return state

    def metrics(self, name: str, metric: str) -> list[tuple[int, float]]:
        """All values of one metric as ``(step, value)``."""
        return self._run(name).metrics(metric)

    def control(self, name: str) -> Control:
        """The wishes that stand now."""
        return read_control(self._run(name).folder)

    def change(self, name: str, wishes: Mapping[str, object]) -> Control:
        """Wish something of a run; it is heeded within ten steps.

        Raises
        ------
        KnobOutOfRange
            If a wish cannot be.
        UnknownName
            If there is no such run or wish.
        """
        run = self._run(name)
        for wish in wishes:
            if wish not in Control.model_fields:
                raise UnknownName("wish", wish, known=Control.model_fields)
        try:
            control = Control.model_validate({**read_control(run.folder).model_dump(), **wishes})
        except ValidationError as error:
            first = error.errors()[0]
            raise KnobOutOfRange(
                f"{first['loc'][0]} cannot be {first['input']!r}",
                cause=first["msg"],
                way_out="write it like learning_rate=0.5",
            ) from error
        write_control(run.folder, control)
        return control

    def _run(self, name: str) -> Run:
        if name not in self.names():
            raise UnknownName("run", name, known=self.names(), if_none="begin one: woodshed train NAME")
        return Run(self.folder / name)
