"""The baseline: diffusion on the waveform itself, with a U-shaped network and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.nn import (
    MOST_SEMITONES,
    LengthTable,
    WaveNetwork,
    at_speed,
    compile_for_gpu,
    half_width,
    released,
    sounding_span,
)
from woodshed.roles import (
    DataSpec,
    Example,
    FamilyConfig,
    Features,
    Generator,
    LenderPool,
    Made,
    OptimiserPlan,
    Request,
    check_rate,
    checked_plain,
    require_one_or_two_channels,
)
from woodshed.sampling import circled, guided, request_noise, seeded_generator, solve_circle
from woodshed.sound import Sound

_PEAK = 0.95  # of every training sound


class Config(FamilyConfig):
    """What fixes a waveform U-Net.

    Parameters
    ----------
    crop_frames
        Length of every sound it makes, in frames; shorter ones are cut from it.
    widths, stride, attention_levels, heads
        Channels of each level of the network, how much each level is shorter than the last, the number of deepest
        levels with attention, and its heads.
    cond_width
        Numbers that say time and class.
    learning_rate, class_dropout
        Of training.
    pool_megabytes
        Most memory for the training sounds (float16, in memory only).
    steps, guidance
        Defaults of the solver.
    half, compiled
        On a GPU only: 16-bit numbers in the network, a compiled network.
    """

    batch_size: int = Field(default=4, ge=1, le=4096)
    crop_frames: int = Field(default=65536, ge=256, le=2**21)
    widths: tuple[int, ...] = (16, 32, 64, 96, 128, 192)
    stride: int = Field(default=4, ge=2, le=16)
    attention_levels: int = Field(default=2, ge=0, le=16)
    heads: int = Field(default=4, ge=1, le=64)
    cond_width: int = Field(default=64, ge=8, le=4096)
    learning_rate: float = Field(default=1e-3, gt=0)
    class_dropout: float = Field(default=0.12, ge=0, le=1)
    pool_megabytes: int = Field(default=600, ge=1)
    steps: int = Field(default=25, ge=1, le=1000)
    guidance: float = Field(default=1.0, ge=0, le=10)
    half: bool = True
    compiled: bool = False

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        if len(self.widths) < 2 or not 0 <= self.attention_levels <= len(self.widths):
            raise ValueError("a U-Net has at least two levels, and no more levels with attention than levels")
        shrinking = self.stride ** (len(self.widths) - 1)
        if self.crop_frames % shrinking:
            raise ValueError(f"{self.crop_frames} frames cannot be divided by {shrinking}")
        if self.stride % 2 or any(width % self.heads for width in self.widths):
            raise ValueError("the stride must be even and every width shared by the heads")
        return self


class WaveUNet(Generator):
    """Generates sounds of a second and a half or less as a diffusion of the waveform.

    The manner of Dance Diffusion, written anew from the papers: one-dimensional U-Net, attention at its bottom, guesses
    of the speed along a quarter circle. It stands here to be compared with; it learns no shape of sounds beforehand
    and needs far more computing than the other families.
    """

    family: ClassVar[str] = "wave-unet"
    lender_query: ClassVar[str] = ""
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; noise. For tests.
        "debug": Config(
            batch_size=4,
            crop_frames=16384,
            widths=(8, 16, 16, 16),
            stride=8,
            attention_levels=1,
            heads=2,
            cond_width=16,
            pool_megabytes=8,
            learning_rate=4e-3,
            steps=2,
        ),
        # 2.3 million parameters. Measured on one busy core only as far as 35 steps (71 processor seconds, 1.4 s a
        # step): steady bright noise, alike for every class. Minutes to a usable sound: not measured.
        "laptop": Config(),
        # 47 million parameters. Meant for a day or more on one GPU: a guess. It has never been run on a GPU; neither
        # its minutes nor its result are measured.
        "gpu": Config(
            batch_size=64,
            widths=(64, 128, 256, 384, 512, 512, 512, 512),
            stride=2,
            attention_levels=3,
            heads=8,
            cond_width=256,
            learning_rate=2e-4,
            pool_megabytes=16000,
            steps=100,
            compiled=True,
        ),
    }
    REFERENCES: ClassVar[tuple[str, ...]] = (
        "Ho et al. 2020, Denoising diffusion probabilistic models, arXiv:2006.11239",
        "Salimans and Ho 2022, Progressive distillation for fast sampling of diffusion models, arXiv:2202.00512",
        "Song et al. 2021, Denoising diffusion implicit models, arXiv:2010.02502",
        "Rouard and Hadjeres 2021, CRASH: raw audio score-based generative modeling for drum sounds, arXiv:2106.07431",
        "Schneider et al. 2023, Mousai: text-to-music generation with long-context latent diffusion, arXiv:2301.11757",
        "Harmonai 2022, Dance Diffusion, https://github.com/Harmonai-org/sample-generator",
    )

    config: Config

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        assert isinstance(config, Config)
        require_one_or_two_channels(spec.channels, family=self.family, makes="sounds")
        self.table = LengthTable(len(spec.classes))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "weights"))
            self.net = WaveNetwork(
                channels=spec.channels,
                widths=config.widths,
                stride=config.stride,
                attention_levels=config.attention_levels,
                heads=config.heads,
                cond_width=config.cond_width,
            )
            self.class_embedding = nn.Embedding(len(spec.classes) + 1, config.cond_width)  # the last means any class

    @property
    def max_duration_s(self) -> float:
        """The longest sound it can make."""
        return self.config.crop_frames / self.spec.sample_rate_hz

    def fit(self, examples: Iterable[Example], *, seed: int) -> None:
        """Find how long and loud each class is; everything else is learned."""
        del seed  # nothing here is random
        facts = []
        for example in examples:
            data = self._heard(example.sound)
            if data is not None:
                seconds = data.shape[-1] / self.spec.sample_rate_hz
                facts.append((example.class_index, seconds, float(np.abs(data).max())))
        self.table.fit(facts)

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """The first frames of every sound, and of copies at other speeds, in float16 up to the pool's limit."""
        frames = self.config.crop_frames
        limit = max(1, self.config.pool_megabytes * 10**6 // (2 * self.spec.channels * frames))
        copies = max(1, min(4, limit // max(1, int(self.table.counts[-1])))) if augment else 1
        kept: list[tuple[np.ndarray, int]] = []
        drawing = np.random.default_rng(derive_seed(seed, "pool"))
        for number, row in enumerate(self._rows(examples, copies=copies, seed=seed)):
            if number < limit:
                kept.append(row)
            elif (place := int(drawing.integers(number + 1))) < limit:
                kept[place] = row
        wave = torch.zeros(len(kept), self.spec.channels, frames, dtype=torch.float16)
        for number, (data, _) in enumerate(kept):
            wave[number, :, : data.shape[-1]] = torch.from_numpy(data)
        classes = torch.tensor([row[1] for row in kept], dtype=torch.long)
        classes = torch.where(classes < 0, len(self.spec.classes), classes)
        return Features({"wave": wave, "classes": classes}, weights=self.table.rarity(classes))

    def _rows(self, examples: Iterable[Example], *, copies: int, seed: int) -> Iterable[tuple[np.ndarray, int]]:
        for number, example in enumerate(examples):
            data = self._heard(example.sound)
            if data is None:
                continue
            rng = np.random.default_rng(derive_seed(seed, "augment", number))
            for copy in range(copies):
                semitones = 0.0 if copy == 0 else float(rng.uniform(-MOST_SEMITONES, MOST_SEMITONES)) / 2
                changed = at_speed(data, semitones=semitones, sample_rate_hz=self.spec.sample_rate_hz)
                changed = changed[:, : self.config.crop_frames]
                loudest = max(1e-5, float(np.abs(changed).max(initial=0.0)))
                yield (changed * (_PEAK / loudest)).astype(np.float16), example.class_index

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """How far the guessed speeds are off, at times drawn evenly over the batch."""
        generator = seeded_generator(seed, "training")
        clean = batch["wave"].float()
        if self.config.compiled:
            compile_for_gpu(self.net, device=clean.device)
        rows = len(clean)
        time = ((torch.arange(rows) + torch.rand(1, generator=generator)) / rows).to(clean)
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        dropped = torch.rand(rows, generator=generator).to(clean) < self.config.class_dropout
        classes = torch.where(dropped, len(self.spec.classes), batch["classes"])
        point, speed = circled(clean, noise, time=time)
        return {"speed": (self._speed(point, time, classes) - speed).square().mean()}

    def optimisers(self) -> list[OptimiserPlan]:
        """AdamW on everything."""
        rate = self.config.learning_rate
        return [OptimiserPlan(torch.optim.AdamW(self.parameters(), lr=rate, betas=(0.9, 0.98), fused=True))]

    def _speed(self, point: Tensor, time: Tensor, classes: Tensor) -> Tensor:
        with half_width(point.device, wanted=self.config.half):
            return self.net(point, time, self.class_embedding(classes)).float()

    @torch.no_grad()
    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one sound per request, each by itself; see `Generator.generate`. Nothing is borrowed."""
        del lenders
        strength = self.config.guidance if guidance is None else guidance
        drawn = [self._drawn(request) for request in requests]
        return [
            self._made(request, row=row, frames=frames, peak=peak, steps=steps or self.config.steps, guidance=strength)
            for request, (row, frames, peak) in zip(requests, drawn, strict=True)
        ]

    def _made(self, request: Request, *, row: int, frames: int, peak: float, steps: int, guidance: float) -> Made:
        device = self.class_embedding.weight.device
        shape = (self.spec.channels, self.config.crop_frames)
        noise = request_noise([request.seed], shape=shape, name="wave").to(device)
        free = len(self.spec.classes)

        def speed(x: Tensor, now: float) -> Tensor:
            if guidance == 1.0 or row == free:
                return self._speed(x, x.new_full((1,), now), torch.tensor([row], device=device))
            both = self._speed(torch.cat([x, x]), x.new_full((2,), now), torch.tensor([row, free], device=device))
            return guided(*both.chunk(2), strength=guidance)

        wave = solve_circle(speed, noise, steps=steps)[0, :, :frames].cpu().numpy()
        data = released(wave, sample_rate_hz=self.spec.sample_rate_hz, peak=peak)
        return Made(Sound(data, self.spec.sample_rate_hz), class_name=request.class_name)

    def _drawn(self, request: Request) -> tuple[int, int, float]:
        """Class number, frames and peak of a request."""
        row = checked_plain(request, family=self.family, classes=self.spec.classes, max_duration_s=self.max_duration_s)
        drawn = self.table.draw(row, seed=request.seed)
        length_s = drawn.length_s if request.duration_s is None else request.duration_s
        return row, min(self.config.crop_frames, max(16, round(length_s * self.spec.sample_rate_hz))), drawn.peak

    def _heard(self, sound: Sound) -> np.ndarray | None:
        """The sounding part on the model's channels; None where nothing sounds."""
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
        mixed = sound if sound.channels <= 2 else sound.mono()
        data = np.array(mixed.with_channels(self.spec.channels).data)
        if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
            return None
        start, stop = sounding_span(torch.from_numpy(data), sample_rate_hz=sound.sample_rate_hz)
        return np.ascontiguousarray(data[:, start:stop])
