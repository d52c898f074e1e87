"""What a musician would ask of a shape (brightness, decay, width, pitch): read off it, and brought about in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from woodshed.nn.envelopes import SIDE_HIGH, SIDE_LOW, EnvelopeSplitter
from woodshed.nn.shaping import Shape
from woodshed.nn.tuning import Tuner

TRAITS = ("brightness_hz", "decay_ms", "width", "pitch_hz")
_SCALES = {"brightness_hz": (1500.0, 1.6), "decay_ms": (120.0, 1.6), "pitch_hz": (110.0, 1.5)}  # middle, octaves
_MOST_TILT_DB = 15.0  # per octave
_MOST_STRETCH = 5.0  # octaves of time after the peak
_TONAL = 0.4


class Traits:
    """Reads and sets the traits of shapes.

    Parameters
    ----------
    splitter
        Gives bands, hop and floor.
    """

    def __init__(self, splitter: EnvelopeSplitter) -> None:
        self.splitter = splitter
        centres = splitter.bands.centres_hz
        self._octaves = torch.log2(centres.clamp(min=40.0) / 1000.0)  # (bands,)
        self._tuner = Tuner(splitter)
        self._bins = splitter.bands.spreading.sum(1)  # how many bins a band stands for, (bands,)

    def of(self, shape: Shape) -> dict[str, float]:
        """All traits of a shape; pitch, that of its lowest mode, only where something rings."""
        power = self._power(shape)  # (steps, bands)
        found = {
            "brightness_hz": self._brightness_hz(power),
            "decay_ms": self._decay_ms(power),
            "width": self._width(power, shape.width),
        }
        partials = shape.partials
        if partials is not None and float(partials.shares[:8].mean(0).max()) > _TONAL:
            found["pitch_hz"] = float(partials.frequencies_hz[0])
        return found

    def to_numbers(self, traits: Mapping[str, float]) -> Tensor:
        """Two numbers per trait: its place around 0 (0 where unknown), and whether it is known, ``(2 * TRAITS,)``."""
        numbers = []
        for name in TRAITS:
            known = name in traits
            numbers += [_place(name, traits[name]) if known else 0.0, 1.0 if known else 0.0]
        return torch.tensor(numbers)

    def fitted(self, shape: Shape, wishes: Mapping[str, float]) -> Shape:
        """The shape with what was wished for, as nearly as moving, stretching, tilting and widening bring it about."""
        if "pitch_hz" in wishes:
            shape = self._tuner.tuned(shape, wanted_hz=wishes["pitch_hz"]).uncoloured()
        if "decay_ms" in wishes:
            shape = self._with_decay(shape, wishes["decay_ms"])
        if "brightness_hz" in wishes:
            shape = self._with_brightness(shape, wishes["brightness_hz"]).uncoloured()
        if "width" in wishes:
            shape = self._with_width(shape, wishes["width"])
        return shape

    # -- inside

    def _power(self, shape: Shape) -> Tensor:
        return (shape.envelope.exp() - math.exp(self.splitter.floor)).clamp(min=0) * self._bins

    def _brightness_hz(self, power: Tensor) -> float:
        energy = power.sum(0)
        return float((energy * self.splitter.bands.centres_hz).sum() / energy.sum().clamp(min=1e-12))

    def _decay_ms(self, power: Tensor, *, peak: int | None = None) -> float:
        """Time from the peak (or a given step) until the level first lies 20 dB below it."""
        course = power.sum(1)
        smooth = torch.nn.functional.avg_pool1d(course[None, None], 3, 1, 1, count_include_pad=False)[0, 0]
        peak = int(smooth.argmax()) if peak is None else peak
        below = torch.nonzero(smooth[peak:] < 0.01 * smooth[peak])
        steps = int(below[0]) if len(below) else len(smooth) - peak
        return 1000.0 * max(1, steps) * self._hop_s

    def _width(self, power: Tensor, width: Tensor) -> float:
        """Side over mid and side, of all energy."""
        ratio = self.splitter.width_over_bands(width).exp()
        side = float((power * torch.where(ratio > 1.2 * math.exp(SIDE_LOW), ratio, 0.0)).sum())
        return side / max(1e-12, side + float(power.sum()))

    @property
    def _hop_s(self) -> float:
        return self.splitter.hop_frames / self.splitter.sample_rate_hz

    def _with_brightness(self, shape: Shape, wanted_hz: float) -> Shape:
        def tilted(tilt_db: float) -> Shape:
            return self._changed(shape, tilt_db * self._octaves[None])

        return _solved(tilted, lambda s: self._brightness_hz(self._power(s)), wanted_hz, -_MOST_TILT_DB, _MOST_TILT_DB)

    def _with_decay(self, shape: Shape, wanted_ms: float) -> Shape:
        course = self._power(shape).sum(1)[None, None]
        peak = int(torch.nn.functional.avg_pool1d(course, 3, 1, 1, count_include_pad=False).argmax())
        steps = torch.arange(shape.steps, dtype=torch.float32)

        def stretched(octaves: float) -> Shape:
            places = torch.where(steps <= peak, steps, peak + (steps - peak) * 2.0**-octaves).clamp(max=shape.steps - 1)
            before = places.floor().long().clamp(max=max(0, shape.steps - 2))
            after = (before + 1).clamp(max=shape.steps - 1)
            share = (places - before)[:, None]
            return replace(
                shape,
                envelope=torch.lerp(shape.envelope[before], shape.envelope[after], share),
                width=torch.lerp(shape.width[before], shape.width[after], share),
            ).uncoursed()

        def measured(changed: Shape) -> float:
            return self._decay_ms(self._power(changed), peak=peak)  # what is held longer must not become the peak

        return _solved(stretched, measured, wanted_ms, -_MOST_STRETCH, _MOST_STRETCH)

    def _with_width(self, shape: Shape, wanted: float) -> Shape:
        shape = replace(shape, lean=_lean_within(shape.lean, wanted))

        def widened(more: float) -> Shape:
            return replace(shape, width=(shape.width + more).clamp(SIDE_LOW, SIDE_HIGH))

        if wanted <= 1e-4:
            return replace(shape, width=torch.full_like(shape.width, SIDE_LOW))
        return _solved(widened, lambda s: self._width(self._power(s), s.width), wanted, -10.0, 14.0)

    def _changed(self, shape: Shape, change_db: Tensor) -> Shape:
        """Turned up and down, the floor staying where it is and the loudest at 0."""
        power = (shape.envelope.exp() - math.exp(self.splitter.floor)).clamp(min=0)
        power = power * (change_db * (math.log(10.0) / 10.0)).exp()
        power = power / power.max().clamp(min=1e-12)
        return replace(shape, envelope=torch.log(power + math.exp(self.splitter.floor)))


def _lean_within(lean: float, width: float) -> float:
    """A lean to one channel, so far as what it brings of side is at most half of the width wished for."""
    side = max(0.0, min(0.999, width / 2))
    most = 4.0 * math.atanh(min(0.999, math.sqrt(side / (1.0 - side))))
    return max(-most, min(most, lean))


def _place(name: str, value: float) -> float:
    if name == "width":
        return (math.sqrt(max(0.0, value)) - 0.3) / 0.3
    middle, octaves = _SCALES[name]
    return max(-3.0, min(3.0, math.log2(max(1e-3, value) / middle) / octaves))


def _solved(
    change: Callable[[float], Shape], measure: Callable[[Shape], float], wanted: float, low: float, high: float
) -> Shape:
    """The change, found by halving, whose measure (rising with it) is nearest to what was wanted."""
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if measure(change(middle)) < wanted else (low, middle)
    return change((low + high) / 2)
