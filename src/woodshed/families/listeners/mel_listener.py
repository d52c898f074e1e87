"""Names one-shots: a small network that looks at the mel picture of the first second after the onset."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from einops import rearrange
from pydantic import Field
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.dsp import first_onset_s, mel_filterbank, stft
from woodshed.nn import at_rate, at_speed, levels_db, power_pieces
from woodshed.roles import DataSpec, Example, FamilyConfig, Features, Hears, Listener, OptimiserPlan
from woodshed.sound import Sound

_FLOOR_DB = -80.0
_WINDOW_S = 0.0232
_HOP_S = 0.008
_LEAD_HOPS = 2
_TOGETHER = 64


class Config(FamilyConfig):
    """What fixes a mel listener.

    Parameters
    ----------
    bands, hops
        Size of the picture: mel bands from 30 Hz up, hops of 8 ms.
    width
        Channels of the first layer; each further layer has more.
    copies
        Augmented copies of each sound at other speeds, besides the sound itself.
    semitones
        Largest change of speed.
    tilt_db, shift_hops
        Largest change over all bands, and in time, of each picture in each step.
    smoothing
        Share of certainty that is withheld from the right class while training.
    learning_rate, weight_decay, dropout
        Of training.
    """

    batch_size: int = Field(default=48, ge=2, le=65536)
    bands: int = Field(default=48, ge=8, le=512)
    hops: int = Field(default=128, ge=16, le=8192)
    width: int = Field(default=16, ge=4, le=512)
    copies: int = Field(default=3, ge=0)
    semitones: float = Field(default=2.0, ge=0, le=12)
    tilt_db: float = Field(default=12.0, ge=0)
    shift_hops: int = Field(default=2, ge=0)
    smoothing: float = Field(default=0.1, ge=0, lt=1)
    learning_rate: float = Field(default=3e-3, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    dropout: float = Field(default=0.3, ge=0, lt=1)


class MelListener(Listener, Hears):
    """Hears which of its classes a one-shot is, whatever its level, rate and channels; all classes count alike.

    A picture is made of 48 mel bands and 128 hops of 8 ms that start 16 ms before the onset, in decibels below the
    loudest point. Five layers of convolution, a mean and a maximum over time, one layer for the classes.
    """

    family: ClassVar[str] = "mel-listener"
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; tells noise from tone. For tests.
        "debug": Config(batch_size=8, bands=16, hops=32, width=4, copies=1, dropout=0.0),
        # 300 steps: 16 seconds of one core for 600 one-shots, the hearing of them included.
        "laptop": Config(),
    }
    REFERENCES: ClassVar[tuple[str, ...]] = (
        "Salamon and Bello 2017, Deep convolutional neural networks and data augmentation for environmental sound "
        "classification, IEEE Signal Processing Letters 24",
        "Park et al. 2019, SpecAugment: a simple data augmentation method for speech recognition, Interspeech",
        "Wu and He 2018, Group normalization, arXiv:1803.08494",
    )

    config: Config
    mean: Tensor
    spread: Tensor

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        assert isinstance(config, Config)
        self.register_buffer("mean", torch.zeros(config.bands))
        self.register_buffer("spread", torch.ones(()))
        widths = [config.width * factor for factor in (1, 2, 3, 4, 4)]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "mel-listener") % 2**63)
            layers = [_layer(2, widths[0], stride=2)]  # the second channel says how high a band is
            layers += [
                _layer(one, two, stride=2 if place < 3 else 1)
                for place, (one, two) in enumerate(itertools.pairwise(widths))
            ]
            self.body = nn.Sequential(*layers)
            high = -(-config.bands // 16)
            self.inner = nn.Linear(2 * widths[-1] * high, 4 * config.width)
            self.head = nn.Linear(4 * config.width, max(1, len(spec.classes)))

    # -- from sounds to pictures

    def fit(self, examples: Iterable[Example], *, seed: int) -> None:  # noqa: ARG002
        """Mean of each band and the one spread of all, over the sounds as they are."""
        pictures = [self._picture(example.sound) for example in examples]
        if pictures:
            every = torch.from_numpy(np.stack(pictures))
            self.mean.copy_(every.mean(dim=(0, 2)))
            self.spread.copy_((every - self.mean[:, None]).std().clamp(min=1.0))

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """Pictures of the sounds that have a class, and of copies at other speeds; rare classes come more often."""
        pictures, classes = [], []
        for place, example in enumerate(examples):
            if example.class_index < 0:
                continue
            rng = np.random.default_rng(derive_seed(seed, "speeds", place))
            for copy in range(1 + self.config.copies * augment):
                semitones = float(rng.uniform(-1, 1)) * self.config.semitones if copy else 0.0
                pictures.append(self._picture(example.sound, semitones=semitones).astype(np.float16))
                classes.append(example.class_index)
        if not pictures:
            return Features({"picture": torch.zeros(0, self.config.bands, self.config.hops), "class": torch.zeros(0)})
        index = torch.tensor(classes)
        weights = 1.0 / torch.bincount(index, minlength=1)[index]
        return Features({"picture": torch.from_numpy(np.stack(pictures)), "class": index}, weights)

    def _picture(self, sound: Sound, *, semitones: float = 0.0) -> npt.NDArray[np.float32]:
        """Decibels below the loudest point, 0 to -80, shape ``(bands, hops)``; all -80 for silence."""
        config, rate = self.config, self.spec.sample_rate_hz
        window, hop = 2 * round(_WINDOW_S * rate / 2), round(_HOP_S * rate)
        mono = np.nan_to_num(sound.mono().data, posinf=0.0, neginf=0.0)
        start = round(first_onset_s(mono, sound.sample_rate_hz) * sound.sample_rate_hz)
        mono = mono[:, start : start + round((config.hops + 8) * _HOP_S * 1.3 * sound.sample_rate_hz)]
        wave = Sound(mono, sound.sample_rate_hz).resampled(rate).data
        wave = at_speed(wave, semitones=semitones, sample_rate_hz=rate)[0]
        length = config.hops * hop + window
        wave = np.pad(wave, (_LEAD_HOPS * hop, length))[:length]
        spectrum = stft(wave, window_frames=window, hop_frames=hop)[:, : config.hops]
        power = self._bank(window) @ (spectrum.real**2 + spectrum.imag**2)
        loudest = float(power.max(initial=0.0))
        floor = 10 ** (_FLOOR_DB / 10)
        return (10 * np.log10(power / loudest + floor) if loudest > 1e-12 else np.full(power.shape, _FLOOR_DB)).astype(
            np.float32
        )

    # -- learning

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """Cross-entropy on pictures that are tilted, shifted and partly covered."""
        rng = torch.Generator().manual_seed(seed % 2**63)
        pictures = self._disturbed(batch["picture"].float(), rng)
        inner = self._inner(pictures)
        if self.config.dropout:
            kept = torch.rand(inner.shape, generator=rng).to(inner.device) >= self.config.dropout
            inner = inner * kept / (1 - self.config.dropout)
        smoothing = self.config.smoothing
        return {"class": nn.functional.cross_entropy(self.head(inner), batch["class"], label_smoothing=smoothing)}

    def _disturbed(self, pictures: Tensor, rng: torch.Generator) -> Tensor:
        """Another tilt, floor, moment and gap for each picture, ``(batch, bands, hops)``."""
        count, bands, hops = pictures.shape
        draws = (2 * torch.rand(count, 6, generator=rng) - 1).to(pictures.device)
        ramp = torch.linspace(-0.5, 0.5, bands, device=pictures.device)
        tilted = pictures + self.config.tilt_db * draws[:, 0, None, None] * ramp[:, None]
        tilted = tilted - tilted.amax(dim=(1, 2), keepdim=True)
        floor = _FLOOR_DB + 30 * draws[:, 1, None, None].clamp(min=0)
        shift = (self.config.shift_hops * draws[:, 2]).round().long()
        places = (torch.arange(hops, device=pictures.device)[None] - shift[:, None]).clamp(0, hops - 1)
        moved = torch.maximum(tilted, floor).gather(2, places[:, None].expand(-1, bands, -1))
        covered = (torch.arange(bands, device=pictures.device)[None] - bands * draws[:, 3, None].abs()).abs()
        gap = covered[:, :, None] < (bands / 16) * draws[:, 4, None, None].clamp(min=0)
        return torch.where(gap, self.mean[:, None], moved)

    def optimisers(self) -> list[OptimiserPlan]:
        """AdamW with a short rise and a long fall."""
        rate, decay = self.config.learning_rate, self.config.weight_decay
        return [OptimiserPlan(torch.optim.AdamW(self.parameters(), lr=rate, weight_decay=decay), rise=20, fall=0.8)]

    def _inner(self, pictures: Tensor) -> Tensor:
        scaled = (pictures - self.mean[:, None]) / self.spread  # (batch, bands, hops)
        height = torch.linspace(-1, 1, pictures.shape[1], device=pictures.device)[None, :, None].expand_as(scaled)
        seen = self.body(torch.stack([scaled, height], dim=1))  # (batch, width, high, long)
        pooled = torch.cat([seen.mean(dim=3), seen.amax(dim=3)], dim=1)
        return nn.functional.gelu(self.inner(rearrange(pooled, "batch width high -> batch (width high)")))

    # -- hearing

    @torch.no_grad()
    def hear(self, sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """Probabilities, shape ``(sounds, classes)``, rows sum to 1."""
        parts = [torch.softmax(self.head(inner), dim=1) for inner in self._listened(sounds)]
        return torch.cat(parts).cpu().numpy() if parts else np.zeros((0, self.head.out_features), np.float32)

    @torch.no_grad()
    def features(self, sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """What the last layer sees, shape ``(sounds, 4 * width)``."""
        parts = list(self._listened(sounds))
        return torch.cat(parts).cpu().numpy() if parts else np.zeros((0, self.head.in_features), np.float32)

    def hear_tensor(self, audio: Tensor, *, sample_rate_hz: int) -> Tensor:
        """Log-probabilities with a gradient, ``(batch, classes)``; where a sound begins is found, not learned."""
        pictures = torch.stack([self._picture_tensor(row, sample_rate_hz) for row in audio.mean(1)])
        return torch.log_softmax(self.head(self._inner(pictures)), dim=1)

    def _picture_tensor(self, mono: Tensor, sample_rate_hz: int) -> Tensor:
        """The picture of ``(frames,)``, as `_picture` makes it."""
        rate = self.spec.sample_rate_hz
        window, hop = 2 * round(_WINDOW_S * rate / 2), round(_HOP_S * rate)
        start = round(first_onset_s(mono.detach().cpu().numpy(), sample_rate_hz) * sample_rate_hz)
        heard = mono[start : start + round((self.config.hops + 8) * _HOP_S * 1.3 * sample_rate_hz)]
        length = self.config.hops * hop + window
        wave = at_rate(heard, sample_rate_hz=sample_rate_hz, wanted_hz=rate)
        wave = nn.functional.pad(wave, (_LEAD_HOPS * hop, length))[:length]
        power = power_pieces(wave[None, None], window_frames=window, hop_frames=hop)[0, :, : self.config.hops]
        bank = torch.from_numpy(np.array(self._bank(window))).to(power)
        return levels_db((bank @ power)[None], floor_db=_FLOOR_DB)[0]

    def _bank(self, window_frames: int) -> npt.NDArray[np.float32]:
        rate = self.spec.sample_rate_hz
        return mel_filterbank(
            sample_rate_hz=rate, window_frames=window_frames, bands=self.config.bands, low_hz=30.0, high_hz=16e3
        )

    def _listened(self, sounds: Sequence[Sound]) -> Iterable[Tensor]:
        for start in range(0, len(sounds), _TOGETHER):
            pictures = np.stack([self._picture(sound) for sound in sounds[start : start + _TOGETHER]])
            yield self._inner(torch.from_numpy(pictures).to(self.mean.device))


def _layer(wide_in: int, wide_out: int, *, stride: int) -> nn.Sequential:
    """Convolution, normalisation over the picture alone (never over the batch), bend."""
    return nn.Sequential(
        nn.Conv2d(wide_in, wide_out, 3, stride=stride, padding=1), nn.GroupNorm(4, wide_out), nn.GELU()
    )
