"""The stages that take minutes, each kept on disk: a library, a trained model, its sounds, what is measured of them."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks._corpus import cache_folder, folders_of_kind
from benchmarks._generation_sides import Figures, Side, Yardstick, kept_side
from benchmarks._kit_sounds import made_hits
from benchmarks._process import run_measured
from benchmarks._report import progress
from woodshed.artifacts import ModelCard
from woodshed.artifacts.model_file import LoadedModel
from woodshed.base.errors import UsageError
from woodshed.base.files import file_word
from woodshed.base.seeds import derive_seed
from woodshed.library import Purpose
from woodshed.metrics import REFERENCES, SoundSet, asked_classes
from woodshed.roles import FAMILIES, Generator, LenderPool, NoLenders, Request
from woodshed.sound import Sound, read_sound
from woodshed.tasks.evaluate.listening import Hearing, trained_listener
from woodshed.training import parse_budget
from woodshed.workspace import Workspace

BATCH = 16
LEAST = 16
FEWEST_TO_LEARN = 4
KIT_SEED, KIT_EACH = 4711, 12  # of the hits that teach a listener where real ones are too few


@dataclass(frozen=True)
class Order:
    """What is trained and how much is made; everything that the figures depend on besides the sounds and the code."""

    family: str = "band-flow"
    preset: str = "laptop"
    minutes: float = 10.0
    steps: int | None = None
    kind: str = "oneshot"
    count: int = 512
    least: int = LEAST
    longest_s: float = 3.0
    held_out: float = 0.2
    seed: int = 1
    listener_steps: int = 300
    plants: int = 50

    @property
    def name(self) -> str:
        """What the model is called."""
        return f"{self.family}-proving"

    @property
    def budget(self) -> str:
        """Minutes of processor time over all threads; half as many by the clock where the budget knows no such unit."""
        if self.steps:
            return f"{self.steps}steps"
        try:
            parse_budget(f"{self.minutes:g}m-cpu")
        except UsageError:
            return f"{self.minutes / 2:g}m"
        return f"{self.minutes:g}m-cpu"


class Stage:
    """One model on one corpus, with everything that is measured of it. Nothing is done before it is asked for.

    Parameters
    ----------
    data
        Folder of real sounds with its manifest.csv.
    order
        What to train and how much to make.
    folder
        Where results are kept; a folder of the cache if None.
    """

    def __init__(self, data: Path, order: Order, *, folder: Path | None = None) -> None:
        self.data, self.order = data, order
        self.folder = folder or cache_folder("generation", data, order)

    @property
    def can_begin(self) -> bool:
        """Whether the family exists."""
        return self.order.family in FAMILIES

    @cached_property
    def workspace(self) -> Workspace:
        """A library of the corpus's sounds of the wanted kind."""
        workspace = Workspace(self.folder / "workspace")
        if not (self.folder / "library.json").is_file():
            for sounds in folders_of_kind(self.data, self.order.kind):
                report = workspace.library.add(sounds)
                progress(f"library: {len(report.added)} added, {len(report.skipped)} skipped")
            (self.folder / "library.json").write_text("{}", encoding="utf-8")
        return workspace

    @cached_property
    def training_facts(self) -> Mapping[str, float]:
        """Seconds of the training, its processor seconds over all threads, and its peak memory."""
        return self.trained()

    def trained(self) -> Mapping[str, float]:
        """As `training_facts`; trains in a process of its own, unless that was done. Two stages may do it at once."""
        kept = self.folder / "training.json"
        workspace, order = self.workspace, self.order
        if not kept.is_file():
            words = ["-m", "woodshed", "train", order.name, "--from", f"kind:{order.kind}", "--family", order.family]
            words += ["--preset", order.preset, "--budget", order.budget, "--seed", str(order.seed)]
            words += ["--held-out", f"{order.held_out:g}", "--anew", "--workspace", str(workspace.folder)]
            ran = run_measured(words, log=self.folder / "training.log")
            if ran.returncode:
                progress(ran.output[-3000:])
                raise SystemExit(f"training {order.name} failed")
            facts = {"seconds": ran.seconds, "processor_s": ran.processor_s, "peak_gib": ran.peak_gib}
            kept.write_text(json.dumps(facts), encoding="utf-8")
        return json.loads(kept.read_text(encoding="utf-8"))

    @cached_property
    def loaded(self) -> LoadedModel:
        """The trained model."""
        progress(f"{self.order.name}: trained in {self.training_facts['processor_s'] / 60:.1f} processor minutes")
        return self.workspace.models.load(self.order.name)

    @property
    def model(self) -> Generator:
        """The trained generator."""
        assert isinstance(self.loaded.model, Generator)
        return self.loaded.model

    @property
    def card(self) -> ModelCard:
        """Its papers."""
        return self.loaded.card

    @cached_property
    def training(self) -> SoundSet:
        """What it learned from."""
        return self._real([source.content_id for source in self.card.sources])

    @cached_property
    def held_out(self) -> SoundSet:
        """Real sounds of kits that it never heard."""
        return self._real(list(self.card.held_out))

    def _real(self, content_ids: Sequence[str]) -> SoundSet:
        chosen = self.workspace.library.training_set(
            "all",
            purpose=Purpose(self.card.purpose),
            sample_rate_hz=self.card.sample_rate_hz,
            channels=self.card.channels,
        ).subset(content_ids)
        heard = list(chosen)
        longest = round(self.order.longest_s * self.card.sample_rate_hz)
        return SoundSet(
            tuple(one.sound.section(0, longest) for one in heard),
            tuple(one.item.class_name or "" for one in heard),
            tuple(one.item.group for one in heard),
            tuple(one.item.content_id for one in heard),
        )

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """One class name per sound to make; classes of too few training sounds drop out, with a note."""
        asked = asked_classes(self.training.class_names, count=self.order.count, least=self.order.least)
        if missing := sorted(set(self.training.class_names) - set(asked) - {""}):
            progress(f"fewer than {self.order.least} training sounds, so left out: {', '.join(missing)}")
        return asked

    def lenders(self, *, borrow: str = "none") -> LenderPool:
        """Where it may borrow."""
        return self.workspace.lenders(self.loaded, borrow=borrow)

    def made(self, name: str = "made", *, steps: int | None = None, borrow: str = "none", draw: int = 0) -> SoundSet:
        """The sounds it makes, before any finishing; made once and kept. A sound carries its lenders as its name."""
        kept = self.folder / f"{name}.npz"
        if not kept.is_file():
            requests = requests_for(self.asked, seed=self.order.seed + draw)
            sounds = made_by(self.model, requests, lenders=self.lenders(borrow=borrow), steps=steps)
            save_sounds(kept, sounds)
        return sounds_from(kept, rate_hz=self.card.sample_rate_hz)

    def side(self, sounds: SoundSet, *, name: str) -> Side:
        """What is measured of sounds, kept."""
        return kept_side(sounds, self.folder, name=file_word(name))

    @cached_property
    def yardstick(self) -> Yardstick:
        """The real sounds that all rows are measured against."""
        training, held_out = self.side(self.training, name="training"), self.side(self.held_out, name="held-out")
        return Yardstick(training, held_out, seed=self.order.seed)

    def kept_figures(self, name: str, work_out: Callable[[], Figures]) -> Figures:
        """The figures of a row, worked out once and kept."""
        kept = self.folder / f"row-{file_word(name)}.pickle"
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(work_out()))
        return pickle.loads(kept.read_bytes())

    @cached_property
    def references(self) -> dict[str, SoundSet]:
        """The rows that need no model."""
        seed = self.order.seed
        return {
            name: make(self.training, like=self.asked, seed=derive_seed(seed, "reference", name))
            for name, make in REFERENCES.items()
        }

    @cached_property
    def hearing(self) -> Hearing | None:
        """A listener that learned from the held-out kits only, the classes they have; None if they are too few.

        Where they are too few, hits of a built-in kit teach it, too: no more of these was heard by the model.
        """
        found = self._taught_by(self.held_out)
        if found is None:
            progress("too few held-out sounds to teach a listener: hits of a built-in kit teach it, too")
            found = self._taught_by(together([self.held_out, kit_hits(like=self.card)]))
        return found

    def _taught_by(self, sounds: SoundSet) -> Hearing | None:
        counts = Counter(sounds.class_names)
        names = {name for name in self.asked if counts[name] >= FEWEST_TO_LEARN}
        wanted = self.training.taken(at for at, name in enumerate(self.training.class_names) if name in names)
        steps, seed = self.order.listener_steps, self.order.seed
        found = trained_listener(wanted, sounds, allowed=None, steps=steps, seed=seed)
        return None if found is None or found.heard_training_sounds else found


def kit_hits(*, like: ModelCard) -> SoundSet:
    """Hits of a built-in kit, of the rate and channels of a model."""
    hits = made_hits(seed=KIT_SEED, count_per_class=KIT_EACH)
    heard = [one.sound.resampled(like.sample_rate_hz) for one in hits]
    sounds = [one.mono() for one in heard] if like.channels == 1 else heard
    return SoundSet(tuple(sounds), tuple(one.class_name for one in hits), tuple(one.group for one in hits))


def together(sets: Sequence[SoundSet]) -> SoundSet:
    """The sounds of some sets."""
    return SoundSet(
        tuple(sound for one in sets for sound in one.sounds),
        tuple(name for one in sets for name in one.class_names),
        tuple(group for one in sets for group in one.groups),
        tuple(name for one in sets for name in one.names),
    )


def requests_for(classes: Sequence[str], *, seed: int) -> list[Request]:
    """One request per class name, with seeds side by side, as ``woodshed generate`` has them."""
    first = derive_seed(seed, "generation") % 2**62
    return [Request(seed=first + place, class_name=name or None) for place, name in enumerate(classes)]


def made_by(
    model: Generator,
    requests: Sequence[Request],
    *,
    lenders: LenderPool | None = None,
    steps: int | None = None,
    guidance: float | None = None,
) -> SoundSet:
    """What a model makes, before any finishing; ``names`` hold the lenders of each sound, joined by spaces."""
    sounds: list[Sound] = []
    names = []
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        found = model.generate(batch, lenders=lenders or NoLenders(), steps=steps, guidance=guidance)
        sounds += [one.sound for one in found]
        names += [" ".join(one.lenders) for one in found]
    return SoundSet(tuple(sounds), tuple(one.class_name or "" for one in requests), names=tuple(names))


def save_sounds(path: Path, sounds: SoundSet) -> None:
    """Keep made sounds as ``sounds_from`` reads them."""
    frames = np.array([sound.frames for sound in sounds.sounds])
    channels = max(sound.channels for sound in sounds.sounds)
    audio = np.zeros((len(sounds), channels, frames.max()), np.float32)
    for row, sound in zip(audio, sounds.sounds, strict=True):
        row[:, : sound.frames] = sound.data
    words = {"classes": np.array(sounds.class_names), "names": np.array(sounds.names)}
    np.savez(path, audio=audio, frames=frames, rate=sounds.sample_rate_hz, **words)


def sounds_from(path: Path, *, rate_hz: int) -> SoundSet:
    """Sounds made elsewhere or before: an .npz file, or a folder of ``CLASS_anything.wav``."""
    if path.is_dir():
        files = sorted(path.glob("*.wav"))
        sounds = [read_sound(file).resampled(rate_hz) for file in files]
        return SoundSet(tuple(sounds), tuple(file.stem.split("_")[0] for file in files))
    with np.load(path, allow_pickle=False) as kept:
        rate = int(kept["rate"]) if "rate" in kept else rate_hz
        sounds = [Sound(one[:, :frames], rate) for one, frames in zip(kept["audio"], kept["frames"], strict=True)]
        names = tuple(str(name) for name in kept["names"]) if "names" in kept else ()
        return SoundSet(tuple(sounds), tuple(str(name) for name in kept["classes"]), names=names)
