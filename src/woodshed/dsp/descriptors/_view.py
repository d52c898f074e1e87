"""What all descriptors look at: one sound at full scale, its envelope, its spectra and their sums, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from woodshed.dsp._audio import Audio
from woodshed.dsp._fourier import rfft
from woodshed.dsp.envelope import Envelope, amplitude_envelope
from woodshed.dsp.maps import hz_to_mel, mel_to_hz
from woodshed.dsp.onsets import first_onset_s
from woodshed.dsp.pitch import Pitch, PitchTrack, pitch_track, settled_or_strongest, voting_hop_s
from woodshed.dsp.stft import windowed_pieces

WINDOW_S = 0.0464
MEL_BANDS = 20
MEL_LOW_HZ = 40.0
MEL_HIGH_HZ = 16_000.0
EARLY_S = 0.05
LATE_S = 0.1
_NOTHING = 1e-10

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Descriptor:
    """One named value of the vector.

    Parameters
    ----------
    name
        As in the glossary, with its unit at the end where it has one.
    unit
        ``s``, ``ms``, ``hz``, ``db``, ``lufs``, ``semitones``, ``octaves``, ``count``..., or ``share`` (0 to 1).
    help
        What is measured, in a line.
    silent
        The value of an empty or silent sound, and of a sound in which there is nothing of the kind.
    follows_gain
        Whether the value changes when the sound is made louder; all others stay as they are.
    """

    name: str
    unit: str
    help: str
    silent: float = 0.0
    follows_gain: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """One sound under the glass; every array is made when first asked for.

    Parameters
    ----------
    original
        The sound as it came, ``(channels, frames)``.
    audio
        The same with its largest frame at full scale, ``(channels, frames)``.
    peak
        The largest frame of the original, more than 0.
    rate
        Frames per second.
    """

    original: Audio
    audio: Audio
    peak: float
    rate: float

    @property
    def frames(self) -> int:
        """Length in frames."""
        return self.audio.shape[-1]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    @cached_property
    def gram(self) -> Numbers:
        """Mean product of each two channels, ``(channels, channels)``."""
        return (self.audio @ self.audio.T).astype(np.float64) / self.frames

    @cached_property
    def envelope(self) -> Envelope:
        """Amplitude every millisecond."""
        return amplitude_envelope(self.audio, self.rate)

    @cached_property
    def onset_s(self) -> float:
        """When the sound begins."""
        return first_onset_s(self.audio, self.rate)

    @cached_property
    def window_frames(self) -> int:
        """Length of the spectral window: the power of two nearest to 46 ms."""
        return max(16, 1 << round(np.log2(max(1.0, WINDOW_S * self.rate))))

    @property
    def hop_frames(self) -> int:
        """Half the spectral window."""
        return self.window_frames // 2

    @cached_property
    def bins_hz(self) -> Audio:
        """Frequency of each bin, ``(bins,)``."""
        return np.arange(self.window_frames // 2 + 1, dtype=np.float32) * np.float32(self.rate / self.window_frames)

    @cached_property
    def layers(self) -> Audio:
        """Power of each layer, ``(layers, hops, bins)``: the middle and the side of a stereo sound, else its channels.

        The steady offset (0 Hz) is left out.
        """
        audio = self.audio
        if audio.shape[0] == 2:
            audio = np.stack([audio[0] + audio[1], audio[0] - audio[1]]) * np.float32(np.sqrt(0.5))
        audio = audio - audio.mean(axis=-1, keepdims=True)
        spectra = rfft(windowed_pieces(audio, window_frames=self.window_frames, hop_frames=self.hop_frames))
        power = np.square(spectra.real) + np.square(spectra.imag)
        power[..., 0] = 0.0
        return np.asarray(power, dtype=np.float32)

    @cached_property
    def power(self) -> Audio:
        """Power of all channels, ``(hops, bins)``."""
        return self.layers[0] if len(self.layers) == 1 else self.layers.sum(axis=0)

    @cached_property
    def spectrum(self) -> Numbers:
        """Power of the whole sound in each bin, ``(bins,)``."""
        return self.layer_spectra.sum(axis=0)

    @cached_property
    def layer_spectra(self) -> Numbers:
        """Power of the whole sound in each bin of each layer, ``(layers, bins)``."""
        return (np.ones(self.layers.shape[1], dtype=np.float32) @ self.layers).astype(np.float64)

    @cached_property
    def total(self) -> float:
        """Power of the whole spectrum; 0 if there is nothing but a steady offset."""
        total = float(self.spectrum.sum())
        return total if total > _NOTHING * self.window_frames**2 else 0.0

    @cached_property
    def hop_energy(self) -> Numbers:
        """Power of each hop, ``(hops,)``."""
        return self.power.sum(axis=1).astype(np.float64)

    @cached_property
    def hop_times_s(self) -> Numbers:
        """Centre of each hop in seconds, ``(hops,)``."""
        return np.arange(self.power.shape[0]) * (self.hop_frames / self.rate)

    @cached_property
    def early_spectrum(self) -> Numbers:
        """Power in each bin over the first 50 ms from the onset on, ``(bins,)``."""
        after = self.hop_times_s - self.onset_s
        early = (after >= -0.25 * self.hop_frames / self.rate) & (after <= EARLY_S)
        return self.power[early if early.any() else slice(0, 1)].sum(axis=0, dtype=np.float64)

    @cached_property
    def late_spectrum(self) -> Numbers:
        """Power in each bin from 100 ms after the onset on; of the last hop if the sound is shorter, ``(bins,)``."""
        late = self.hop_times_s - self.onset_s >= LATE_S
        return self.power[late if late.any() else slice(-1, None)].sum(axis=0, dtype=np.float64)

    @cached_property
    def mel(self) -> Audio:
        """Power in each mel band of each hop, ``(hops, bands)``."""
        return self.power @ mel_weights(self.rate, self.window_frames).T

    @cached_property
    def track(self) -> PitchTrack:
        """Fundamental of one piece after the other."""
        return pitch_track(self.audio, self.rate, hop_s=voting_hop_s(self.duration_s))

    @cached_property
    def pitch(self) -> Pitch:
        """Fundamental of the whole sound."""
        return settled_or_strongest(self.track, self.audio, self.rate)


@lru_cache(maxsize=16)
def mel_weights(rate: float, window_frames: int) -> Audio:
    """Overlapping triangles from 40 Hz to 16 kHz at any rate, adding up to 1 between them, ``(bands, bins)``."""
    edges = mel_edges_hz()
    bins = np.arange(window_frames // 2 + 1) * (rate / window_frames)
    rising = (bins - edges[:-2, np.newaxis]) / (edges[1:-1] - edges[:-2])[:, np.newaxis]
    falling = (edges[2:, np.newaxis] - bins) / (edges[2:] - edges[1:-1])[:, np.newaxis]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def mel_edges_hz() -> Numbers:
    """Edges of the mel bands, ``(bands + 2,)``; band ``i`` has its middle at edge ``i + 1``."""
    return mel_to_hz(np.linspace(hz_to_mel(MEL_LOW_HZ), hz_to_mel(MEL_HIGH_HZ), MEL_BANDS + 2))


def centroid_hz(spectrum: Numbers, bins_hz: Audio) -> float:
    """Centre of gravity of a spectrum; 0 if it is empty."""
    total = float(spectrum.sum())
    return float(spectrum @ bins_hz) / total if total > 0.0 else 0.0


def share_db(part: float, whole: float, *, floor_db: float) -> float:
    """A part of a power in dB of the whole, not below a floor."""
    if whole <= 0.0 or part <= 0.0:
        return floor_db
    return max(floor_db, 10.0 * float(np.log10(part / whole)))
