"""From numbers to words: are the sounds new, are they like the real ones, and what is most wrong with them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from woodshed.metrics.references import half_places
from woodshed.metrics.sets import places_by_class

Table = Mapping[str, npt.NDArray[np.floating]]
"""Descriptor values by name, each of shape ``(sounds,)``."""

Novelty = Literal["novel", "mixed", "copying", "cannot tell"]
Closeness = Literal["close", "near", "far", "cannot tell"]

_FEWEST = 4
_COPYING = 0.1


@dataclass(frozen=True)
class _Words:
    """How a gap is said: "{noun} {amount} {more}". ``ear`` is a gap one can just hear, in the unit of the gap.

    Where ``less_is_fine``, only a gap upward is one.

    Ratios are taken of values held at ``lowest`` or above: between 0 and 1 ms of attack there is nothing to hear.
    """

    noun: str
    more: str
    less: str
    ear: float
    ratio: bool = False
    unit: str = "dB"
    lowest: float = 0.01
    less_is_fine: bool = False


_SPOKEN: Mapping[str, _Words] = {
    "tail_level_db": _Words("tails", "too loud", "too quiet", 3.0),
    "pre_onset_energy_db": _Words("energy before the onset", "too loud", "quieter than real", 6.0, less_is_fine=True),
    "high_band_db": _Words("highs", "too loud", "too quiet", 1.5),
    "low_band_db": _Words("lows", "too loud", "too quiet", 1.5),
    "attack_high_band_db": _Words("attacks", "too bright", "too dull", 1.5),
    "late_high_band_db": _Words("ends", "too bright", "too dull", 3.0),
    "crest_db": _Words("peaks", "too spiky", "too flat", 1.0),
    "spectral_crest_db": _Words("tones", "too pure", "too blurred", 2.0),
    "tilt_db_per_octave": _Words("spectra", "tilted too bright", "tilted too dark", 0.5, unit="dB per octave"),
    "decay_time_ms": _Words("decays", "too long", "too short", 0.14, ratio=True, lowest=10.0),
    "long_decay_time_ms": _Words("ends", "too long", "too short", 0.2, ratio=True),
    "attack_time_ms": _Words("attacks", "too slow", "too fast", 0.5, ratio=True, lowest=8.0),
    "centroid_hz": _Words("sounds", "too bright", "too dark", 0.14, ratio=True),
    "spread_hz": _Words("spectra", "too wide", "too narrow", 0.14, ratio=True),
    "duration_s": _Words("sounds", "too long", "too short", 0.14, ratio=True),
    "pitch_strength": _Words("sounds", "too tonal", "too noisy", 0.05, unit="of pitch strength"),
    "stereo_width": _Words("stereo", "too wide", "too narrow", 0.03, unit="of width"),
}


@dataclass(frozen=True)
class Gap:
    """How far the typical made sound lies from the typical real one of its class, in one descriptor.

    ``gap`` is the median over classes, in dB, octaves (``ratio``) or the descriptor's own unit; ``floor`` is what one
    half of the real kits shows against the other, or what one can just hear if that is more. ``classes`` counts the
    classes with at least 4 sounds on both sides.
    """

    name: str
    gap: float
    floor: float
    classes: int

    @property
    def severity(self) -> float:
        """The gap in units of its floor: above 1 it is more than real kits differ."""
        return abs(self.gap) / self.floor

    @property
    def text(self) -> str:
        """The gap in words.

        Examples
        --------
        >>> Gap("tail_level_db", 6.2, 3.0, 5).text
        'tails 6 dB too loud'
        >>> Gap("decay_time_ms", -0.5, 0.2, 5).text
        'decays 29 % too short'
        """
        words = _SPOKEN[self.name]
        side = words.more if self.gap > 0 else words.less
        if words.ratio:
            return f"{words.noun} {abs(100 * (2**self.gap - 1)):.0f} % {side}"
        shown = f"{abs(self.gap):.0f}" if abs(self.gap) >= 2 else f"{abs(self.gap):.2g}"
        return f"{words.noun} {shown} {words.unit} {side}"


def gaps(
    made: Table,
    real: Table,
    *,
    made_classes: Sequence[str],
    real_classes: Sequence[str],
    real_groups: Sequence[str],
    seed: int = 0,
) -> list[Gap]:
    """Every spoken descriptor's gap between made and real sounds, worst first.

    Parameters
    ----------
    made, real
        Descriptor values by name; names that are not known here are passed over.
    made_classes, real_classes, real_groups
        One per sound.
    """
    halves = [half_places(tuple(real_groups), seed=seed + turn) for turn in range(3)]
    classes = np.asarray(real_classes, dtype=object)
    found = []
    for name, words in _SPOKEN.items():
        if name not in made or name not in real:
            continue
        values, truth = (_heard(table[name], words) for table in (made, real))
        gap, count = _gap(values, truth, made_classes, real_classes)
        floors = [abs(_gap(truth[a], truth[b], classes[a].tolist(), classes[b].tolist())[0]) for a, b in halves]
        if count:
            gap = max(gap, 0.0) if words.less_is_fine else gap
            found.append(Gap(name, gap, max(float(np.nanmedian([*floors, 0.0])), words.ear), count))
    return sorted(found, key=lambda one: -one.severity)


def heard_values(values: npt.NDArray[np.floating], name: str) -> tuple[npt.NDArray[np.floating], float]:
    """Values of a descriptor as gaps are taken of them (times in octaves), and the gap that one can just hear.

    Examples
    --------
    >>> heard_values(np.array([100.0, 200.0]), "decay_time_ms")[0].round(2).tolist()
    [6.64, 7.64]
    """
    words = _SPOKEN[name]
    return _heard(values, words), words.ear


def _heard(values: npt.NDArray[np.floating], words: _Words) -> npt.NDArray[np.floating]:
    return np.log2(np.maximum(values, words.lowest)) if words.ratio else np.asarray(values)


def _gap(
    made: npt.NDArray[np.floating],
    real: npt.NDArray[np.floating],
    made_classes: Sequence[str],
    real_classes: Sequence[str],
) -> tuple[float, int]:
    """Median over classes of the difference of medians, and how many classes had enough sounds; 0 of none."""
    here, there = places_by_class(made_classes), places_by_class(real_classes)
    apart = [
        float(np.median(made[places]) - np.median(real[there[name]]))
        for name, places in here.items()
        if len(places) >= _FEWEST and len(there.get(name, ())) >= _FEWEST
    ]
    return (float(np.median(apart)) if apart else 0.0), len(apart)


@dataclass(frozen=True)
class Verdict:
    """The end of the report: ``text`` in one or two sentences, ``worst`` the worst fault, ``advice`` what to try."""

    novelty: Novelty
    closeness: Closeness
    worst: str
    text: str
    advice: str


def novelty_of(*, can_tell: bool, low: float, inside_null: bool) -> Novelty:
    """The word for a copy rate whose interval begins at ``low``.

    Examples
    --------
    >>> novelty_of(can_tell=True, low=0.0, inside_null=True), novelty_of(can_tell=True, low=0.3, inside_null=False)
    ('novel', 'copying')
    """
    if not can_tell:
        return "cannot tell"
    if inside_null:
        return "novel"
    return "copying" if low > _COPYING else "mixed"


def closeness_of(distances: Sequence[float], floors: Sequence[float]) -> Closeness:
    """The word for distances beside the floors of their spaces; the worst space decides.

    Close is within a third of what one half of the real kits lies from the other; near is within the whole of it.

    Examples
    --------
    >>> closeness_of([3.0, 2.0], [15.0, 9.0]), closeness_of([3.0, 20.0], [15.0, 9.0])
    ('close', 'far')
    """
    if not floors or not all(np.isfinite(floor) and floor > 0 for floor in floors):
        return "cannot tell"
    worst = max(distance / floor for distance, floor in zip(distances, floors, strict=True))
    return "close" if worst <= 1 / 3 else "near" if worst <= 1 else "far"


_NOVELTY_TEXT: Mapping[Novelty, str] = {
    "novel": "The sounds are new: no more of them resemble a training sound than {beside} do",
    "mixed": "Mixed: more of the sounds repeat a training sound than {beside} do",
    "copying": "Copying: many of the sounds repeat a training sound",
    "cannot tell": "Whether sounds were copied cannot be told: {missing}, or missed planted copies",
}
_CLOSENESS_TEXT: Mapping[Closeness, str] = {
    "close": "as a whole they lie close to the real ones",
    "near": "as a whole they lie about as far from the real ones as one half of the real kits from the other",
    "far": "as a whole they lie further from the real ones than real kits lie from each other",
    "cannot tell": "how close they lie cannot be told, because too few kits were learned from to compare their halves",
}
_NOVELTY_ADVICE: Mapping[Novelty, str] = {
    "novel": "",
    "mixed": "listen to the worst pairs, and train for fewer steps or on more sounds",
    "copying": "train for fewer steps or on more sounds, and do not publish these as new",
    "cannot tell": "add sounds of more kits, so that some can be held out",
}


def verdict(
    *,
    novelty: Novelty,
    closeness: Closeness,
    gaps: Sequence[Gap],
    clean_share: float,
    commonest_fault: str = "",
    class_agreement: float | None = None,
    beside: str = "unseen real sounds",
    any_held_out: bool = True,
) -> Verdict:
    """Put the findings into words.

    Parameters
    ----------
    clean_share
        Share of the made sounds without a hygiene fault.
    class_agreement
        How often the listener hears the class asked for, relative to real sounds; None where unknown.
    beside
        The real sounds that copies were counted beside.
    any_held_out
        Whether there are sounds that the model never heard.

    Examples
    --------
    >>> found = verdict(novelty="novel", closeness="close", gaps=[Gap("tail_level_db", 6, 3, 5)], clean_share=1.0)
    >>> found.worst
    'tails 6 dB too loud'
    """
    worst = _worst(gaps, clean_share=clean_share, commonest_fault=commonest_fault, class_agreement=class_agreement)
    missing = "too few unseen real sounds" if any_held_out else "no kits were held out"
    novel = _NOVELTY_TEXT[novelty].format(beside=beside, missing=missing)
    text = f"{novel}; {_CLOSENESS_TEXT[closeness]}. Worst fault: {worst}."
    otherwise = "train longer" if closeness == "far" else "listen: the numbers end here"
    return Verdict(novelty, closeness, worst, text, _NOVELTY_ADVICE[novelty] or otherwise)


def _worst(gaps: Sequence[Gap], *, clean_share: float, commonest_fault: str, class_agreement: float | None) -> str:
    """The first that holds: broken sounds, unheard classes, a gap beyond its floor; else none."""
    if clean_share < 0.95:
        faulty = f"{100 * (1 - clean_share):.0f} % of the raw sounds have a technical fault"
        return f"{faulty}, mostly: {commonest_fault}" if commonest_fault else faulty
    if class_agreement is not None and class_agreement < 0.8:
        return f"the class asked for is heard only {class_agreement:.2f} times as often as in real sounds"
    audible = [gap for gap in gaps if gap.severity > 1]
    if audible:
        return max(audible, key=lambda one: one.severity).text
    return "none that is larger than the differences between real kits"
