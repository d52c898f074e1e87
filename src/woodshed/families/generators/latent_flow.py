"""New sounds from a codec of the user's own sounds: a flow draws its latents, nothing is borrowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._latent_flow_drawing import TOGETHER, LatentDrawer, Row
from woodshed.families.generators._latent_flow_editing import LatentEditor
from woodshed.families.generators._latent_flow_learning import CodecLesson, EndingPlan, Texture
from woodshed.families.generators._latent_flow_pool import WindowPool
from woodshed.nn import (
    BandDiscriminator,
    Decoded,
    LengthTable,
    SecondsGrid,
    SpectralCodec,
    SteeredTransformer,
    compile_for_gpu,
    half_width,
    left_and_right,
    released,
    sounding_span,
    wave_positions,
)
from woodshed.roles import (
    Blends,
    DataSpec,
    Example,
    FamilyConfig,
    Features,
    Generator,
    LenderPool,
    Made,
    OptimiserPlan,
    Request,
    Varies,
    check_amount,
    check_rate,
    checked_plain,
    class_number,
    require_one_or_two_channels,
)
from woodshed.sampling import (
    flow_times,
    linear_guess,
    logit_normal_times,
    noised,
    request_noise,
    seeded_generator,
)
from woodshed.sound import Sound

_ROWS_OF_LIKE_LENGTH = 8
_MOST_COPIES = 4  # of each sound, at other speeds, itself included


class Config(FamilyConfig):
    """What fixes a latent flow.

    Parameters
    ----------
    bands, steady_bins, token_steps, dims
        Of the codec: noise bands, lowest bins (86 Hz each) that may hold partials, slices (5.8 ms) and numbers a token.
    slice_width, slice_blocks, token_width, token_blocks
        Size of the codec's networks.
    width, layers, heads
        Size of the flow's network.
    max_duration_s, window_s
        Longest sound made; longest stretch that the flow sees at once.
    codec_rows, crop_tokens
        Sounds of each batch that the codec learns from, and how much of each.
    blur
        Noise on latents while the codec learns.
    encoder_share
        Share of all steps after which the encoder stays as it is, while decoder and flow learn on.
    codec_rate, flow_rate, class_dropout
        Learning rates, and the share of sounds whose class is hidden.
    texture_weight, adversarial_weight, judge_width
        How much other resolutions and a discriminator count; no discriminator at 0.
    pool_megabytes
        Most memory for the training sounds (float16, in memory only).
    steps, guidance
        Defaults of the solver.
    half, compiled
        On a GPU only: 16-bit numbers in networks, compiled networks.
    """

    batch_size: int = Field(default=24, ge=1, le=65536)
    bands: int = Field(default=40, ge=8, le=128)
    steady_bins: int = Field(default=32, ge=1, le=257)
    token_steps: int = Field(default=8, ge=2, le=32)
    dims: int = Field(default=48, ge=2, le=512)
    slice_width: int = Field(default=64, ge=8, le=2048)
    slice_blocks: int = Field(default=2, ge=1, le=32)
    token_width: int = Field(default=192, ge=8, le=4096)
    token_blocks: int = Field(default=2, ge=1, le=32)
    width: int = Field(default=128, ge=8, le=4096)
    layers: int = Field(default=4, ge=1, le=64)
    heads: int = Field(default=4, ge=1, le=64)
    max_duration_s: float = Field(default=12.0, gt=0.1, le=60.0)
    window_s: float = Field(default=1.5, gt=0.1, le=60.0)
    codec_rows: int = Field(default=8, ge=1, le=4096)
    crop_tokens: int = Field(default=10, ge=2, le=256)
    blur: float = Field(default=0.15, ge=0, le=2)
    encoder_share: float = Field(default=0.5, gt=0, le=1)
    codec_rate: float = Field(default=2e-3, gt=0)
    flow_rate: float = Field(default=1.5e-3, gt=0)
    class_dropout: float = Field(default=0.12, ge=0, le=1)
    texture_weight: float = Field(default=0.2, ge=0)
    adversarial_weight: float = Field(default=0.0, ge=0)
    judge_width: int = Field(default=16, ge=2, le=256)
    pool_megabytes: int = Field(default=800, ge=1)
    steps: int = Field(default=12, ge=1, le=200)
    guidance: float = Field(default=1.5, ge=0, le=10)
    half: bool = True
    compiled: bool = False

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        return self


class LatentFlow(Generator, Varies, Blends):
    """Generates, varies and blends sounds of up to twelve seconds, mono or stereo, and borrows from no one.

    A small codec learns to say each 46 ms of a sound in a few numbers: what is foretold of its spectrum (partials,
    with phase) and how much noise lies around that. A transformer draws such numbers with a straight-path flow. Both
    learn in one training; the encoder settles at half-way, decoder and flow learn on to the end.
    """

    family: ClassVar[str] = "latent-flow"
    lender_query: ClassVar[str] = ""
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; shaped noise. For tests.
        "debug": Config(
            batch_size=8,
            bands=16,
            steady_bins=4,
            dims=8,
            slice_width=16,
            slice_blocks=1,
            token_width=16,
            token_blocks=1,
            width=16,
            layers=1,
            heads=2,
            window_s=0.5,
            codec_rows=4,
            crop_tokens=4,
            pool_megabytes=8,
            steps=2,
        ),
        # 2.2 million parameters. Meant for 10 minutes and more on two laptop cores. Measured on one busy core only as
        # far as 140 steps (71 processor seconds): levels and colours of the classes, but jumps from token to token,
        # dull attacks and noise in place of pitches. For minutes, band-flow is far better (docs/families.md).
        "laptop": Config(),
        # 91 million parameters. Meant for an evening on one GPU and thousands of sounds: a guess. It has never been run
        # on a GPU; neither its minutes nor its result are measured.
        "gpu": Config(
            batch_size=256,
            bands=64,
            steady_bins=257,
            dims=64,
            slice_width=384,
            slice_blocks=6,
            token_width=768,
            token_blocks=4,
            width=512,
            layers=12,
            heads=8,
            window_s=6.0,
            codec_rows=64,
            crop_tokens=24,
            codec_rate=4e-4,
            flow_rate=4e-4,
            adversarial_weight=0.05,
            judge_width=32,
            pool_megabytes=16000,
            steps=24,
            compiled=True,
        ),
    }
    REFERENCES: ClassVar[tuple[str, ...]] = (
        "Rombach et al. 2022, High-resolution image synthesis with latent diffusion models, arXiv:2112.10752",
        "Evans et al. 2024, Fast timing-conditioned latent audio diffusion, arXiv:2402.04825",
        "Siuzdak 2023, Vocos: closing the gap between time-domain and Fourier-based neural vocoders, arXiv:2306.00814",
        "Lipman et al. 2023, Flow matching for generative modeling, arXiv:2210.02747",
        "Ho and Salimans 2022, Classifier-free diffusion guidance, arXiv:2207.12598",
        "Defossez et al. 2022, High fidelity neural audio compression, arXiv:2210.13438",
        "Bar-Tal et al. 2023, MultiDiffusion: fusing diffusion paths for controlled image generation, arXiv:2302.08113",
    )

    config: Config

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        assert isinstance(config, Config)
        require_one_or_two_channels(spec.channels, family=self.family, makes="sounds")
        self.grid = SecondsGrid(sample_rate_hz=spec.sample_rate_hz, bands=config.bands, token_steps=config.token_steps)
        self.window_tokens = max(2, round(config.window_s * spec.sample_rate_hz / self.grid.token_frames))
        self.texture = Texture(sample_rate_hz=spec.sample_rate_hz)
        self.table = LengthTable(len(spec.classes))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "weights"))
            self.codec = SpectralCodec(
                sides=spec.channels,
                bands=self.grid.bands,
                steady_bins=config.steady_bins,
                dims=config.dims,
                token_steps=config.token_steps,
                slice_width=config.slice_width,
                slice_blocks=config.slice_blocks,
                token_width=config.token_width,
                token_blocks=config.token_blocks,
            )
            self.net = SteeredTransformer(
                dims=config.dims,
                width=config.width,
                layers=config.layers,
                heads=config.heads,
                cond_width=config.width,
                most_tokens=self.grid.tokens_of(self._most_frames),
            )
            self.class_embedding = nn.Embedding(len(spec.classes) + 1, config.width)  # the last one means any class
            self.facts_in = nn.Linear(3 * 32 + 1, config.width)
            self.condition_out = nn.Linear(config.width, config.width)
            judged = config.adversarial_weight > 0
            self.judge = BandDiscriminator(width=config.judge_width) if judged else None

    @property
    def max_duration_s(self) -> float:
        """The longest sound it can make."""
        return self.config.max_duration_s

    # -- training

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
        """Windows of every sound, and of copies at other speeds, in float16 up to the pool's limit.

        Beyond the limit each window still has the same chance to be among those kept.
        """
        pool = WindowPool(
            grid=self.grid,
            channels=self.spec.channels,
            window_tokens=self.window_tokens,
            most_frames=self._most_frames,
            megabytes=self.config.pool_megabytes,
        )
        known = max(1, int(self.table.counts[-1]))
        copies = max(1, min(_MOST_COPIES, pool.limit // known)) if augment else 1
        heard = ((self._heard(example.sound), example.class_index) for example in examples)
        return pool.features(pool.drawn(heard, copies=copies, seed=seed), table=self.table)

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """Losses of the codec on crops of a few sounds, and of the flow on the latents of all of them."""
        generator = seeded_generator(seed, "training")
        wave, counts = batch["wave"].float(), batch["counts"]
        if self.config.compiled:
            compile_for_gpu(self.net, device=wave.device)
        rows = min(len(wave), self.config.codec_rows)
        lesson = CodecLesson(self.grid, self.codec, self.texture, self.judge, self.config.blur, self.config.half)
        losses = lesson.losses(wave[:rows], counts[:rows], tokens=self.config.crop_tokens, generator=generator)
        losses["flow"] = self._flow_loss(batch, wave, generator)
        return losses

    def loss_weights(self) -> Mapping[str, float]:
        """Other resolutions and the discriminator's verdict count less than likelihood and flow."""
        return {"texture": self.config.texture_weight, "deceive": self.config.adversarial_weight}

    def _flow_loss(self, batch: Mapping[str, Tensor], wave: Tensor, generator: torch.Generator) -> Tensor:
        """How far guessed clean latents are off, weighted as speeds of the flow; the codec learns nothing from it."""
        counts, rows = batch["counts"], len(wave)
        time = logit_normal_times(rows, mean=-0.4, spread=1.0, generator=generator).to(wave)
        noise = torch.randn((rows, self.window_tokens, self.config.dims), generator=generator).to(wave)
        dropped = torch.rand(rows, generator=generator).to(wave) < self.config.class_dropout
        classes = torch.where(dropped, len(self.spec.classes), batch["classes"])
        parts = torch.argsort(counts, stable=True).split(_ROWS_OF_LIKE_LENGTH)  # so that little is padding
        total = wave.new_zeros(())
        for part, latents in zip(parts, self._latents(wave, counts, parts), strict=True):
            tokens = latents.shape[1]
            guess = self.guess(
                noised(latents, noise[part, :tokens], time=time[part]),
                time[part],
                classes[part],
                counts[part],
                changes=batch["changes"][part].to(wave),
                first=batch["first"][part],
                totals=batch["totals"][part],
            )
            present = torch.arange(tokens, device=wave.device)[None] < counts[part][:, None]
            squared = ((guess - latents).square().mean(-1) * present).sum(1) / counts[part].sqrt() / 4.0
            total = total + (squared / (1 - time[part]).clamp(min=0.05).square()).sum()
        return total / rows

    @torch.no_grad()
    def _latents(self, wave: Tensor, counts: Tensor, parts: Sequence[Tensor]) -> list[Tensor]:
        """Latents of each part's rows, as many tokens as its longest; while training, their statistics settle."""
        raws, sounding = [], []
        for part in parts:
            tokens = int(counts[part].max())
            spectra = self.grid.analyse(wave[part, :, : tokens * self.grid.token_frames])
            with half_width(wave.device, wanted=self.config.half):
                raw = self.codec.raw(spectra[..., : tokens * self.config.token_steps, :])
            present = torch.arange(tokens, device=wave.device)[None] < counts[part][:, None]
            raws.append(raw)
            sounding.append(raw[present])
        if self.training:
            self.codec.settle(torch.cat(sounding))
        return [self.codec.levelled(raw) for raw in raws]

    def optimisers(self) -> list[OptimiserPlan]:
        """AdamW for the encoder, which ends early, for decoder and flow, and for the discriminator if there is one."""
        config = self.config
        encoder = list(self.codec.encoder.parameters())
        flow = [self.net, self.class_embedding, self.facts_in, self.condition_out]
        groups = [
            {"params": list(self.codec.decoder.parameters()), "lr": config.codec_rate},
            {"params": [p for module in flow for p in module.parameters()], "lr": config.flow_rate},
        ]
        plans: list[OptimiserPlan] = [
            EndingPlan(
                torch.optim.AdamW(encoder, lr=config.codec_rate, betas=(0.9, 0.97), fused=True),
                end=config.encoder_share,
            ),
            OptimiserPlan(torch.optim.AdamW(groups, betas=(0.9, 0.97), fused=True)),
        ]
        if self.judge is not None:
            judging = torch.optim.AdamW(self.judge.parameters(), lr=config.codec_rate, betas=(0.8, 0.97), fused=True)
            plans.append(OptimiserPlan(judging))
        return plans

    def guess(
        self,
        point: Tensor,
        time: Tensor,
        classes: Tensor,
        counts: Tensor,
        *,
        changes: Tensor,
        first: Tensor,
        totals: Tensor,
    ) -> Tensor:
        """The clean latents, from noisy ones: ``(batch, tokens, dims)``."""
        facts = torch.cat(
            [
                wave_positions(time * 10, width=32, longest=80.0),
                wave_positions((1 - time).clamp(min=1e-3).log() * 2, width=32, longest=60.0),
                wave_positions(torch.log2(totals.to(point)) * 4, width=32, longest=120.0),
                changes,
            ],
            dim=-1,
        )
        plain, error = linear_guess(point, time=time, variances=torch.ones_like(point[0, 0]))
        spread = (time**2 + (1 - time) ** 2).sqrt()[:, None, None]
        with half_width(point.device, wanted=self.config.half):
            hidden = nn.functional.silu(self.facts_in(facts) + self.class_embedding(classes))
            condition = nn.functional.silu(self.condition_out(hidden))
            said = self.net(point / spread, condition, counts, first=first, totals=totals)
        return plain + error * said.float()

    # -- making sounds

    @torch.no_grad()
    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one sound per request; see `Generator.generate`. Nothing is borrowed."""
        del lenders
        times = flow_times(steps or self.config.steps, bend=1.2)
        strength = self.config.guidance if guidance is None else guidance
        drawer, drawn = LatentDrawer(self), [self._drawn(request) for request in requests]
        rows = [Row(class_index, self.grid.tokens_of(frames)) for class_index, frames, _ in drawn]
        made: list[Made | None] = [None] * len(requests)
        kinds = [(drawer.padded(row.tokens), row.class_index == len(self.spec.classes)) for row in rows]
        for kind in sorted(set(kinds)):  # guidance solves rows with a class in another way
            mine = [number for number, other in enumerate(kinds) if other == kind]
            together = TOGETHER if kind[0] <= self.window_tokens else 1
            for start in range(0, len(mine), together):
                some = mine[start : start + together]
                seeds = [requests[n].seed for n in some]
                noise = request_noise(seeds, shape=(kind[0], self.config.dims), name="latents").to(self._device)
                solved = drawer.solve(noise, [rows[n] for n in some], times=times, guidance=strength)
                for number, latents in zip(some, solved, strict=True):
                    latents = latents[: rows[number].tokens]
                    made[number] = self._made(latents, requests[number], *drawn[number][1:])
        return [item for item in made if item is not None]

    def _made(self, latents: Tensor, request: Request, frames: int, peak: float) -> Made:
        decoded = self.codec.decode(latents[None])
        noise = self.noise(decoded.steady.shape[2], seed=request.seed)
        spectra = decoded.steady[0] + self.codec.noise_gain(decoded)[0] * noise
        audio = left_and_right(self.grid.synthesise(spectra, frames=frames)).cpu().numpy()
        data = released(audio, sample_rate_hz=self.spec.sample_rate_hz, peak=peak)
        return Made(Sound(data, self.spec.sample_rate_hz), class_name=request.class_name)

    def vary(
        self,
        sound: Sound,
        *,
        amount: float,
        seed: int,
        lenders: LenderPool,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """A variation of a sound of any length; see `Varies.vary`. What the codec cannot say of it fades out."""
        del lenders
        check_amount("amount", amount)
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
        row = class_number(class_name, classes=self.spec.classes)
        new = LatentEditor(self).vary(sound, amount=amount, seed=seed, row=row, steps=steps or self.config.steps)
        return Made(new, class_name=class_name)

    def blend(
        self, first: Sound, second: Sound, *, position: float, seed: int, lenders: LenderPool, steps: int | None = None
    ) -> Made:
        """The sound at a position between two, laid on one another as they begin; see `Blends.blend`."""
        del lenders
        check_amount("position", position)
        for name, sound in (("the first sound", first), ("the second sound", second)):
            check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
            sound.checked(name=name)
        return Made(
            LatentEditor(self).blend(first, second, position=position, seed=seed, steps=steps or self.config.steps)
        )

    # -- between sounds and latents

    def latents_of(self, sides: Tensor) -> tuple[Tensor, Tensor, Decoded]:
        """Of ``(sides, frames)``: spectra ``(sides, steps, 257)``, latents ``(tokens, dims)``, and these decoded."""
        spectra = self.grid.analyse(sides)
        latents = self.codec.encode(spectra[None])
        steps = latents.shape[1] * self.config.token_steps
        spectra = nn.functional.pad(spectra, (0, 0, 0, steps - spectra.shape[1]))
        return spectra, latents[0], self.codec.decode(latents)

    def noise(self, steps: int, *, seed: int) -> Tensor:
        """Spectra of white noise, ``(sides, steps, 257)``."""
        generator = seeded_generator(seed, "noise")
        white = torch.randn(self.spec.channels, (steps - 1) * self.grid.hop_frames, generator=generator)
        return self.grid.analyse(white.to(self._device))

    @property
    def _device(self) -> torch.device:
        return self.facts_in.weight.device

    @property
    def _most_frames(self) -> int:
        return round(self.config.max_duration_s * self.spec.sample_rate_hz)

    def _heard(self, sound: Sound) -> np.ndarray | None:
        """The sounding part on the model's channels, no longer than it can make; None where nothing sounds."""
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
        mixed = sound.with_channels(self.spec.channels) if sound.channels <= 2 else sound.mono()
        data = np.array(mixed.with_channels(self.spec.channels).data)
        if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
            return None
        start, stop = sounding_span(torch.from_numpy(data), sample_rate_hz=sound.sample_rate_hz)
        return np.ascontiguousarray(data[:, start : min(stop, start + self._most_frames)])

    def _drawn(self, request: Request) -> tuple[int, int, float]:
        """Class number, frames and peak of a request."""
        row = checked_plain(request, family=self.family, classes=self.spec.classes, max_duration_s=self.max_duration_s)
        drawn = self.table.draw(row, seed=request.seed)
        length_s = drawn.length_s if request.duration_s is None else request.duration_s
        frames = round(length_s * self.spec.sample_rate_hz)
        return row, min(self._most_frames, max(self.grid.hop_frames, frames)), drawn.peak
