"""What the codec of a latent flow learns from in one step: crops of sounds, and its losses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from woodshed.nn import (
    BandDiscriminator,
    BandMap,
    SecondsGrid,
    SpectralCodec,
    deceiving_loss,
    discriminator_loss,
    half_width,
    lapped,
)
from woodshed.roles import OptimiserPlan

_FINE_HOP, _LONG_HOP = 64, 1024  # frames at 44.1 kHz
_LOW_BINS = 96  # of the long slices: up to 2 kHz
_FLOOR = 1e-6


@dataclass(frozen=True)
class EndingPlan(OptimiserPlan):
    """A plan whose fall ends at a share of all steps; nothing moves after that."""

    end: float = 1.0

    def factor(self, step: int, total_steps: int) -> float:
        """What the learning rate is multiplied with at a step."""
        last = round(self.end * total_steps)
        return super().factor(step, last) if step < last else 0.0


class Texture(nn.Module):
    """Compares sounds at a finer and a longer slice than the codec's own: attacks and steady pitches.

    Parameters
    ----------
    sample_rate_hz
        Of the sounds.
    """

    def __init__(self, *, sample_rate_hz: int) -> None:
        super().__init__()
        self.fine, self.long = (max(16, round(hop * sample_rate_hz / 44100)) for hop in (_FINE_HOP, _LONG_HOP))
        self.fine_bands = BandMap(sample_rate_hz=sample_rate_hz, hop_frames=self.fine, bands=20)
        self.long_bands = BandMap(sample_rate_hz=sample_rate_hz, hop_frames=self.long, bands=60)

    def forward(self, made: Tensor, real: Tensor) -> Tensor:
        """Mean difference of log power, for ``(batch, sides, frames)`` both."""
        pairs = [self._pictures(sound) for sound in (made, real)]
        return torch.stack([(a - b).abs().mean() for a, b in zip(*pairs, strict=True)]).mean()

    def _pictures(self, audio: Tensor) -> list[Tensor]:
        fine, long = (_power(audio, hop_frames=hop) for hop in (self.fine, self.long))
        shown = [self.fine_bands.gather(fine), self.long_bands.gather(long), long[..., :_LOW_BINS]]
        return [torch.log(power + _FLOOR) for power in shown]


def _power(audio: Tensor, *, hop_frames: int) -> Tensor:
    spectra = lapped(audio, hop_frames=hop_frames)
    return spectra.real.square() + spectra.imag.square()


@dataclass(frozen=True)
class CodecLesson:
    """One step of learning for a codec.

    Parameters
    ----------
    grid, codec, texture, judge
        What learns, and what judges it; no judge where none is wanted.
    blur
        Standard deviation of the noise put on latents, so that small errors of a flow do no harm.
    half
        Whether networks may run in 16 bits on a GPU.
    """

    grid: SecondsGrid
    codec: SpectralCodec
    texture: Texture
    judge: BandDiscriminator | None
    blur: float
    half: bool

    def losses(self, wave: Tensor, counts: Tensor, *, tokens: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Losses over one crop of so many tokens from each row of ``wave`` (batch, sides, frames)."""
        crops, present = self._crops(wave, counts, tokens=tokens, generator=generator)
        steps = tokens * self.grid.token_steps
        spectra = self.grid.analyse(crops)[..., :steps, :]
        with half_width(wave.device, wanted=self.half):
            latents = self.codec.encode(spectra)
            latents = latents + self.blur * torch.randn(latents.shape, generator=generator).to(latents)
            decoded = self.codec.decode(latents)
        heard = present.repeat_interleave(self.grid.token_steps, dim=1).to(spectra.real)
        likely = (self.codec.misses(decoded, spectra) * heard).sum() / heard.sum().clamp(min=1)
        white = torch.randn((*crops.shape[:2], (steps - 1) * self.grid.hop_frames), generator=generator)
        noise = self.grid.analyse(white.to(crops))
        frames = (steps - 1) * self.grid.hop_frames
        made = self.grid.synthesise(decoded.steady + self.codec.noise_gain(decoded) * noise, frames=frames)
        real = crops[..., :frames]
        losses = {"codec": likely, "texture": self.texture(made, real)}
        if self.judge is not None:
            losses["deceive"] = deceiving_loss(self.judge.judged(made))
            losses["judge"] = discriminator_loss(self.judge(real), self.judge(made.detach()))
        return losses

    def _crops(self, wave: Tensor, counts: Tensor, *, tokens: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Crops and which of their tokens hold sound; half of them begin where the sound begins."""
        room = (counts.cpu() + 1 - tokens).clamp(min=0)
        place = torch.rand(len(wave), generator=generator)
        inside = torch.rand(len(wave), generator=generator) < 0.5
        first = torch.where(inside, (place * (room + 1)).long().minimum(room), 0)
        frames = self.grid.token_frames
        padded = functional.pad(wave, (0, tokens * frames))
        starts = (first * frames).tolist()
        crops = torch.stack([row[:, at : at + tokens * frames] for row, at in zip(padded, starts, strict=True)])
        present = torch.arange(tokens)[None] + first[:, None] <= counts.cpu()[:, None]
        return crops, present.to(wave.device)
