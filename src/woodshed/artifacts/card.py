"""What a model file says about itself."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from woodshed.artifacts.receipt import OWNER_UNKNOWN
from woodshed.base.errors import ConsentRefused
from woodshed.library import Purpose


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSound(_Record):
    """One training sound as the manifest names it: its content id, never its audio."""

    content_id: str
    name: str
    class_name: str | None = None
    group: str = ""
    owner: str = ""
    licence: str | None = None
    credit: str | None = None
    conversions: tuple[str, ...] = ()


class LeftOutSound(_Record):
    """A sound that was chosen and did not teach the model, and why."""

    name: str
    reason: str


class BaseOfModel(_Record):
    """The model a training began from, and every sound that taught it or its own base."""

    name: str
    digest: str
    sources: tuple[SourceSound, ...] = ()


class ChangeWhileRunning(_Record):
    """Something that was changed while the training ran."""

    step: int
    name: str
    value: float | str


class TrainingFacts(_Record):
    """How it was trained, and how that went. ``cpu_seconds`` sums all threads of the process."""

    preset: str
    seed: int
    budget: str
    steps: int
    planned_steps: int
    seconds: float
    cpu_seconds: float | None = None
    stopped_early: bool
    loss_first: float | None
    loss_last: float | None
    loss_held_out: float | None
    verdict: str
    query: str
    device: str = "cpu"
    resumed: bool = False
    settings: dict[str, object] = {}
    settings_from: dict[str, str] = {}
    changes: tuple[ChangeWhileRunning, ...] = ()
    chosen: str = ""


class Ancestor(_Record):
    """A model that another was blended from: its name, the digest of its weights, its share."""

    name: str
    digest: str
    weight: float


class Teacher(_Record):
    """The model whose own sounds another learned from: its name, the digest of its weights, how many pairs it drew."""

    name: str
    digest: str
    pairs: int


class ModelCard(_Record):
    """The papers of a model: what it is, whose sounds taught it, under which ledger, how well it does.

    ``licence`` is that of the weights, as an SPDX id, where they were published.
    """

    name: str
    family: str
    role: str
    config: dict[str, object]
    sample_rate_hz: int
    channels: int
    classes: tuple[str, ...]
    seed: int
    made_at: str
    woodshed_version: str
    purpose: Purpose
    merkle_root: str
    ledger_head: str
    sources: tuple[SourceSound, ...]
    held_out: tuple[str, ...] = ()
    left_out: tuple[LeftOutSound, ...] = ()
    training: TrainingFacts | None = None
    report: dict[str, object] | None = None
    memorisation: dict[str, object] | None = None
    references: tuple[str, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()
    base: BaseOfModel | None = None
    licence: str | None = None
    teacher: Teacher | None = None

    @property
    def own_classes(self) -> frozenset[str]:
        """Classes of the sounds that taught it itself, those of its base aside."""
        return frozenset(source.class_name for source in self.sources if source.class_name)

    @property
    def teachers(self) -> tuple[SourceSound, ...]:
        """Every sound that taught it: its own sources, then those of its base, each once."""
        if self.base is None:
            return self.sources
        own = {source.content_id for source in self.sources}
        return (*self.sources, *(source for source in self.base.sources if source.content_id not in own))

    @property
    def credits(self) -> tuple[str, ...]:
        """Credit lines that must travel with the model and its outputs, each once, in alphabetical order."""
        return tuple(sorted({source.credit for source in self.teachers if source.credit}))

    @property
    def owners(self) -> tuple[str, ...]:
        """Everyone whose sounds taught it, each once, in alphabetical order."""
        return tuple(sorted({source.owner or OWNER_UNKNOWN for source in self.teachers}))

    def refuse_if(self, refused: dict[str, str], *, query: str) -> None:
        """Refuse to work when training sounds are no longer allowed.

        Parameters
        ----------
        refused
            Content id to rule, for every training sound that is not allowed now.
        query
            What the model was trained from.

        Raises
        ------
        ConsentRefused
            Naming the sounds to leave out and the command that trains anew.
        """
        if not refused:
            return
        named = [f"{source.name} ({source.content_id[:8]})" for source in self.teachers if source.content_id in refused]
        shown = ", ".join(named[:8]) + (f" and {len(named) - 8} more" if len(named) > 8 else "")
        raise ConsentRefused(
            f"The model {self.name!r} learned from {len(named)} sound(s) that may no longer be used: {shown}",
            cause=next(iter(refused.values())),
            way_out=self._way_back(query, refused),
        )

    def _way_back(self, query: str, refused: Collection[str]) -> str:
        if self.licence:  # it was published, not trained here
            return "allow these sounds again with woodshed consent grant, or use another model or another --workspace"
        if self.teacher:
            first = self.teacher.name
            return f"train {first} anew, then: woodshed distil {first} --name {self.name}"
        if self.ancestors:
            first, second = self.ancestors[0].name, self.ancestors[-1].name
            return f"train {first} and {second} anew, then: woodshed models blend {first} {second} --name {self.name}"
        anew = f"woodshed train {self.name} --from {query!r}"
        if self.base is None:
            return f"train it anew; withdrawn sounds leave by themselves: {anew}"
        if any(source.content_id in refused for source in self.base.sources):
            base = self.base.name
            return f"its base {base} learned from them, too: train it anew without one, or on another --base: {anew}"
        return f"train it anew; withdrawn sounds leave by themselves: {anew} --base {self.base.name}"
