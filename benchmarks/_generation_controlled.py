"""Controlled: the class that was asked for is heard, and descriptors that were asked for are got."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from benchmarks._generation_stages import Stage, made_by, together
from benchmarks._report import Check, at_least, progress
from woodshed.base.errors import WoodshedError
from woodshed.base.seeds import derive_seed
from woodshed.dsp import DESCRIPTORS
from woodshed.metrics import SoundSet, described, places_by_class
from woodshed.roles import Listener, Request

NAMES = tuple(descriptor.name for descriptor in DESCRIPTORS)
CLASSES = 8
EACH = 12
HEARD_DRAWS = 3  # of as many sounds: of one, chance alone is .06
PITCHED = 0.5


@dataclass(frozen=True)
class Wish:
    """Something to ask for: the word for it, the descriptor it is measured by, and the request that asks for it."""

    words: str
    descriptor: str
    asked: Callable[[int, str, float], Request]


def _wished(name: str) -> Callable[[int, str, float], Request]:
    return lambda seed, class_name, value: Request(seed=seed, class_name=class_name, wishes={name: value})


WISHES = (
    Wish("length", "duration_s", lambda seed, name, value: Request(seed=seed, class_name=name, duration_s=value)),
    Wish("decay", "decay_time_ms", _wished("decay_ms")),
    Wish("brightness", "centroid_hz", _wished("brightness_hz")),
    Wish("pitch", "pitch_hz", _wished("pitch_hz")),
    Wish("width", "stereo_width", _wished("width")),
)


def controlled_checks(stage: Stage) -> list[Check]:
    """Class and wishes."""
    return [heard_check(stage), *(wish_check(stage, wish) for wish in WISHES)]


def heard_check(stage: Stage) -> Check:
    """How often the class asked for is heard, beside real training sounds, by a listener that learned from neither."""
    name, target = "controlled: class heard as asked, over that of real training sounds", ">= 1"
    if stage.hearing is None:
        return Check(f"{name} (too few held-out sounds to teach a listener)", None, target, holds=False)
    listener, classes = stage.hearing.listener, set(stage.hearing.classes) & set(stage.asked)
    draws = [stage.made(), *(stage.made(f"made-{draw}", draw=draw) for draw in range(1, HEARD_DRAWS))]
    made, real = (heard_right(listener, sounds, classes) for sounds in (together(draws), stage.training))
    if not made or not real:
        return Check(f"{name} (no class in common)", None, target, holds=False)
    rows = {
        row: np.mean(list(heard_right(listener, sounds, classes).values())) for row, sounds in stage.references.items()
    }
    progress(f"class heard as asked: generated {made}, real {real}, {rows}")
    ratio = np.mean(list(made.values())) / max(float(np.mean(list(real.values()))), 1e-9)
    right = float(np.mean(list(real.values())))
    words = f"{name} (n {HEARD_DRAWS} x {len(stage.asked)}, {len(classes)} classes, learned from "
    words += f"{stage.hearing.trained_on} sounds of neither; real {right:.2f}, noise {rows['coloured noise']:.2f})"
    return at_least(words, float(ratio), 1.0)


def heard_right(listener: Listener, sounds: SoundSet, classes: set[str]) -> dict[str, float]:
    """Share heard as its own class, by class."""
    chosen = sounds.taken([place for place, name in enumerate(sounds.class_names) if name in classes])
    if not len(chosen):
        return {}
    heard = listener.hear(chosen.sounds).argmax(axis=1)
    named = np.asarray([listener.spec.classes[best] for best in heard], dtype=object)
    return {name: float(np.mean(named[places] == name)) for name, places in places_by_class(chosen.class_names).items()}


def wish_check(stage: Stage, wish: Wish) -> Check:
    """Ask within each class's own range, from its 10th to its 90th percentile, and rank what came within the class."""
    name = f"controlled: {wish.words} asked against got, mean rank correlation within classes"
    ranges = _ranges(stage, wish)
    if not ranges:
        return Check(f"{name} (no class with a range)", None, ">= 0.8", holds=False)
    requests, asked = [], []
    for number, (class_name, (low, high)) in enumerate(ranges.items()):
        for turn, value in enumerate(_spaced(low, high, wish)):
            seed = derive_seed(stage.order.seed, "wish", wish.words, number, turn) % 2**62
            requests.append(wish.asked(seed, class_name, value))
            asked.append(value)
    try:
        sounds = made_by(stage.model, requests, lenders=stage.lenders())
    except WoodshedError as error:
        return Check(f"{name} (cannot be asked for: {error})", None, ">= 0.8", holds=False)
    table = np.array([described(sound) for sound in sounds.sounds])
    got = table[:, NAMES.index(wish.descriptor)]
    ranks = {}
    for class_name, places in places_by_class(sounds.class_names).items():
        heard = places[table[places, NAMES.index("pitch_strength")] > PITCHED] if wish.words == "pitch" else places
        if len(heard) >= 4 and np.ptp(got[heard]) > 0:
            ranks[class_name] = float(spearmanr(np.asarray(asked)[heard], got[heard]).statistic)
        else:
            ranks[class_name] = 0.0
    progress(f"{wish.words} asked against got: { {key: round(value, 2) for key, value in ranks.items()} }")
    value = float(np.mean(list(ranks.values()))) if ranks else math.nan
    return at_least(f"{name} (n {len(requests)}, {len(ranks)} classes)", value, 0.8)


def _ranges(stage: Stage, wish: Wish) -> dict[str, tuple[float, float]]:
    """The commonest classes (of pitched sounds for pitch, of stereo ones for width) with their own range."""
    side = stage.yardstick.training
    columns = side.columns()
    values = columns[wish.descriptor].copy()
    usable = np.isin(np.asarray(side.classes, object), sorted(set(stage.asked)))
    if wish.words == "pitch":
        usable &= columns["pitch_strength"] > PITCHED
    if wish.words == "length":
        values = np.array([sound.duration_s for sound in stage.training.sounds])
    names = np.asarray(side.classes, object)
    found = {}
    for class_name, count in Counter(names[usable].tolist()).most_common():
        low, high = np.percentile(values[usable & (names == class_name)], [10, 90])
        high = min(high, stage.model.max_duration_s) if wish.words == "length" else high
        if count >= 8 and high > 1.2 * low + 1e-3 and len(found) < CLASSES:
            found[str(class_name)] = (float(low), float(high))
    return found


def _spaced(low: float, high: float, wish: Wish) -> np.ndarray:
    """Values from low to high, in even steps by ear: by ratio, or plainly for width."""
    return np.linspace(low, high, EACH) if wish.words == "width" else np.geomspace(max(low, 1e-3), high, EACH)
