"""New loops: a flow draws envelopes on a musical grid round a circle; loops of the library lend the fine structure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._loop_flow_asking import Drawn, LoopFacts, LoopTables
from woodshed.families.generators._loop_flow_editing import LoopEditor
from woodshed.families.generators._loop_flow_grid import (
    BAR_TOKENS,
    BEAT_TOKENS,
    USUAL_TOKEN_S,
    grid_of,
    groove_of,
    well_begun,
)
from woodshed.families.generators._loop_flow_lending import LoopDecoder, LoopIndex, LoopTarget
from woodshed.nn import (
    MOST_SEMITONES,
    MOST_TILT_DB,
    CircularTransformer,
    LoopShape,
    LoopSplitter,
    Moments,
    PrincipalBasis,
    RingPrior,
    circle_resampled,
    leaned,
    wave_positions,
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
    Varies,
    check_amount,
    check_rate,
    class_number,
    refuse_wishes,
    require_one_or_two_channels,
)
from woodshed.sampling import (
    flow_times,
    guided,
    logit_normal_times,
    noised,
    request_noise,
    seeded_generator,
    solve_flow,
)
from woodshed.sound import Sound

_UNGUIDED_BEFORE = 0.1  # time of the flow before which guidance only overshoots
_FACTS = 3 * 32 + 3
_PRIOR_RINGS = 400  # envelopes that the statistics of repetition are taken from
_BEAT_TURNS = 0.25  # share of training rows that are turned by beats, and told so, rather than by bars
_LEAST_WEIGHT = 0.05  # of a loop whose hits lie anywhere, beside one whose hits lie on the grid
_LOG_TOKEN_S = math.log(USUAL_TOKEN_S)


class _Row(NamedTuple):
    """One ring to learn from: ``tokens`` (count, dims), and what is known of it."""

    tokens: Tensor
    class_index: int
    log_token_s: float
    changes: tuple[float, float]
    tightness: float


class Config(FamilyConfig):
    """What fixes a loop flow.

    Parameters
    ----------
    bands, token_steps, dims
        Bands of the envelope, steps per token (a sixteenth), numbers per token.
    width, layers, heads
        Size of the network.
    max_duration_s
        Longest loop.
    learning_rate, class_dropout
        Of training.
    pool_limit
        Most training examples kept in memory, augmented ones included.
    speeds
        How many copies of each loop at other speeds are learned from, the loop itself included.
    steps, guidance
        Defaults of the solver.
    """

    batch_size: int = Field(default=16, ge=1, le=65536)
    bands: int = Field(default=40, ge=8, le=64)
    token_steps: int = Field(default=24, ge=4, le=64)
    dims: int = Field(default=64, ge=2, le=512)
    width: int = Field(default=128, ge=8, le=4096)
    layers: int = Field(default=4, ge=1, le=64)
    heads: int = Field(default=4, ge=1, le=64)
    max_duration_s: float = Field(default=12.0, gt=0.1, le=60.0)
    learning_rate: float = Field(default=2e-3, gt=0)
    class_dropout: float = Field(default=0.12, ge=0, le=1)
    pool_limit: int = Field(default=4000, ge=1)
    speeds: int = Field(default=3, ge=1, le=16)
    steps: int = Field(default=10, ge=1, le=200)
    guidance: float = Field(default=1.5, ge=0, le=10)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        return self


class LoopFlow(Generator, Varies):
    """Generates and varies loops of 50 ms to twelve seconds, seamless and exact to the sample at any tempo.

    A token is a sixteenth: 24 steps of 40 bands, squeezed by principal components to 64 numbers, with stereo width and
    how tonal it is. The tokens lie on a ring; the network hears round it, the transform reaches round it, so the end
    runs into the beginning. Fine structure comes from the library's loops, turned by whole beats and brought to the
    tempo (one below about 2 kHz, another above), or, with nothing to borrow, from noise and held partials.
    """

    family: ClassVar[str] = "loop-flow"
    lender_query: ClassVar[str] = "kind:loop"
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; noise with a vague pulse. For tests.
        "debug": Config(
            batch_size=8,
            token_steps=8,
            dims=8,
            width=16,
            layers=1,
            heads=2,
            max_duration_s=2.0,
            pool_limit=64,
            speeds=2,
            steps=2,
        ),
        # 3 minutes on one laptop core for 50 to 500 loops: patterns of the classes they hold, hits on the grid.
        "laptop": Config(),
        # Meant for a GPU and thousands of loops, 10 to 20 minutes; not measured.
        "gpu": Config(batch_size=128, dims=96, width=384, layers=8, heads=6, pool_limit=40000, learning_rate=1e-3),
    }
    REFERENCES: ClassVar[tuple[str, ...]] = (
        "Lipman et al. 2023, Flow matching for generative modeling, arXiv:2210.02747",
        "Li and He 2025, Back to basics: let denoising generative models denoise, arXiv:2511.13720",
        "Ho and Salimans 2022, Classifier-free diffusion guidance, arXiv:2207.12598",
        "Peebles and Xie 2023, Scalable diffusion models with transformers, arXiv:2212.09748",
        "Malvar 1999, A modulated complex lapped transform and its applications to audio processing, ICASSP",
    )

    config: Config

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        assert isinstance(config, Config)
        require_one_or_two_channels(spec.channels, family=self.family, makes="loops")
        self.splitter = LoopSplitter(
            sample_rate_hz=spec.sample_rate_hz,
            bands=config.bands,
            token_steps=config.token_steps,
            stereo=spec.channels > 1,
        )
        classes = len(spec.classes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "weights"))
            self.basis = PrincipalBasis(width=self.splitter.token_width, dims=config.dims)
            self.net = CircularTransformer(
                dims=2 * config.dims,
                dims_out=config.dims,
                width=config.width,
                layers=config.layers,
                heads=config.heads,
                cond_width=config.width,
                bar_tokens=BAR_TOKENS,
            )
            self.prior = RingPrior(dims=config.dims, bar_tokens=BAR_TOKENS, classes=classes)
            self.class_embedding = nn.Embedding(classes + 1, config.width)  # the last one means any class
            self.facts_in = nn.Linear(_FACTS, config.width)
            self.condition_out = nn.Linear(config.width, config.width)
        self.tables = LoopTables(
            classes=classes, sample_rate_hz=spec.sample_rate_hz, max_duration_s=config.max_duration_s
        )
        self._indices: dict[str, LoopIndex] = {}

    @property
    def max_duration_s(self) -> float:
        """The longest loop it can make."""
        return self.config.max_duration_s

    # -- training

    def fit(self, examples: Iterable[Example], *, seed: int) -> None:
        """Find the principal components of all tokens, how they repeat, and how fast, long and loud each class is."""
        del seed  # nothing here is random
        moments = Moments(self.splitter.token_width)
        facts: list[LoopFacts] = []
        rings: list[tuple[Tensor, int]] = []
        for example in examples:
            heard = self._heard(example)
            if heard is None:
                continue
            audio, tokens, _ = heard
            ring = self.splitter.to_tokens(self.splitter.split(audio, tokens=tokens).shape)
            moments.add(ring)
            if len(rings) < _PRIOR_RINGS:
                rings.append((ring.half(), example.class_index))
            token_s = audio.shape[-1] / self.spec.sample_rate_hz / tokens
            facts.append(LoopFacts(example.class_index, token_s, tokens, float(audio.abs().max())))
        if not facts:
            return
        self.basis.fit(moments)
        self.prior.fit([(self.basis.squeeze(ring.float()), class_index) for ring, class_index in rings])
        self.tables.fit(facts)

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """Tokens of every loop, and of copies at other speeds and tilts, labelled as such."""
        rows: list[_Row] = []
        for number, example in enumerate(examples):
            heard = self._heard(example)
            if heard is None:
                continue
            rng = np.random.default_rng(derive_seed(seed, "augment", number))
            for speed in range(self.config.speeds if augment else 1):
                semitones = 0.0 if speed == 0 else float(rng.uniform(-MOST_SEMITONES, MOST_SEMITONES))
                audio = circle_resampled(heard[0], frames=max(1, round(heard[0].shape[-1] * 2 ** (-semitones / 12))))
                shape = self.splitter.split(audio, tokens=heard[1]).shape
                token_s = audio.shape[-1] / self.spec.sample_rate_hz / heard[1]
                for tilt in (0.0, *rng.uniform(-1, 1, 2).tolist()) if augment else (0.0,):
                    tokens = self.basis.squeeze(self.splitter.to_tokens(self._tilted(shape, tilt))).half()
                    changes = (semitones / MOST_SEMITONES, tilt)
                    rows.append(_Row(tokens, example.class_index, math.log(token_s), changes, heard[2]))
        return self._features(rows[: self.config.pool_limit])

    def _tilted(self, shape: LoopShape, tilt: float) -> LoopShape:
        if tilt == 0.0:
            return shape
        envelope = leaned(
            shape.envelope,
            tilt_db=tilt * MOST_TILT_DB,
            decay_db=0.0,
            centres_hz=self.splitter.bands.centres_hz,
            floor=self.splitter.floor,
        )
        return LoopShape(envelope, shape.width, shape.tone)

    def _features(self, rows: list[_Row]) -> Features:
        most = max((len(row.tokens) for row in rows), default=1)
        tokens = torch.zeros(len(rows), most, self.config.dims, dtype=torch.float16)
        for number, row in enumerate(rows):
            tokens[number, : len(row.tokens)] = row.tokens
        classes = torch.tensor([row.class_index for row in rows], dtype=torch.long)
        classes = torch.where(classes < 0, len(self.spec.classes), classes)
        return Features(
            {
                "tokens": tokens,
                "counts": torch.tensor([len(row.tokens) for row in rows], dtype=torch.long),
                "classes": classes,
                "tempi": torch.tensor([row.log_token_s for row in rows]),
                "changes": torch.tensor([row.changes for row in rows]).reshape(-1, 2),
            },
            weights=torch.tensor([max(_LEAST_WEIGHT, row.tightness) for row in rows])
            * self.tables.class_counts[classes].clamp(min=1).rsqrt(),
        )

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """How far the guessed clean tokens are off on rings turned by whole bars or beats."""
        generator = seeded_generator(seed, "training")
        counts = batch["counts"]
        clean, off_bar = _turned(batch["tokens"].float(), counts, generator)
        rows = len(clean)
        time = logit_normal_times(rows, mean=-0.4, spread=1.0, generator=generator).to(clean)
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        dropped = torch.rand(rows, generator=generator).to(clean) < self.config.class_dropout
        classes = torch.where(dropped, len(self.spec.classes), batch["classes"])
        point = noised(clean, noise, time=time)
        changes = torch.cat([batch["changes"].to(clean), off_bar[:, None]], dim=-1)
        total = clean.new_zeros(())
        for part in torch.argsort(counts).chunk(max(1, rows // 8)):  # like lengths together: little is padding
            longest = int(counts[part].max())
            guess = self._guess(
                point[part, :longest],
                time[part],
                classes[part],
                counts[part],
                batch["tempi"][part].to(clean),
                changes[part],
            )
            present = torch.arange(longest, device=clean.device)[None] < counts[part][:, None]
            squared = (guess - clean[part, :longest]).square().mean(-1) * present  # (batch, tokens)
            misses = squared.sum(1) / counts[part].sqrt() / math.sqrt(32.0)  # long loops count more, but not in full
            total = total + (misses / (1 - time[part]).clamp(min=0.05).square()).sum()
        return {"flow": total / rows}

    def optimisers(self) -> list[OptimiserPlan]:
        """AdamW on everything; the rate rises for 50 steps and falls over the last 60 %."""
        return [
            OptimiserPlan(
                torch.optim.AdamW(self.parameters(), lr=self.config.learning_rate, betas=(0.9, 0.97), weight_decay=0.02)
            )
        ]

    def _guess(
        self, point: Tensor, time: Tensor, classes: Tensor, counts: Tensor, tempi: Tensor, changes: Tensor
    ) -> Tensor:
        """The clean tokens, from noisy ones: ``(batch, tokens, dims)``."""
        facts = torch.cat(
            [
                wave_positions(time * 10, width=32, longest=80.0),
                wave_positions((1 - time).clamp(min=1e-3).log() * 2, width=32, longest=60.0),
                wave_positions((tempi - _LOG_TOKEN_S) * 8, width=32, longest=60.0),
                changes,
            ],
            dim=-1,
        )
        hidden = nn.functional.silu(self.facts_in(facts) + self.class_embedding(classes))
        condition = nn.functional.silu(self.condition_out(hidden))
        plain = self.prior.plain(point, time=time, counts=counts, classes=classes)
        spread = (time**2 * self.basis.variances.mean() + (1 - time) ** 2).sqrt()[:, None, None]
        drawn = self.net(torch.cat([point / spread, plain], dim=-1), condition, counts)
        return plain + self.prior.coloured(drawn, time=time, counts=counts, classes=classes)

    # -- making loops

    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one loop per request; see `Generator.generate`.

        ``bpm`` and ``bars`` give its exact length, and so does ``duration_s``; of bpm and bars, the one that is not
        asked for is drawn as the class has it.
        """
        steps, strength = steps or self.config.steps, self.config.guidance if guidance is None else guidance
        drawn = [self._drawn(request) for request in requests]  # what cannot be is said before anything is made
        decoder = LoopDecoder(self, self.index(lenders), lenders)
        made = []
        for request, item in zip(requests, drawn, strict=True):
            noise = request_noise([request.seed], shape=(item.tokens, self.config.dims), name="envelope")[0]
            tokens = self.solve(
                noise,
                times=flow_times(steps, bend=1.2),
                class_index=item.class_index,
                token_s=item.frames / self.spec.sample_rate_hz / item.tokens,
                guidance=strength,
            )
            target = LoopTarget(
                self.shape_of(tokens), item.frames, item.peak, class_name=request.class_name, seed=request.seed
            )
            one = decoder.make(target)
            bpm = 60.0 * self.spec.sample_rate_hz * item.tokens / (BEAT_TOKENS * item.frames)
            bpm = request.bpm or bpm  # as asked for, not as rounded to whole frames
            sound = well_begun(one.sound)
            made.append(replace(one, sound=sound, bpm=bpm, beats=max(1, round(item.tokens / BEAT_TOKENS))))
        return made

    @torch.no_grad()
    def solve(
        self, start: Tensor, *, times: list[float], class_index: int, token_s: float, guidance: float = 1.0
    ) -> Tensor:
        """Follow the flow for one ring, ``(tokens, dims)``."""
        free = len(self.spec.classes)
        wanted = torch.tensor([class_index, free])

        def guess(x: Tensor, now: float) -> Tensor:
            plain = guidance == 1.0 or now < _UNGUIDED_BEFORE or class_index == free
            rows = x if plain else torch.cat([x, x])
            both = self._guess(
                rows,
                torch.full((len(rows),), now),
                wanted[: len(rows)],
                torch.full((len(rows),), x.shape[1]),
                torch.full((len(rows),), math.log(token_s)),
                rows.new_zeros(len(rows), 3),
            )
            return both if plain else guided(both[:1], both[1:], strength=guidance)

        return solve_flow(guess, start[None], times=times)[0]

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
        """A variation of a loop of any length, as seamless as the loop was; see `Varies.vary`."""
        check_amount("amount", amount)
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
        decoder = LoopDecoder(self, self.index(lenders), lenders)
        return LoopEditor(self, decoder).vary(
            sound, amount=amount, seed=seed, class_name=class_name, steps=steps or self.config.steps
        )

    def index(self, lenders: LenderPool) -> LoopIndex:
        """What is needed to find lenders, read once per pool and kept in memory while the model lives."""
        key = lenders.key()
        if key not in self._indices:
            self._indices[key] = LoopIndex.read(lenders, splitter=self.splitter, most_s=self.max_duration_s)
        return self._indices[key]

    # -- between loops and tokens

    def shape_of(self, tokens: Tensor) -> LoopShape:
        """The smooth shape that tokens ``(tokens, dims)`` stand for."""
        return self.splitter.from_tokens(self.basis.unsqueeze(tokens))

    def tokens_of(self, shape: LoopShape) -> Tensor:
        """The tokens of a measured shape, ``(tokens, dims)``."""
        return self.basis.squeeze(self.splitter.to_tokens(shape))

    def smoothed(self, shape: LoopShape) -> LoopShape:
        """A measured shape as smooth as the model would draw it."""
        return self.shape_of(self.tokens_of(shape))

    def class_row(self, class_name: str | None) -> int:
        """The number of a class; the one after the last for none; see `class_number`."""
        return class_number(class_name, classes=self.spec.classes)

    def _heard(self, example: Example) -> tuple[Tensor, int, float] | None:
        """A loop cut to its grid, turned so that its hits lie on it, with tokens and tightness; None if silent."""
        sound = example.sound
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
        both = self.spec.channels == 2 and sound.channels == 2
        data = np.array(sound.data if both else sound.mono().data)  # one channel has the shape of two alike
        if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
            return None
        grid = grid_of(Sound(data, sound.sample_rate_hz), bpm=example.bpm, most_s=self.max_duration_s)
        audio = torch.from_numpy(np.ascontiguousarray(data[:, : grid.frames]))
        if float(audio.abs().max()) < 1e-5:
            return None
        groove = groove_of(Sound(audio.numpy(), sound.sample_rate_hz), tokens=grid.tokens)
        return audio.roll(-groove.late_frames, -1), grid.tokens, groove.tightness

    def _drawn(self, request: Request) -> Drawn:
        refuse_wishes(request, family=self.family)
        return self.tables.drawn(request, class_index=self.class_row(request.class_name))


def _turned(tokens: Tensor, counts: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each ring turned by whole bars, or for a share of them by whole beats; 1 where it was by beats."""
    rows = len(tokens)
    by_beats = torch.rand(rows, generator=generator).to(tokens) < _BEAT_TURNS
    unit = torch.where(by_beats, BEAT_TOKENS, BAR_TOKENS).to(counts)
    unit = torch.where(counts % unit == 0, unit, counts)  # what is not whole bars or beats is not turned
    turns = (torch.rand(rows, generator=generator).to(tokens) * (counts // unit)).long() * unit
    index = torch.arange(tokens.shape[1], device=tokens.device)[None]
    source = torch.where(index < counts[:, None], (index + turns[:, None]) % counts[:, None], index)
    return tokens.gather(1, source[..., None].expand_as(tokens)), (by_beats & (turns > 0)).to(tokens)
