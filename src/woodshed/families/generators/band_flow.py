"""New one-shots: a flow draws the envelope in bands, the library lends the fine structure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from woodshed.base.errors import KnobOutOfRange, RateMismatch, UnknownName, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_editing import Editor
from woodshed.families.generators._band_flow_filling import Filler
from woodshed.families.generators._band_flow_lending import Decoder, LenderIndex, Target
from woodshed.families.generators._band_flow_mixing import Mixer
from woodshed.families.generators._band_flow_restoring import TopRestorer
from woodshed.nn import (
    MOST_DECAY_DB,
    MOST_SEMITONES,
    MOST_TILT_DB,
    PARTIAL_NUMBERS,
    TRAITS,
    EnvelopeSplitter,
    Moments,
    Partials,
    PrincipalBasis,
    Ringer,
    Shape,
    Shaper,
    Split,
    SteeredTransformer,
    Traits,
    at_speed,
    lean_of,
    leaned,
    partials_of,
    sounding_span,
    wave_positions,
)
from woodshed.roles import (
    Blends,
    BlendsMany,
    Combines,
    DataSpec,
    Example,
    FamilyConfig,
    Features,
    Fills,
    Generator,
    LenderPool,
    Made,
    Mends,
    OptimiserPlan,
    Request,
    Restores,
    Varies,
)
from woodshed.sampling import (
    flow_times,
    guided,
    linear_guess,
    logit_normal_times,
    noised,
    request_noise,
    seeded_generator,
    solve_flow,
)
from woodshed.sound import Sound

_QUANTILES = 33
_TONE_NUMBERS = PARTIAL_NUMBERS + 1  # the last one: how far it leans to one channel
_UNGUIDED_BEFORE = 0.1  # time of the flow before which guidance only overshoots
_PLAIN_WEIGHT = 4.0  # how much more often a sound is learned as it is than each of its changed copies
_LEAST_LEAN = 0.05  # natural log of power, 0.2 dB; what is less was meant as none
_TOGETHER = 4  # requests solved at once; short of that, rows of zeros stand in, so that batch mates never matter
_LENGTHS = (8, 16, 24, 32, 48)  # tokens a row is padded to, before the longest


@dataclass(frozen=True)
class _Drawn:
    """What one row of tokens is conditioned on, and how long and loud its sound will be."""

    seed: int
    class_index: int
    tokens: int
    frames: int
    peak: float
    wishes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Copy:
    """One augmented copy of a sound as training sees it."""

    tokens: Tensor  # (tokens, dims + PARTIAL_NUMBERS), half precision
    class_index: int
    changes: tuple[float, float, float]
    traits: Tensor  # (2 * TRAITS,)


class Config(FamilyConfig):
    """What fixes a band flow.

    Parameters
    ----------
    bands, token_steps, dims
        Bands of the envelope, steps per token, numbers per token.
    width, layers, heads
        Size of the network.
    max_duration_s
        Longest sound.
    learning_rate, class_dropout
        Of training.
    pool_limit
        Most training examples kept in memory, augmented ones included (about 5 kB each).
    steps, guidance
        Defaults of the solver.
    air
        Share of noise in the fine structure above 6 kHz.
    repitch_semitones
        How far a lender is tuned up or down at most before it lends.
    trait_share
        How often, in training, the network is told some traits of a sound.
    """

    batch_size: int = Field(default=48, ge=1, le=65536)
    bands: int = Field(default=40, ge=8, le=64)
    token_steps: int = Field(default=8, ge=2, le=32)
    dims: int = Field(default=32, ge=2, le=512)
    width: int = Field(default=128, ge=8, le=4096)
    layers: int = Field(default=4, ge=1, le=64)
    heads: int = Field(default=4, ge=1, le=64)
    max_duration_s: float = Field(default=3.0, gt=0.1, le=30.0)
    learning_rate: float = Field(default=2e-3, gt=0)
    class_dropout: float = Field(default=0.12, ge=0, le=1)
    pool_limit: int = Field(default=12000, ge=1)
    steps: int = Field(default=8, ge=1, le=200)
    guidance: float = Field(default=2.0, ge=0, le=10)
    air: float = Field(default=0.5, ge=0, le=1)
    repitch_semitones: float = Field(default=1.0, ge=0, le=12)
    trait_share: float = Field(default=0.6, ge=0, le=1)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        return self


class BandFlow(Generator, Varies, Blends, BlendsMany, Combines, Fills, Mends, Restores):
    """Generates, varies and blends one-shots up to three seconds long, mono or stereo, at any usual rate.

    Training learns only envelopes: the loudness of 40 bands every 5.8 ms, squeezed by principal components to 32
    numbers per 46 ms, and drawn by a small transformer with a straight-path flow. The fine structure (phases, partials,
    grain) of a new sound comes from library sounds of the nearest envelope, tuned and layered, and from shaped noise.
    """

    family: ClassVar[str] = "band-flow"
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; noise with a vague shape. For tests.
        "debug": Config(batch_size=8, dims=8, width=16, layers=1, heads=2, max_duration_s=1.0, pool_limit=64, steps=2),
        # 3 minutes on one or two laptop cores for 100 to 1000 one-shots: usable drums of every class they hold.
        "laptop": Config(),
        # Meant for 10 to 30 minutes on two cores and folders of more than 1000 sounds; not measured yet.
        "studio": Config(batch_size=64, width=192, layers=6, heads=6, pool_limit=40000),
    }
    REFERENCES: ClassVar[tuple[str, ...]] = (
        "Lipman et al. 2023, Flow matching for generative modeling, arXiv:2210.02747",
        "Li and He 2025, Back to basics: let denoising generative models denoise, arXiv:2511.13720",
        "Ho and Salimans 2022, Classifier-free diffusion guidance, arXiv:2207.12598",
        "Karras et al. 2022, Elucidating the design space of diffusion-based generative models, arXiv:2206.00364",
        "Peebles and Xie 2023, Scalable diffusion models with transformers, arXiv:2212.09748",
        "Malvar 1999, A modulated complex lapped transform and its applications to audio processing, ICASSP",
    )

    config: Config
    length_table: Tensor
    level_table: Tensor
    class_counts: Tensor
    tone_means: Tensor
    tone_scales: Tensor

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        assert isinstance(config, Config)
        if spec.channels not in (1, 2):
            raise UsageError(
                f"{self.family} makes sounds of one or two channels, not {spec.channels}",
                cause="a surround recording is among the sounds",
                way_out="mix it down, or train on mono or stereo sounds",
            )
        self.splitter = EnvelopeSplitter(
            sample_rate_hz=spec.sample_rate_hz,
            bands=config.bands,
            token_steps=config.token_steps,
            stereo=spec.channels > 1,
            max_duration_s=config.max_duration_s,
        )
        classes = len(spec.classes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "weights"))
            self.basis = PrincipalBasis(width=self.splitter.token_width, dims=config.dims)
            self.net = SteeredTransformer(
                dims=self.numbers,
                width=config.width,
                layers=config.layers,
                heads=config.heads,
                cond_width=config.width,
                most_tokens=self.splitter.most_tokens,
            )
            self.class_embedding = nn.Embedding(classes + 1, config.width)  # the last one means any class
            self.facts_in = nn.Linear(3 * 32 + 3 + 2 * len(TRAITS), config.width)
            self.condition_out = nn.Linear(config.width, config.width)
        self.register_buffer("length_table", torch.zeros(classes + 1, _QUANTILES))  # log s; last row: all classes
        self.register_buffer("level_table", torch.zeros(classes + 1, _QUANTILES))  # peak in dB
        self.register_buffer("class_counts", torch.zeros(classes + 1))
        self.register_buffer("tone_means", torch.zeros(_TONE_NUMBERS))
        self.register_buffer("tone_scales", torch.ones(_TONE_NUMBERS))
        self.shaper = Shaper(self.splitter)
        self.ringer = Ringer(self.shaper)
        self.traits = Traits(self.splitter)
        self._indices: dict[str, LenderIndex] = {}

    @property
    def numbers(self) -> int:
        """Numbers per token: those of the envelope, then those of the partials."""
        assert isinstance(self.config, Config)
        return self.config.dims + _TONE_NUMBERS

    @property
    def max_duration_s(self) -> float:
        """The longest sound it can make."""
        return self.config.max_duration_s

    # -- training

    def fit(self, examples: Iterable[Example], *, seed: int) -> None:
        """Find the principal components of all tokens and how long and loud each class is."""
        del seed  # nothing here is random
        moments, rung = Moments(self.splitter.token_width), Moments(_TONE_NUMBERS)
        facts: list[tuple[int, float, float]] = []
        for example in examples:
            data = self._heard(example.sound)
            if data is None:
                continue
            split = self.splitter.split(torch.from_numpy(data))
            moments.add(self.splitter.to_tokens(split.envelope, split.width))
            rung.add(_tone_numbers(self._partials_of(split), lean_of(split.spectra)))
            peak_db = 20 * math.log10(max(1e-5, float(np.abs(data).max())))
            facts.append((example.class_index, math.log(data.shape[-1] / example.sound.sample_rate_hz), peak_db))
        if not facts:
            return
        self.basis.fit(moments)
        self.tone_means.copy_(rung.mean)
        self.tone_scales.copy_(rung.covariance.diagonal().clamp(min=1e-4).sqrt())
        self._tabulate(facts)

    def refit(self, examples: Iterable[Example], *, seed: int) -> None:
        """How long and loud the classes among the new sounds are; the others, and the components, stay the base's."""
        del seed
        facts: list[tuple[int, float, float]] = []
        for example in examples:
            if (data := self._heard(example.sound)) is not None:
                peak_db = 20 * math.log10(max(1e-5, float(np.abs(data).max())))
                facts.append((example.class_index, math.log(data.shape[-1] / example.sound.sample_rate_hz), peak_db))
        if facts:
            self._tabulate(facts)

    def _tabulate(self, facts: list[tuple[int, float, float]]) -> None:
        """Counts, lengths and levels of the classes that occur, from (class, log of seconds, peak in dB)."""
        numbers = torch.tensor(facts, dtype=torch.float64)
        for row in range(len(self.class_counts)):
            mine = numbers if row == len(self.class_counts) - 1 else numbers[numbers[:, 0] == row]
            if len(mine):
                self.class_counts[row] = len(mine)
                grid = torch.linspace(0, 1, _QUANTILES, dtype=torch.float64)
                self.length_table[row] = torch.quantile(mine[:, 1], grid).float()
                self.level_table[row] = torch.quantile(mine[:, 2], grid).float()

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """Tokens of every sound, and of copies at other speeds, tilts and decays, labelled as such."""
        known = max(1, int(self.class_counts[-1]))
        speeds, leanings = _copies(known, self.config.pool_limit) if augment else (1, 1)
        rows: list[_Copy] = []
        for number, example in enumerate(examples):
            data = self._heard(example.sound)
            if data is None:
                continue
            rng = np.random.default_rng(derive_seed(seed, "augment", number))
            split = self.splitter.split(torch.from_numpy(data))
            partials = self._partials_of(split)
            for speed in range(speeds):
                semitones = 0.0 if speed == 0 else float(rng.uniform(-MOST_SEMITONES, MOST_SEMITONES))
                if semitones:
                    changed = at_speed(data, semitones=semitones, sample_rate_hz=self.spec.sample_rate_hz)
                    split = self.splitter.split(torch.from_numpy(changed[:, : self._most_frames]))
                tuned = partials.transposed(semitones).on_tokens(self.splitter.tokens_of(split.frames))
                shape = Shape(split.envelope, split.width, tuned, lean_of(split.spectra))
                rows += self._leanings(shape, example.class_index, semitones, leanings, rng)
        return self._features(rows[: self.config.pool_limit])

    def _leanings(
        self, shape: Shape, class_index: int, semitones: float, count: int, rng: np.random.Generator
    ) -> list[_Copy]:
        rows = []
        for number in range(count):
            tilt, decay = (0.0, 0.0) if number == 0 else rng.uniform(-1, 1, 2).tolist()
            copy = shape
            if number:
                envelope = leaned(
                    shape.envelope,
                    tilt_db=tilt * MOST_TILT_DB,
                    decay_db=decay * MOST_DECAY_DB,
                    centres_hz=self.splitter.bands.centres_hz,
                    floor=self.splitter.floor,
                )
                copy = replace(shape, envelope=envelope)
            traits = self.traits.to_numbers(self.traits.of(copy))
            changes = (semitones / MOST_SEMITONES, tilt, decay)
            rows.append(_Copy(self.tokens_of_shape(copy).half(), class_index, changes, traits))
        return rows

    def _features(self, rows: list[_Copy]) -> Features:
        tokens = torch.zeros(len(rows), self.splitter.most_tokens, self.numbers, dtype=torch.float16)
        for number, row in enumerate(rows):
            tokens[number, : len(row.tokens)] = row.tokens
        classes = torch.tensor([row.class_index for row in rows], dtype=torch.long)
        classes = torch.where(classes < 0, len(self.spec.classes), classes)
        rarity = self.class_counts[classes].clamp(min=1).rsqrt()
        plain = torch.tensor([not any(row.changes) for row in rows])
        return Features(
            {
                "tokens": tokens,
                "counts": torch.tensor([len(row.tokens) for row in rows], dtype=torch.long),
                "classes": classes,
                "changes": torch.tensor([row.changes for row in rows]).reshape(-1, 3),
                "traits": torch.stack([row.traits for row in rows]) if rows else torch.zeros(0, 2 * len(TRAITS)),
            },
            weights=torch.where(plain, _PLAIN_WEIGHT * rarity, rarity),
        )

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """How far the guessed clean tokens are off, weighted as speeds of the flow."""
        generator = seeded_generator(seed, "training")
        tokens, counts = batch["tokens"].float(), batch["counts"]
        rows = len(tokens)
        time = logit_normal_times(rows, mean=-0.4, spread=1.0, generator=generator).to(tokens)
        noise = torch.randn(tokens.shape, generator=generator).to(tokens)
        dropped = torch.rand(rows, generator=generator).to(tokens) < self.config.class_dropout
        classes = torch.where(dropped, len(self.spec.classes), batch["classes"])
        told = torch.cat([batch["changes"].to(tokens), self._told(batch["traits"].to(tokens), generator)], dim=-1)
        point = noised(tokens, noise, time=time)
        order = torch.argsort(counts)
        total = tokens.new_zeros(())
        for part in order.chunk(max(1, rows // 16)):  # sounds of like length together, so that little is padding
            longest = int(counts[part].max())
            guess = self._guess(point[part, :longest], time[part], classes[part], counts[part], told[part])
            total = total + self._misses(guess, tokens[part, :longest], time[part], counts[part]).sum()
        return {"flow": total / rows}

    def _told(self, traits: Tensor, generator: torch.Generator) -> Tensor:
        """Traits as the network is told them: none at all, or each now and then, so that any few can be asked for."""
        rows, count = len(traits), len(TRAITS)
        some = torch.rand(rows, 1, generator=generator) < self.config.trait_share
        kept = (torch.rand(rows, count, generator=generator) < 0.5) & some
        return traits * kept.repeat_interleave(2, dim=1).to(traits)

    def _misses(self, guess: Tensor, clean: Tensor, time: Tensor, counts: Tensor) -> Tensor:
        present = torch.arange(clean.shape[1], device=clean.device)[None] < counts[:, None]
        squared = (guess - clean).square().mean(-1) * present  # (batch, tokens)
        per_sound = squared.sum(1) / counts.sqrt() / math.sqrt(16.0)  # long sounds count more, but not in full
        return per_sound / (1 - time).clamp(min=0.05).square()

    def optimisers(self) -> list[OptimiserPlan]:
        """AdamW on everything; the rate rises for 50 steps and falls over the last 60 %."""
        return [
            OptimiserPlan(
                torch.optim.AdamW(self.parameters(), lr=self.config.learning_rate, betas=(0.9, 0.97), weight_decay=0.01)
            )
        ]

    def _guess(self, point: Tensor, time: Tensor, classes: Tensor, counts: Tensor, told: Tensor) -> Tensor:
        """The clean tokens, from noisy ones: ``(batch, tokens, dims)``."""
        lengths = torch.log2(counts.to(point))
        facts = torch.cat(
            [
                wave_positions(time * 10, width=32, longest=80.0),
                wave_positions((1 - time).clamp(min=1e-3).log() * 2, width=32, longest=60.0),
                wave_positions(lengths * 4, width=32, longest=120.0),
                told,
            ],
            dim=-1,
        )
        hidden = nn.functional.silu(self.facts_in(facts) + self.class_embedding(classes))
        condition = nn.functional.silu(self.condition_out(hidden))
        variances = torch.cat([self.basis.variances, torch.ones_like(self.tone_scales)])
        plain, error = linear_guess(point, time=time, variances=variances)
        spread = (time**2 * variances.mean() + (1 - time) ** 2).sqrt()[:, None, None]
        return plain + error * self.net(point / spread, condition, counts)

    # -- making sounds

    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """Make one sound per request; see `Generator.generate`."""
        steps, strength = steps or self.config.steps, self.config.guidance if guidance is None else guidance
        index = self.index(lenders)
        drawn = [self._drawn(request) for request in requests]
        made: list[Made | None] = [None] * len(requests)
        kinds = [(self.padded(item.tokens), item.class_index == len(self.spec.classes)) for item in drawn]
        for length, free in sorted(set(kinds)):  # guidance solves rows with a class in another way
            mine = [number for number, kind in enumerate(kinds) if kind == (length, free)]
            for first in range(0, len(mine), _TOGETHER):
                some = mine[first : first + _TOGETHER]
                tokens = self._flow([drawn[n] for n in some], length, steps=steps, guidance=strength)
                for number, row in zip(some, tokens, strict=True):
                    shape = self.shape_of(row[: drawn[number].tokens], frames=drawn[number].frames)
                    target = Target(
                        shape=self.traits.fitted(shape, drawn[number].wishes),
                        frames=drawn[number].frames,
                        peak=drawn[number].peak,
                        class_name=requests[number].class_name,
                        seed=requests[number].seed,
                        exact=requests[number].duration_s is not None,
                    )
                    made[number] = Decoder(self, index, lenders).make(target)
        return [item for item in made if item is not None]

    @torch.no_grad()
    def _flow(self, drawn: Sequence[_Drawn], length: int, *, steps: int, guidance: float) -> Tensor:
        noise = request_noise([item.seed for item in drawn], shape=(length, self.numbers), name="envelope")
        times = flow_times(steps, bend=1.2)
        return self.solve(noise, drawn, times=times, guidance=guidance)

    @torch.no_grad()
    def solve(self, start: Tensor, drawn: Sequence[_Drawn], *, times: list[float], guidance: float) -> Tensor:
        """Follow the flow for up to four rows of one length; rows of zeros fill up, so that no row sees another."""
        lacking = _TOGETHER - len(drawn)
        point = torch.cat([start, start.new_zeros(lacking, *start.shape[1:])])
        anything = len(self.spec.classes)
        classes = torch.tensor([item.class_index for item in drawn] + [anything] * lacking)
        counts = torch.tensor([item.tokens for item in drawn] + [1] * lacking)
        wished = [self.traits.to_numbers(item.wishes) for item in drawn]
        told = point.new_zeros(_TOGETHER, 3 + 2 * len(TRAITS))  # no change, and what was wished for
        told[: len(drawn), 3:] = torch.stack(wished)
        free = torch.full_like(classes, anything)

        def guess(x: Tensor, now: float) -> Tensor:
            if guidance == 1.0 or now < _UNGUIDED_BEFORE or bool((classes == free).all()):
                return self._guess(x, torch.full((len(x),), now), classes, counts, told)
            both = self._guess(
                torch.cat([x, x]),
                torch.full((2 * len(x),), now),
                torch.cat([classes, free]),
                torch.cat([counts, counts]),
                torch.cat([told, told]),
            )
            return guided(*both.chunk(2), strength=guidance)

        return solve_flow(guess, point, times=times)[: len(drawn)]

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
        """A variation of a sound of any length; see `Varies.vary`.

        Sounds longer than the model's window are worked on in overlapping windows whose changes are cross-faded.
        Only if the result would rise above both full scale and its source is it turned down to the louder of the two.
        """
        _check_amount("amount", amount)
        self._check_rate(sound)
        return Editor(self, self.index(lenders), lenders).vary(
            sound, amount=amount, seed=seed, class_name=class_name, steps=steps or self.config.steps
        )

    def blend(
        self, first: Sound, second: Sound, *, position: float, seed: int, lenders: LenderPool, steps: int | None = None
    ) -> Made:
        """The sound at a position between two; see `Blends.blend`.

        Their starts are laid on one another; length and energy (in dB) go evenly from the first to the second. Nothing
        is borrowed: the fine structure is that of the two.
        """
        _check_amount("position", position)
        return self.blend_many(
            (first, second), weights=(1 - position, position), seed=seed, lenders=lenders, steps=steps
        )

    def blend_many(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        seed: int,
        lenders: LenderPool,
        apart: Mapping[str, Sequence[float]] | None = None,
        way: str = "even",
        steps: int | None = None,
    ) -> Made:
        """The sound at some weights between several; see `BlendsMany.blend_many`. Nothing is borrowed."""
        del lenders
        return Mixer(self).blend(
            sounds, weights=weights, apart=apart or {}, way=way, seed=seed, steps=steps or self.config.steps
        )

    def combine(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        fine: int,
        seed: int,
        lenders: LenderPool,
        steps: int | None = None,
    ) -> Made:
        """The weighted sum of sounds; see `Combines.combine`. Nothing is borrowed.

        Shapes are added as tokens, about the mean of all training sounds; length and level stay between those given.
        """
        del lenders
        return Mixer(self).combine(sounds, weights=weights, fine=fine, seed=seed, steps=steps or self.config.steps)

    def fill(
        self,
        sound: Sound,
        *,
        regions: Sequence[tuple[int, int]],
        seed: int,
        lenders: LenderPool,
        band_hz: tuple[float, float] | None = None,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """A sound with regions drawn anew; see `Fills.fill`. Nothing is borrowed: the sound itself rings on."""
        del lenders
        return Filler(self).fill(
            sound, regions=regions, band_hz=band_hz, seed=seed, class_name=class_name, steps=steps or self.config.steps
        )

    def mend(self) -> None:
        """Make the principal directions directions again; see `Mends.mend`."""
        self.basis.straighten()

    def restore_top(
        self,
        sound: Sound,
        *,
        cutoff_hz: float,
        seed: int,
        class_name: str | None = None,
        drawn: bool = False,
        steps: int | None = None,
    ) -> Made:
        """The sound with a new band above a cutoff; see `Restores.restore_top`."""
        self._check_rate(sound)
        self.class_row(class_name)
        wanted = steps or self.config.steps
        return TopRestorer(self).restore(
            sound, cutoff_hz=cutoff_hz, seed=seed, class_name=class_name, drawn=drawn, steps=wanted
        )

    def index(self, lenders: LenderPool) -> LenderIndex:
        """What is needed to find lenders, read once per pool and kept in memory while the model lives."""
        key = lenders.key()
        if key not in self._indices:
            self._indices[key] = LenderIndex.read(lenders, splitter=self.splitter)
        return self._indices[key]

    def take_index(self, key: str, index: LenderIndex) -> None:
        """Use an index that was kept elsewhere for the pool of this key."""
        self._indices[key] = index

    # -- between sounds and tokens

    def tokens_of(self, split: Split) -> Tensor:
        """Tokens of a sound taken apart, ``(tokens, numbers)``."""
        lean = lean_of(split.spectra)
        return self.tokens_of_shape(Shape(split.envelope, split.width, self._partials_of(split), lean))

    def tokens_of_shape(self, shape: Shape) -> Tensor:
        """Tokens of a shape, ``(tokens, numbers)``; where it says nothing of partials, they are as in most sounds."""
        tokens = self.basis.squeeze(self.splitter.to_tokens(shape.envelope, shape.width))
        if shape.partials is None:
            return torch.cat([tokens, tokens.new_zeros(len(tokens), _TONE_NUMBERS)], dim=-1)
        rung = _tone_numbers(shape.partials.on_tokens(len(tokens)), shape.lean)
        return torch.cat([tokens, (rung - self.tone_means) / self.tone_scales], dim=-1)

    def shape_of(self, tokens: Tensor, *, frames: int) -> Shape:
        """The smooth shape that tokens stand for."""
        steps = -(-frames // self.splitter.hop_frames) + 1
        envelope, width = self.splitter.from_tokens(self.basis.unsqueeze(tokens[:, : self.config.dims]), steps=steps)
        rung = tokens[:, self.config.dims :] * self.tone_scales + self.tone_means
        lean = float(rung[:, -1].mean().clamp(-4, 4)) if self.splitter.stereo else 0.0
        return Shape(envelope, width, Partials.from_numbers(rung[:, :-1]), lean if abs(lean) > _LEAST_LEAN else 0.0)

    def _partials_of(self, split: Split) -> Partials:
        return partials_of(
            split.mid.numpy(),
            sample_rate_hz=self.spec.sample_rate_hz,
            token_frames=self.token_frames,
            tokens=self.splitter.tokens_of(split.frames),
        )

    @property
    def token_frames(self) -> int:
        """Frames per token."""
        return self.splitter.token_steps * self.splitter.hop_frames

    @property
    def _most_frames(self) -> int:
        return round(self.config.max_duration_s * self.spec.sample_rate_hz)

    def _heard(self, sound: Sound) -> np.ndarray | None:
        """The sounding part, on one or two channels and no longer than its window; None where nothing sounds."""
        self._check_rate(sound)
        both = self.spec.channels == 2 and sound.channels == 2
        data = np.array(sound.data if both else sound.mono().data)  # one channel has the shape of two alike
        if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
            return None
        start, stop = sounding_span(torch.from_numpy(data), sample_rate_hz=sound.sample_rate_hz)
        return np.ascontiguousarray(data[:, start : min(stop, start + self._most_frames)])

    def class_row(self, class_name: str | None) -> int:
        """The number of a class; the one after the last for none.

        Raises
        ------
        UnknownName
            If the model was not trained on this class.
        """
        if class_name is None:
            return len(self.spec.classes)
        if class_name not in self.spec.classes:
            raise UnknownName("class", class_name, known=self.spec.classes)
        return self.spec.classes.index(class_name)

    def drawn(self, *, seed: int, class_name: str | None, tokens: int) -> _Drawn:
        """What a row of so many tokens is conditioned on."""
        return _Drawn(seed=seed, class_index=self.class_row(class_name), tokens=tokens, frames=0, peak=0.0)

    def _drawn(self, request: Request) -> _Drawn:
        row = self.class_row(request.class_name)
        table_row = row if self.class_counts[row] > 0 else len(self.spec.classes)
        rng = np.random.default_rng(derive_seed(request.seed, "length and level"))
        length_s = math.exp(_at_quantile(self.length_table[table_row], rng.uniform()))
        level_db = _at_quantile(self.level_table[table_row], rng.uniform())
        if request.duration_s is not None:
            length_s = self._checked_length(request.duration_s)
        frames = min(self._most_frames, max(self.splitter.hop_frames, round(length_s * self.spec.sample_rate_hz)))
        return _Drawn(
            seed=request.seed,
            class_index=row,
            tokens=self.splitter.tokens_of(frames),
            frames=frames,
            peak=10 ** (min(level_db, -0.3) / 20),
            wishes=self._checked_wishes(request),
        )

    def _checked_wishes(self, request: Request) -> Mapping[str, float]:
        for name in request.wishes:
            if name not in TRAITS:
                raise UnknownName("descriptor to ask for", name, known=TRAITS)
        if request.bpm is not None or request.bars is not None:
            raise UsageError(
                f"A {self.family} model makes single sounds, not loops of so many bars",
                cause="it was trained on one-shots",
                way_out="train a loop model: woodshed train NAME --from kind:loop --family loop-flow",
            )
        return dict(request.wishes)

    def _checked_length(self, duration_s: float) -> float:
        if not 0.0 < duration_s <= self.max_duration_s:
            raise KnobOutOfRange(
                f"A sound of {duration_s} s cannot be made",
                cause=f"this model makes sounds up to {self.max_duration_s} s",
                way_out=f"ask for at most {self.max_duration_s:g} s",
            )
        return duration_s

    def padded(self, tokens: int) -> int:
        """The length a row of so many tokens is padded to."""
        return next((length for length in _LENGTHS if tokens <= length), self.splitter.most_tokens)

    def _check_rate(self, sound: Sound) -> None:
        if sound.sample_rate_hz != self.spec.sample_rate_hz:
            raise RateMismatch("The sound", got_hz=sound.sample_rate_hz, expected_hz=self.spec.sample_rate_hz)


def _tone_numbers(partials: Partials, lean: float) -> Tensor:
    """Partials and lean as numbers, ``(tokens, numbers)``."""
    numbers = partials.to_numbers()
    return torch.cat([numbers, numbers.new_full((len(numbers), 1), lean)], dim=-1)


def _copies(known: int, limit: int) -> tuple[int, int]:
    """Speeds and leanings per sound, so that time and memory stay bounded."""
    speeds = 4 if known <= 1500 else 2 if known <= 4000 else 1
    return speeds, max(1, min(3, limit // (known * speeds)))


def _at_quantile(table: Tensor, place: float) -> float:
    """The value of an evenly spaced quantile table at a place from 0 to 1."""
    return float(np.interp(place, np.linspace(0, 1, len(table)), table.numpy()))


def _check_amount(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise KnobOutOfRange(
            f"{name} is {value}", cause="it goes from 0 to 1", way_out="choose a value in between, for example 0.3"
        )
