"""Fine structure that nobody lends: noise, and partials of a few notes held over beats, each closing on the circle."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from woodshed.nn import LoopShape, LoopSplitter, circle_lapped

_NOTES = ((0, 7, 12), (0, 3, 7), (0, 5, 7), (0, 4, 9), (0, 7, 10))  # semitones above the root
_ROOT_HZ = (48.0, 98.0)
_HIGHEST_HZ = 4000.0
_BASS_HZ = 130.0
_BASS_TONE = 0.9  # below, a drum is a tone rather than noise
_BEAT_TOKENS = 4


class Excitation:
    """Makes fine structure for a shape.

    Parameters
    ----------
    splitter
        Gives grid, bands and floor.
    """

    def __init__(self, splitter: LoopSplitter) -> None:
        self.splitter = splitter

    def under(self, shape: LoopShape, *, frames: int, sides: int, generator: torch.Generator) -> Tensor:
        """Noise and tone under a shape, ``(sides, steps, bins)``."""
        splitter = self.splitter
        steps = splitter.steps_of(frames, tokens=shape.tokens)
        fine = circle_lapped(
            torch.randn(sides, frames, generator=generator), steps=steps, hop_frames=splitter.hop_frames
        )
        fine[..., 0] = 0.0  # nothing at 0 Hz
        tone = splitter.tone_over_bands(shape.tone)
        tone = torch.where(splitter.bands.centres_hz < _BASS_HZ, tone.clamp(min=_BASS_TONE), tone)
        share = splitter.bands.spread(splitter.over_slices(tone, steps=steps)).clamp(0, 1)
        fine[0] = fine[0] * (1 - share).sqrt() + self._tones(shape.tokens, frames, steps, generator) * share.sqrt()
        return fine * self.gains(shape, steps=steps, sides=sides)

    def gains(self, shape: LoopShape, *, steps: int, sides: int) -> Tensor:
        """Amplitude per side, slice and bin of fine structure of unit power, ``(sides, steps, bins)``."""
        splitter = self.splitter
        audible = ((shape.envelope - splitter.floor - 0.7) / 1.4).clamp(0, 1)
        loud = shape.envelope / 2 + torch.log(audible.clamp(min=1e-4))
        rows = [loud]
        if sides == 2:
            rows.append(loud + splitter.width_over_bands(shape.width) / 2)
        drawn = [splitter.over_slices(row, steps=steps).exp() for row in rows]
        return torch.stack([splitter.bands.spread(row) for row in drawn])

    def _tones(self, tokens: int, frames: int, steps: int, generator: torch.Generator) -> Tensor:
        """Partials of the notes of a chord, a note for each beat, of unit power in every band, ``(steps, bins)``."""
        splitter = self.splitter
        chord = _NOTES[int(torch.randint(len(_NOTES), (), generator=generator))]
        root = math.exp(_uniform(math.log(_ROOT_HZ[0]), math.log(_ROOT_HZ[1]), generator))
        beats = -(-tokens // _BEAT_TOKENS)
        odds = torch.tensor([0.6, 0.2, 0.2])
        chosen = torch.multinomial(odds, beats, replacement=True, generator=generator)
        played = torch.nn.functional.one_hot(chosen, 3).float().repeat_interleave(_BEAT_TOKENS, 0)[:tokens]
        weights = splitter.over_slices(played.repeat_interleave(splitter.token_steps, 0), steps=steps)  # (steps, 3)
        total = torch.zeros(steps, splitter.hop_frames + 1, dtype=torch.complex64)
        for column, semitones in enumerate(chord):
            if not bool(played[:, column].any()):
                continue
            line = self._note(root * 2 ** (semitones / 12), frames, generator)
            spectra = circle_lapped(line[None], steps=steps, hop_frames=splitter.hop_frames)[0]
            total = total + spectra * weights[:, column : column + 1].sqrt()
        power = splitter.bands.gather(total.abs().square())
        return total / splitter.bands.spread(power.clamp(min=1e-6).sqrt()).clamp(min=1e-3)

    def _note(self, frequency_hz: float, frames: int, generator: torch.Generator) -> Tensor:
        """Partials that go round a whole number of times, ``(frames,)``."""
        base = max(1, round(frequency_hz * frames / self.splitter.sample_rate_hz))
        highest = min(frames // 2 - 1, int(_HIGHEST_HZ * frames / self.splitter.sample_rate_hz))
        places = torch.arange(base, max(base, highest) + 1, base)
        places = places[places <= frames // 2]
        turns = torch.rand(len(places), generator=generator) * (2 * math.pi)
        spectrum = torch.zeros(frames // 2 + 1, dtype=torch.complex64)
        spectrum[places] = torch.polar(torch.full_like(turns, float(frames)), turns)
        return torch.fft.irfft(spectrum, n=frames)


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))
