"""New one-shots: a flow draws shape and partials, and fine structure is rung under them (or borrowed)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.families.generators._band_flow_asking import (
    MOST_ROAM,
    TOLD,
    Drawn,
    drawn_for,
    noise_for,
    shape_drawn,
    times_for,
    together,
    told_for,
    with_wholes,
)
from woodshed.families.generators._band_flow_copies import (
    WHOLE_NUMBERS,
    WHOLE_PARTS,
    Copy,
    copies_of,
    features_of,
    heard_of,
    leanings_of,
    named_by,
    neighbourhood_of,
    tone_numbers,
)
from woodshed.families.generators._band_flow_distilling import OwnPairs, pair_losses
from woodshed.families.generators._band_flow_edits import Edits
from woodshed.families.generators._band_flow_few import FewSounds, place_asked
from woodshed.families.generators._band_flow_fitting import QUANTILES, fit_to, refit_to
from woodshed.families.generators._band_flow_guiding import Row, Steering, begun, led, lengthened
from woodshed.families.generators._band_flow_hearing import (
    partials_heard,
    shape_heard,
    sounding_part,
)
from woodshed.families.generators._band_flow_lending import Decoder, LenderIndex, Target
from woodshed.families.generators._band_flow_losses import flow_misses, noise_over, some_told
from woodshed.families.generators._band_flow_wishing import made_as_wished
from woodshed.nn import (
    ATTACK_NUMBERS,
    ATTACK_POINTS,
    COLOUR_NUMBERS,
    COLOUR_POINTS,
    COURSE_NUMBERS,
    COURSE_POINTS,
    MOST_HISS,
    MOST_SEMITONES,
    NO_HISS,
    PARTIAL_NUMBERS,
    SIDE_LOW,
    TOLD_NUMBERS,
    BandCourses,
    EnvelopeSplitter,
    Partials,
    PrincipalBasis,
    Ringer,
    Shape,
    Shaper,
    Split,
    SteeredTransformer,
    Traits,
    at_speed,
    wave_positions,
)
from woodshed.roles import (
    Adopted,
    DataSpec,
    Example,
    FamilyConfig,
    Features,
    Generator,
    Guide,
    Guided,
    LenderPool,
    Made,
    OptimiserPlan,
    Request,
    Trainable,
    check_rate,
    class_number,
    require_one_or_two_channels,
)
from woodshed.sampling import (
    Steer,
    guided,
    linear_guess,
    logit_normal_times,
    noised,
    seeded_generator,
    solve_flow,
)
from woodshed.sound import Sound

_TONE_NUMBERS = PARTIAL_NUMBERS + WHOLE_NUMBERS
_TOGETHER = 2  # requests solved at once; short of that, rows of zeros stand in, so that batch mates never matter
_GUIDED_FROM, _GUIDED_TO = 0.1, 0.7  # times of the flow outside which guidance does nothing for the sound
_MONO_WIDTH = -6.5  # natural log of side over mid; what is narrower on the whole was meant as mono
_LEAST_LEAN = 0.05  # natural log of power, 0.2 dB; what is less was meant as none
_LENGTHS = (8, 16, 24, 32, 48)  # tokens a row is padded to, before the longest


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
        Most training examples kept in memory, augmented ones included (about 13 kB each).
    steps, new_steps, guidance
        Defaults of the solver. Guides take three times as many steps; new sounds of which nothing is asked take
        ``new_steps`` at most, further takes two at most, unguided.
    air
        Share of noise in the fine structure above 6 kHz.
    repitch_semitones
        How far a lender is tuned up or down at most before it lends.
    trait_share
        How often, in training, the network is told some traits of a sound.
    close
        Share of the sounds of which neither a length nor a trait nor a roam is asked that are further takes of a sound
        it learned from, led not quite half way towards one like it.
    roam, apart
        How far from these the others are looked for, and how unlike the nearest they then are: `Neighbourhood.draw`.
    """

    batch_size: int = Field(default=48, ge=1, le=65536)
    bands: int = Field(default=40, ge=8, le=64)
    token_steps: int = Field(default=8, ge=2, le=32)
    dims: int = Field(default=48, ge=2, le=512)
    width: int = Field(default=128, ge=8, le=4096)
    layers: int = Field(default=4, ge=1, le=64)
    heads: int = Field(default=4, ge=1, le=64)
    max_duration_s: float = Field(default=3.0, gt=0.1, le=30.0)
    learning_rate: float = Field(default=2e-3, gt=0)
    class_dropout: float = Field(default=0.12, ge=0, le=1)
    pool_limit: int = Field(default=12000, ge=1)
    steps: int = Field(default=5, ge=1, le=200)
    new_steps: int = Field(default=3, ge=1, le=200)
    guidance: float = Field(default=2.0, ge=0, le=10)
    air: float = Field(default=0.5, ge=0, le=1)
    repitch_semitones: float = Field(default=1.0, ge=0, le=12)
    trait_share: float = Field(default=0.6, ge=0, le=1)
    close: float = Field(default=0.42, ge=0, le=1)
    roam: float = Field(default=4.0, ge=0, le=MOST_ROAM)
    apart: float = Field(default=0.78, ge=0, le=10)

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        return self


class BandFlow(Edits, OwnPairs, FewSounds, Generator, Guided):
    """Generates, varies, blends, edits and restores one-shots up to three seconds long, mono or stereo, any usual rate.

    Training learns shapes: the loudness of 40 bands every 5.8 ms, squeezed by principal components to 48 numbers per
    46 ms, and beside them which partials ring, how they glide, how tonal each is at every moment, how metallic their
    noise is, how far they lean to one channel, how they begin, how their level runs, and their colour. A transformer
    draws such numbers with a straight-path flow. The fine structure is then made from them: partials that ring, and
    noise in what they leave over. Where lenders are allowed it is borrowed from library sounds of the nearest shape
    instead, tuned and layered.
    """

    family: ClassVar[str] = "band-flow"
    Config: ClassVar[type[FamilyConfig]] = Config
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {
        # Seconds; noise with a vague shape. For tests.
        "debug": Config(batch_size=8, dims=8, width=16, layers=1, heads=2, max_duration_s=1.0, pool_limit=64, steps=2),
        # 3 minutes on one or two laptop cores for 100 to 1000 one-shots: usable drums of every class they hold.
        "laptop": Config(),
        # Meant for 10 to 30 minutes on two cores and folders of more than 1000 sounds. After ten processor minutes on
        # 702 (285 steps on a slow machine) it makes sounds as good as laptop's (902), not better.
        "studio": Config(batch_size=64, width=192, layers=6, heads=6, pool_limit=40000),
        # 22 million parameters, for thousands of one-shots and an hour of a GPU; not measured: none was at hand.
        "gpu": Config(batch_size=256, width=384, layers=8, heads=6, learning_rate=1e-3, pool_limit=100000),
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
        require_one_or_two_channels(spec.channels, family=self.family, makes="sounds")
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
            self.attacks = PrincipalBasis(width=ATTACK_POINTS, dims=ATTACK_NUMBERS)
            self.courses = PrincipalBasis(width=COURSE_POINTS, dims=COURSE_NUMBERS)
            self.colours = PrincipalBasis(width=COLOUR_POINTS, dims=COLOUR_NUMBERS)
            self.net = SteeredTransformer(
                dims=self.numbers,
                width=config.width,
                layers=config.layers,
                heads=config.heads,
                cond_width=config.width,
                most_tokens=self.splitter.most_tokens,
            )
            self.class_embedding = nn.Embedding(classes + 1, config.width)  # the last one means any class
            self.neighbourhood = neighbourhood_of(self.numbers, dims=config.dims)
            self.facts_in = nn.Linear(3 * 32 + TOLD, config.width)
            self.condition_out = nn.Linear(config.width, config.width)
        self.register_buffer("length_table", torch.zeros(classes + 1, QUANTILES))  # log s; last row: all classes
        self.register_buffer("level_table", torch.zeros(classes + 1, QUANTILES))  # peak in dB
        self.register_buffer("class_counts", torch.zeros(classes + 1))
        self.register_buffer("tone_means", torch.zeros(_TONE_NUMBERS))
        self.register_buffer("tone_scales", torch.ones(_TONE_NUMBERS))
        self.shaper = Shaper(self.splitter)
        self.ringer = Ringer(self.shaper)
        self.traits = Traits(self.splitter)
        self.band_courses = BandCourses(self.splitter)
        self._indices: dict[str, LenderIndex] = {}
        self.rung: dict[str, Partials] = {}  # of sounds fitted to and not yet encoded, by content id

    @property
    def variances(self) -> Tensor:
        """How much each number of a token varies, ``(numbers,)``."""
        return torch.cat([self.basis.variances, torch.ones_like(self.tone_scales)])

    @property
    def numbers(self) -> int:
        """Numbers per token: those of the envelope, of the partials, and of the whole."""
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
        fit_to(self, examples)

    def adopt(self, base: Trainable) -> Adopted:
        """Begin as another model did, with its places under this model's class numbers; see `Trainable.adopt`."""
        adopted = super().adopt(base)
        self.neighbourhood.renumber(base.spec.classes, self.spec.classes)
        return adopted

    def refit(self, examples: Iterable[Example], *, seed: int) -> None:
        """How long and loud the classes among the new sounds are; the others, and the components, stay the base's."""
        del seed
        refit_to(self, examples)

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        """Tokens of every sound, and of copies at other speeds, tilts and decays, labelled as such."""
        known = max(1, int(self.class_counts[-1]))
        speeds, leanings = copies_of(known, self.config.pool_limit) if augment else (1, 1)
        rows: list[Copy] = []
        for number, example in enumerate(examples):
            data = sounding_part(self, example.sound)
            if data is None:
                continue
            rng = np.random.default_rng(derive_seed(seed, "augment", number))
            split = self.splitter.split(torch.from_numpy(data))
            partials = self.rung.pop(example.sound.content_id, None) or partials_heard(self, split)
            heard = heard_of(self, example, split, partials)
            for speed in range(speeds):
                semitones = 0.0 if speed == 0 else float(rng.uniform(-MOST_SEMITONES, MOST_SEMITONES))
                if semitones:
                    changed = at_speed(data, semitones=semitones, sample_rate_hz=self.spec.sample_rate_hz)
                    split = self.splitter.split(torch.from_numpy(changed[:, : self.most_frames]))
                tuned = partials.transposed(semitones).on_tokens(self.splitter.tokens_of(split.frames))
                shape = shape_heard(self, split, partials=tuned)
                length = math.log(split.frames / self.spec.sample_rate_hz)
                tuned_heard = replace(heard, semitones=semitones, log_length=length)
                rows += leanings_of(self, shape, tuned_heard, count=leanings, rng=rng)
        return features_of(self, rows[: self.config.pool_limit])

    def settle(self, features: Features, *, seed: int) -> None:
        """Keep where the sounds lie, as they are."""
        plain = ~features.tensors["changes"].any(dim=1)
        kept = {name: tensor[plain] for name, tensor in features.tensors.items()}
        if len(kept["tokens"]):
            named = {name: kept[name] for name in ("classes", "lengths", "traits", "lines", "bands", "names")}
            place_seed = derive_seed(seed, "places")
            self.neighbourhood.settle(kept["tokens"].float(), kept["counts"], **named, seed=place_seed)

    def training_step(self, batch: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
        """How far the guessed clean tokens are off, weighted as speeds of the flow."""
        if "noise" in batch:
            return pair_losses(batch, guess=self._guess, steps=self.config.steps, seed=seed)
        generator = seeded_generator(seed, "training")
        tokens, counts = batch["tokens"].float(), batch["counts"]
        rows = len(tokens)
        time = logit_normal_times(rows, mean=-0.4, spread=1.0, generator=generator).to(tokens)
        dropped = torch.rand(rows, generator=generator).to(tokens) < self.config.class_dropout
        classes = torch.where(dropped, len(self.spec.classes), batch["classes"])
        place = self.neighbourhood.told(tokens, counts, classes=batch["classes"], generator=generator)
        place = place_asked(batch, place)
        noise = noise_over(tokens, exact=place[:, -1], repeated=self.neighbourhood.repeated, generator=generator)
        traits = some_told(batch["traits"].to(tokens), share=self.config.trait_share, generator=generator)
        told = torch.cat([batch["changes"].to(tokens), traits, place], dim=-1)
        point = noised(tokens, noise, time=time)
        order = torch.argsort(counts)
        total = tokens.new_zeros(())
        for part in order.chunk(max(1, rows // 16)):  # sounds of like length together, so that little is padding
            longest = int(counts[part].max())
            guess = self._guess(point[part, :longest], time[part], classes[part], counts[part], told[part])
            total = total + flow_misses(guess, tokens[part, :longest], time=time[part], counts=counts[part]).sum()
        return {"flow": total / rows}

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
        variances = self.variances
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
        return self._generate(requests, lenders=lenders, steps=steps, guidance=guidance)

    def _generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None,
        guidance: float | None,
        guides: Sequence[Guide] = (),
    ) -> list[Made]:
        strength = self.config.guidance if guidance is None else guidance
        index = self.index(lenders)
        drawn = [drawn_for(self, request) for request in requests]
        made: list[Made | None] = [None] * len(requests)
        for length, some in together(self, drawn, most=_TOGETHER):
            rows = [Row(drawn[n].tokens, drawn[n].frames, requests[n]) for n in some]
            steering = Steering(Decoder(self, index, lenders), guides) if guides else None
            steer = steering.over(rows) if steering else None
            tokens = self._flow([drawn[n] for n in some], length, steps=steps, guidance=strength, steer=steer)
            tokens = steering.settled(tokens, rows) if steering else tokens
            for number, row in zip(some, tokens, strict=True):
                shape = shape_drawn(self, row, drawn[number])
                shape = led(shape, guides) if guides else replace(shape, lines=drawn[number].lines)
                target = Target(
                    shape=shape,
                    frames=drawn[number].frames,
                    peak=drawn[number].peak,
                    class_name=requests[number].class_name,
                    seed=requests[number].seed,
                    exact=requests[number].duration_s is not None,
                    steady=drawn[number].steady,
                )
                decoder = Decoder(self, index, lenders)
                sound = made_as_wished(decoder, target, drawn[number].wishes, traits=self.traits)
                take_of, towards = named_by(drawn[number].name), named_by(drawn[number].towards)
                made[number] = replace(sound, take_of=take_of, take_towards=towards)
        return [item for item in made if item is not None]

    @torch.no_grad()
    def _flow(
        self, drawn: Sequence[Drawn], length: int, *, steps: int | None, guidance: float, steer: Steer | None = None
    ) -> Tensor:
        noise = noise_for(self, drawn, length=length)
        times = times_for(self, drawn, steps=steps)
        return self.solve(noise, drawn, times=times, guidance=guidance, steer=steer)

    @torch.no_grad()
    def solve(
        self,
        start: Tensor,
        drawn: Sequence[Drawn],
        *,
        times: list[float],
        guidance: float,
        steer: Steer | None = None,
    ) -> Tensor:
        """Follow the flow for rows of one kind (`together`); rows of zeros fill up, so that no row sees another."""
        lacking = max(0, _TOGETHER - len(drawn))
        point = torch.cat([start, start.new_zeros(lacking, *start.shape[1:])])
        anything = len(self.spec.classes)
        classes = torch.tensor([item.class_index for item in drawn] + [anything] * lacking)
        counts = torch.tensor([item.tokens for item in drawn] + [1] * lacking)
        told = torch.stack([*(told_for(self, item) for item in drawn), *[point.new_zeros(TOLD)] * lacking])
        free, untold = torch.full_like(classes, anything), told.clone()
        untold[:, -TOLD_NUMBERS:] = 0.0
        nothing_told = bool((classes == free).all()) and torch.equal(told, untold)
        plain = guidance == 1.0 or nothing_told or all(item.still for item in drawn)

        def guess(x: Tensor, now: float) -> Tensor:
            return with_wholes(guided_guess(x, now), drawn, repeated=self.neighbourhood.repeated)

        def guided_guess(x: Tensor, now: float) -> Tensor:
            if plain or not _GUIDED_FROM <= now <= _GUIDED_TO:
                return self._guess(x, torch.full((len(x),), now), classes, counts, told)
            both = self._guess(
                torch.cat([x, x]),
                torch.full((2 * len(x),), now),
                torch.cat([classes, free]),
                torch.cat([counts, counts]),
                torch.cat([told, untold]),
            )
            return guided(*both.chunk(2), strength=guidance)

        return solve_flow(steer(guess) if steer else guess, point, times=times)[: len(drawn)]

    def guide(
        self,
        requests: Sequence[Request],
        *,
        guides: Sequence[Guide],
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        """New sounds pulled towards what guides want, in three times the usual steps; see `Guided.guide`.

        Where none of them pulls, they say which of a few is made, in the usual steps.
        """
        pulling = [guide for guide in guides if guide.weight > 0]
        steady = begun(self, requests, pulling, lenders=lenders, steps=steps, guidance=guidance)
        lengths = [drawn_for(self, request).frames for request in steady]
        asked = lengthened(steady, lengths, pulling, spec=self.spec, most_s=self.max_duration_s)
        if not any(guide.schedule.pulls for guide in pulling):
            return self._generate(asked, lenders=lenders, steps=steps, guidance=guidance)
        steps = steps or 3 * self.config.steps
        return self._generate(asked, lenders=lenders, steps=steps, guidance=guidance, guides=pulling)

    def index(self, lenders: LenderPool) -> LenderIndex:
        """What is needed to find lenders, read once per pool and kept in memory while the model lives."""
        key = lenders.key()
        if key not in self._indices:
            self._indices[key] = LenderIndex.read(lenders, splitter=self.splitter)
        return self._indices[key]

    # -- between sounds and tokens

    def tokens_of(self, split: Split) -> Tensor:
        """Tokens of a sound taken apart, ``(tokens, numbers)``."""
        return self.tokens_of_shape(shape_heard(self, split))

    def tokens_of_shape(self, shape: Shape) -> Tensor:
        """Tokens of a shape, ``(tokens, numbers)``; where it says nothing of partials, they are as in most sounds."""
        tokens = self.basis.squeeze(self.splitter.to_tokens(shape.envelope, shape.width))
        if shape.partials is None:
            return torch.cat([tokens, tokens.new_zeros(len(tokens), _TONE_NUMBERS)], dim=-1)
        rung = tone_numbers(shape.partials.on_tokens(len(tokens)), shape)
        return torch.cat([tokens, (rung - self.tone_means) / self.tone_scales], dim=-1)

    def shape_of(self, tokens: Tensor, *, frames: int) -> Shape:
        """The smooth shape that tokens stand for."""
        steps = -(-frames // self.splitter.hop_frames) + 1
        envelope, width = self.splitter.from_tokens(self.basis.unsqueeze(tokens[:, : self.config.dims]), steps=steps)
        if float(width.detach().mean()) < _MONO_WIDTH:
            width = torch.full_like(width, SIDE_LOW)
        rung = tokens[:, self.config.dims :] * self.tone_scales + self.tone_means
        rung = rung.detach()  # gradients go through levels alone
        metal, (lean, hiss, rise), attack, course, colour = rung[:, -WHOLE_NUMBERS:].mean(0).split(WHOLE_PARTS)
        lean = float(lean.clamp(-4, 4)) if self.splitter.stereo else 0.0
        return Shape(
            envelope,
            width,
            Partials.from_numbers(rung[:, :-WHOLE_NUMBERS]),
            lean if abs(lean) > _LEAST_LEAN else 0.0,
            attack=attack,
            hiss=float(hiss.clamp(NO_HISS, MOST_HISS)),
            course=course,
            rise=float(rise),
            colour=colour,
            metal=metal.clamp(0, 1),
        )

    @property
    def token_frames(self) -> int:
        """Frames per token."""
        return self.splitter.token_steps * self.splitter.hop_frames

    @property
    def most_frames(self) -> int:
        """Frames of the longest sound it can make."""
        return round(self.config.max_duration_s * self.spec.sample_rate_hz)

    def class_row(self, class_name: str | None) -> int:
        """The number of a class; the one after the last for none.

        Raises
        ------
        UnknownName
            If the model was not trained on this class.
        """
        return class_number(class_name, classes=self.spec.classes)

    def drawn(self, *, seed: int, class_name: str | None, tokens: int, place: Tensor | None = None) -> Drawn:
        """What a row of so many tokens is conditioned on."""
        return Drawn(seed=seed, class_index=self.class_row(class_name), tokens=tokens, frames=0, peak=0.0, place=place)

    def class_or_any(self, row: int) -> int | None:
        """The number of a class, or None for the row that means any."""
        return None if row == len(self.spec.classes) else row

    def padded(self, tokens: int) -> int:
        """The length a row of so many tokens is padded to."""
        return next((length for length in _LENGTHS if tokens <= length), self.splitter.most_tokens)

    def check_rate(self, sound: Sound) -> None:
        """Refuse a sound of another rate."""
        check_rate(sound, sample_rate_hz=self.spec.sample_rate_hz)
