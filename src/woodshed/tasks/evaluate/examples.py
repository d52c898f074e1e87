"""Some made and some real sounds of every class, as files to play beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from woodshed.base.files import file_word
from woodshed.base.seeds import derive_seed
from woodshed.metrics import SoundSet, places_by_class
from woodshed.sound import Sound, write_sound
from woodshed.tasks.evaluate.pairs import SOUNDS, playable
from woodshed.tasks.evaluate.report import ClassExamples

SHOWN = 5

More = Callable[[str, int], Sequence[Sound]]


def write_examples(
    made: SoundSet, training: SoundSet, *, more: More, folder: Path, seed: int
) -> tuple[ClassExamples, ...]:
    """Write the first made sounds of every class, none picked by ear or figure, and as many real ones drawn at random.

    Parameters
    ----------
    more
        Makes so many further sounds of a class: a rare class has too few among ``made``.
    folder
        The sounds go into ``folder / "sounds"`` as FLAC; the record names them relative to the folder.
    """
    made_of = places_by_class(made.class_names)
    written = []
    for number, (name, places) in enumerate(places_by_class(training.class_names).items()):
        heard = [made.sounds[place] for place in made_of.get(name, [])[:SHOWN]]
        heard += more(name, SHOWN - len(heard)) if len(heard) < SHOWN else []
        rng = np.random.default_rng(derive_seed(seed, "examples", name))
        drawn = rng.permutation(places)[:SHOWN]
        word = f"{number:02d}_{file_word(name or 'any')}"
        written.append(
            ClassExamples(
                class_name=name,
                made_files=_written(heard, folder, f"{word}_made"),
                real_files=_written([training.sounds[place] for place in drawn], folder, f"{word}_real"),
                real_names=tuple(training.names[place] for place in drawn),
            )
        )
    return tuple(written)


def _written(sounds: Sequence[Sound], folder: Path, word: str) -> tuple[str, ...]:
    files = tuple(f"{SOUNDS}/{word}_{number}.flac" for number in range(1, len(sounds) + 1))
    for file, sound in zip(files, sounds, strict=True):
        write_sound(folder / file, playable(sound), encoding="PCM_16")
    return files
