"""What the band flow promises beyond the contract of every family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import spearmanr

from woodshed.base.errors import ConsentRefused, KnobOutOfRange, RateMismatch, UnknownName, UnusableSound, UsageError
from woodshed.base.seeds import derive_seed
from woodshed.dsp import first_onset_s
from woodshed.families.generators._band_flow_asking import (
    TOLD,
    coloured_as_known,
    drawn_for,
    noise_for,
    shape_drawn,
    times_for,
    told_for,
    with_wholes,
)
from woodshed.families.generators._band_flow_copies import (
    WHOLE_NUMBERS,
    heard_weights,
    leaned_colour_of,
    named_by,
    numbered,
)
from woodshed.families.generators._band_flow_hearing import partials_heard, sounding_part, within
from woodshed.families.generators._band_flow_lending import Decoder, tidied
from woodshed.families.generators._band_flow_losses import flow_misses, noise_over
from woodshed.families.generators.band_flow import BandFlow
from woodshed.nn import (
    COLOUR_NUMBERS,
    GLIDE_PLACES,
    METAL_NUMBERS,
    Partials,
    Shape,
    Split,
    attacked,
    colour_of,
    colour_points_hz,
    leaned_colour,
    retuned_lines,
    turn_of,
)
from woodshed.roles import DataSpec, Example, LenderPool, NoLenders, Request
from woodshed.roles.guides import Brightness
from woodshed.sound import Sound

RATE = 44100
CLASSES = ("hat", "kick")


def hit(*, class_index: int, seed: int, channels: int = 2, seconds: float = 0.3) -> Sound:
    """A hat of noise or a kick of falling pitch, a little different each time."""
    rng = np.random.default_rng(derive_seed(seed, class_index))
    time = np.arange(round(seconds * RATE)) / RATE
    if class_index == 0:
        data = np.diff(rng.standard_normal((channels, len(time) + 1))) * np.exp(-time * rng.uniform(20, 60)) * 0.2
    else:
        phase = 2 * np.pi * (50 * time - rng.uniform(5, 9) * np.exp(-time * 30))
        data = (np.sin(phase) * np.exp(-time * rng.uniform(8, 20)) * 0.7)[None].repeat(channels, axis=0)
    return Sound(data.astype(np.float32), RATE)


class Pool(LenderPool):
    """Hits in memory."""

    def __init__(self, sounds: Sequence[Sound], *, key: str = "pool") -> None:
        self.sounds = {sound.content_id: sound for sound in sounds}
        self.name = key
        self.withdrawn: set[str] = set()

    def content_ids(self) -> Sequence[str]:
        return tuple(self.sounds)

    def class_name(self, content_id: str) -> str | None:
        return None

    def read(self, content_id: str) -> Sound:
        if content_id in self.withdrawn:
            raise ConsentRefused("withdrawn", cause="the owner said no", way_out="leave it out")
        return self.sounds[content_id]

    def key(self) -> str:
        return self.name


@pytest.fixture(scope="module")
def model() -> BandFlow:
    """Fitted, and its weights stirred so that class, time and place all matter."""
    made = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, CLASSES), seed=1)
    examples = [Example(one := hit(class_index=i % 2, seed=i), i % 2, one.content_id) for i in range(12)]
    made.fit(examples, seed=0)
    made.settle(made.encode(examples, seed=0, augment=False), seed=0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in made.parameters():
            tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.02)
    return made.eval()


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool([hit(class_index=i % 2, seed=i) for i in range(12)])


def distance(one: Sound, two: Sound) -> float:
    """RMS difference of log spectra over 12 ms slices, dB, from -70 dB up."""
    pictures = []
    for sound in (one, two):
        power = (
            np.abs(np.fft.rfft(sound.data.mean(0)[: sound.frames // 512 * 512].reshape(-1, 512) * np.hanning(512))) ** 2
        )
        banded = np.add.reduceat(power, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192], axis=1)
        pictures.append(10 * np.log10(banded + 1e-7 * max(1e-12, banded.max())))
    return float(np.sqrt(np.mean((pictures[0] - pictures[1]) ** 2)))


def test_the_split_of_every_preset_covers_three_seconds() -> None:
    for name, preset in BandFlow.PRESETS.items():
        for rate in (44100, 48000):
            model = BandFlow(preset, DataSpec(rate, 2, CLASSES))
            steps = model.splitter.most_tokens * model.splitter.token_steps
            assert (steps - 1) * model.splitter.hop_frames >= model.max_duration_s * rate
            assert name == "debug" or model.max_duration_s >= 3.0


def test_same_request_same_bits_whatever_place_and_company(model: BandFlow, pool: Pool) -> None:
    mine = Request(seed=4, class_name="kick", duration_s=0.31)
    others = [Request(seed=i, class_name=CLASSES[i % 2], duration_s=0.1 + 0.12 * i) for i in range(6)]
    alone = model.generate([mine], lenders=pool)[0].sound.data
    for place in range(7):
        among = model.generate([*others[:place], mine, *others[place:]], lenders=pool)[place]
        assert np.array_equal(alone, among.sound.data)


def test_same_bits_without_a_class_beside_sounds_of_a_class(model: BandFlow, pool: Pool) -> None:
    mine, other = Request(seed=4, duration_s=0.3), Request(seed=5, class_name="kick", duration_s=0.3)
    alone = model.generate([mine], lenders=pool)[0].sound.data
    for place, requests in enumerate(([mine, other], [other, mine])):
        assert np.array_equal(alone, model.generate(requests, lenders=pool)[place].sound.data)


@pytest.mark.parametrize("changed", [{"layers": 100_000}, {"width": 1 << 20}, {"heads": 3}, {"dims": 1 << 20}])
def test_sizes_that_no_machine_should_build_are_refused(changed: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        type(BandFlow.PRESETS["debug"]).model_validate(BandFlow.PRESETS["debug"].model_dump() | changed)


def test_lengths_and_levels_are_those_of_the_class(model: BandFlow) -> None:
    made = model.generate([Request(seed=i, class_name="kick") for i in range(8)], lenders=NoLenders())
    for one in made:
        assert one.sound.duration_s <= 0.301
        assert 0.01 < one.sound.peak < 0.97
    with pytest.raises(KnobOutOfRange, match=r"9\.0 s cannot be made.*up to 1\.0 s"):
        model.generate([Request(seed=0, duration_s=9.0)], lenders=NoLenders())


def test_made_sounds_start_at_once_end_quietly_and_have_no_offset(model: BandFlow, pool: Pool) -> None:
    for one in model.generate([Request(seed=i, class_name=CLASSES[i % 2]) for i in range(10)], lenders=pool):
        data, peak = one.sound.data, one.sound.peak
        assert first_onset_s(data, RATE) <= 0.01
        assert np.abs(data[:, -30:]).max() < 0.03 * peak
        assert np.abs(data.mean()) < 0.02 * peak
        assert peak <= 1.0


def test_lenders_are_named_and_a_withdrawn_one_is_refused(model: BandFlow) -> None:
    own = Pool([hit(class_index=i % 2, seed=i) for i in range(12)], key="own")
    made = model.generate([Request(seed=1, class_name="hat")], lenders=own)[0]
    assert set(made.lenders) <= set(own.content_ids())
    assert made.lenders
    own.withdrawn = set(own.content_ids())
    with pytest.raises(ConsentRefused):
        model.generate([Request(seed=1, class_name="hat")], lenders=own)
    assert model.generate([Request(seed=1)], lenders=NoLenders())[0].lenders == ()


def test_a_pool_of_silence_lends_nothing(model: BandFlow) -> None:
    silent = Pool([Sound(np.zeros((1, frames), np.float32), RATE) for frames in (0, 1, 5000)], key="silent")
    made = model.generate([Request(seed=1)], lenders=silent)[0]
    assert made.lenders == ()
    assert made.sound.peak > 0.01


def test_what_does_not_fit_is_said(model: BandFlow, pool: Pool) -> None:
    slow = Pool([Sound(np.ones((1, 400), np.float32), 22050)], key="slow")
    with pytest.raises(RateMismatch, match="lender has a rate of 22050 Hz where 44100 Hz"):
        model.generate([Request(seed=1)], lenders=slow)
    with pytest.raises(UsageError, match="one or two channels, not 6"):
        BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 6, CLASSES))
    silence = Sound(np.zeros((1, 500), np.float32), RATE)
    with pytest.raises(UnusableSound, match="sound 2 is silent"):
        model.blend(hit(class_index=0, seed=1), silence, position=0.5, seed=0, lenders=pool)


def test_mono_and_two_alike_give_the_same_features(model: BandFlow) -> None:
    mono = hit(class_index=0, seed=3, channels=1)
    one, two = (
        model.encode([Example(sound, 0)], seed=0, augment=False).tensors["tokens"].float()
        for sound in (mono, mono.with_channels(2))
    )
    torch.testing.assert_close(one, two, atol=2e-2, rtol=0)


def test_training_passes_over_what_cannot_be_heard(model: BandFlow) -> None:
    broken = [
        Sound(np.zeros((1, 0), np.float32), RATE),
        Sound(np.zeros((2, 300), np.float32), RATE),
        Sound(np.full((1, 300), np.nan, np.float32), RATE),
        Sound(np.ones((1, 1), np.float32), RATE),
    ]
    features = model.encode([Example(sound, 0) for sound in broken], seed=0, augment=False)
    assert len(features) == 1
    assert torch.isfinite(features.tensors["tokens"].float()).all()
    with pytest.raises(RateMismatch, match="48000 Hz where 44100 Hz"):
        model.encode([Example(Sound(np.ones((1, 9), np.float32), 48000), 0)], seed=0, augment=False)


def test_augmented_copies_are_labelled_and_bounded(model: BandFlow) -> None:
    sounds = [Example(hit(class_index=i % 2, seed=i), i % 2) for i in range(12)]
    features = model.encode(sounds, seed=3, augment=True)
    assert len(sounds) < len(features) <= 64
    changes = features.tensors["changes"]
    assert int((changes.abs().sum(1) == 0).sum()) == len(sounds)
    assert float(changes.abs().max()) <= 1.0


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_variations_move_away_steadily(model: BandFlow, pool: Pool, channels: int) -> None:
    source = hit(class_index=0, seed=99, channels=channels)
    amounts = [0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1.0]
    made = [model.vary(source, amount=a, seed=2, lenders=pool).sound for a in amounts]
    distances = [distance(source, one) for one in made]
    assert distances[0] == 0.0
    assert spearmanr(amounts, distances).statistic >= 0.9
    assert np.array_equal(made[0].data, source.data)


def test_small_variations_leave_what_lies_before_the_start_alone(model: BandFlow, pool: Pool) -> None:
    heard = hit(class_index=1, seed=5)
    quiet = 1e-4 * np.random.default_rng(0).standard_normal((2, 3000)).astype(np.float32)
    source = Sound(np.concatenate([quiet, heard.data], axis=1), RATE)
    made = model.vary(source, amount=0.6, seed=1, lenders=pool).sound
    assert np.array_equal(made.data[:, :2500], source.data[:, :2500])


def test_a_long_sound_is_varied_without_seams(model: BandFlow) -> None:
    time = np.arange(3 * RATE) / RATE
    source = Sound((0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32), RATE)
    made = model.vary(source, amount=0.25, seed=1, lenders=NoLenders()).sound
    assert made.frames == source.frames
    steps = np.abs(np.diff(made.data[0]))
    assert steps[1000:-1000].max() < 4 * 0.3 * 2 * np.pi * 300 / RATE


def test_a_variation_of_a_library_sound_does_not_borrow_from_itself(model: BandFlow, pool: Pool) -> None:
    source = hit(class_index=0, seed=0)
    assert source.content_id in pool.content_ids()
    made = model.vary(source, amount=1.0, seed=3, lenders=pool)
    assert source.content_id not in made.lenders


def test_blends_go_from_one_to_the_other(model: BandFlow, pool: Pool) -> None:
    first, second = hit(class_index=0, seed=7), hit(class_index=1, seed=8)
    positions = [0.0, 0.15, 0.5, 0.85, 1.0]
    made = [model.blend(first, second, position=p, seed=1, lenders=pool).sound for p in positions]
    from_first, from_second = ([distance(end, one) for one in made] for end in (made[0], made[-1]))
    assert from_first[1] < from_first[3]
    assert from_second[3] < from_second[1]
    energies = [10 * np.log10(np.sum(one.data**2)) for one in made]
    assert min(energies[0], energies[-1]) - 1.5 < energies[2] < max(energies[0], energies[-1]) + 1.5


def test_blend_lays_starts_on_one_another(model: BandFlow, pool: Pool) -> None:
    first, second = hit(class_index=1, seed=1), hit(class_index=0, seed=2)
    late = Sound(np.pad(second.data, ((0, 0), (4410, 0))), RATE)
    middle = model.blend(first, late, position=0.5, seed=1, lenders=pool).sound
    assert first_onset_s(middle.data, RATE) == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_amounts_have_stops(model: BandFlow, pool: Pool, amount: float) -> None:
    source = hit(class_index=0, seed=1)
    with pytest.raises(KnobOutOfRange):
        model.vary(source, amount=amount, seed=0, lenders=pool)
    with pytest.raises(KnobOutOfRange):
        model.blend(source, source, position=amount, seed=0, lenders=pool)
    with pytest.raises(UnknownName):
        model.vary(source, amount=0.5, seed=0, lenders=pool, class_name="hut")


@pytest.mark.slow
def test_training_teaches_classes_apart(pool: Pool) -> None:
    """After a minute's worth of tiny steps, asked for a hat it makes brighter sounds than asked for a kick."""
    model = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, CLASSES), seed=1)
    sounds = [Example(hit(class_index=i % 2, seed=i), i % 2) for i in range(24)]
    model.fit(sounds, seed=0)
    features = model.encode(sounds, seed=0, augment=False)
    optimiser = model.optimisers()[0].optimiser
    for step in range(400):
        batch = features.batch(torch.randint(len(features), (8,), generator=torch.Generator().manual_seed(step)))
        loss = model.training_step(batch, seed=step)["flow"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    bright = []
    for name in CLASSES:
        made = model.eval().generate([Request(seed=i, class_name=name) for i in range(8)], lenders=pool)
        spectra = [np.abs(np.fft.rfft(one.sound.data.mean(0))) ** 2 for one in made]
        bright.append(np.median([np.sum(s * np.arange(len(s))) / np.sum(s) / len(s) for s in spectra]))
    assert bright[0] > 3 * bright[1]


def test_a_sound_made_close_by_lies_nearer_to_those_it_learned_from(model: BandFlow, pool: Pool) -> None:
    def places(roam: float) -> torch.Tensor:
        asked = [Request(seed=seed, class_name="kick", wishes={"roam": roam}) for seed in range(12)]
        found = [drawn_for(model, request).place for request in asked]
        return torch.stack([place for place in found if place is not None])

    known = model.neighbourhood.places[model.neighbourhood.classes == CLASSES.index("kick")]
    near, far = (float(torch.cdist(places(roam), known).min(1).values.median()) for roam in (0.0, 3.0))
    assert near < 0.5 * far
    one, other = (
        model.generate([Request(seed=1, class_name="kick", wishes={"roam": roam})], lenders=pool)[0].sound
        for roam in (0.0, 3.0)
    )
    assert one.content_id != other.content_id


def test_new_sounds_of_a_known_class_move_its_places(model: BandFlow) -> None:
    begun = BandFlow(model.config, DataSpec(RATE, 2, ("snare", "kick")), seed=2)
    begun.adopt(model)
    own = begun.neighbourhood
    kicks = model.neighbourhood.places[model.neighbourhood.classes == CLASSES.index("kick")]
    assert torch.equal(own.places[own.classes == 1], kicks)
    examples = [Example(hit(class_index=0, seed=seed), 0, str(seed)) for seed in range(3)]
    named = model.neighbourhood.names[model.neighbourhood.classes == CLASSES.index("kick")]
    assert torch.equal(own.names[own.classes == 1], named)
    begun.settle(begun.encode(examples, seed=0, augment=True), seed=0)
    assert int((own.classes == 0).sum()) == 3
    assert sorted(own.names[own.classes == 1].tolist()) == sorted(named.tolist())
    assert torch.allclose(own.places[own.classes == 1].sum(0), kicks.sum(0), atol=1e-4)


@pytest.mark.parametrize("roam", [-1.0, 6.0, float("nan"), 1e38])
def test_no_sound_is_looked_for_beyond_all_bounds(model: BandFlow, pool: Pool, roam: float) -> None:
    with pytest.raises(KnobOutOfRange, match="roam"):
        model.generate([Request(seed=1, class_name="kick", wishes={"roam": roam})], lenders=pool)


def test_a_place_of_a_strange_length_gives_no_longer_sound_than_the_longest(model: BandFlow) -> None:
    strange = BandFlow(model.config, model.spec, seed=1)
    strange.load_state_dict(model.state_dict())
    strange.neighbourhood.lengths.fill_(1000.0)
    assert drawn_for(strange, Request(seed=1, class_name="kick")).frames == strange.most_frames


def test_a_share_of_the_sounds_are_further_takes_of_a_known_one(model: BandFlow, pool: Pool) -> None:
    known = model.neighbourhood.places[model.neighbourhood.classes == CLASSES.index("kick")]
    requests = [Request(seed=seed, class_name="kick") for seed in range(100)]
    drawn = [drawn_for(model, request) for request in requests]
    takes = [one for one in drawn if one.still]
    assert len(takes) == pytest.approx(100 * model.config.close, abs=1)
    for one in takes:
        assert one.place is not None
        assert float((known - one.place).norm(dim=1).min()) == 0.0
    seeds = [request.seed for request, one in zip(requests, drawn, strict=True) if one in takes]
    one, other = (model.generate([Request(seed, "kick")], lenders=pool)[0].sound for seed in seeds[:2])
    assert one.content_id != other.content_id


def test_a_further_take_is_coloured_and_runs_as_the_sound_it_is_a_take_of(model: BandFlow) -> None:
    known = hit(class_index=1, seed=3)
    heard = sounding_part(model, known)
    assert heard is not None
    tokens = model.tokens_of(model.splitter.split(torch.from_numpy(heard)))
    repeated = model.neighbourhood.repeated
    requests = [Request(seed=seed, class_name="kick") for seed in range(300)]
    takes = [one for one in (drawn_for(model, request) for request in requests) if one.still]
    met = 0
    for one in takes:
        assert one.whole is not None
        made = model.solve(torch.zeros(1, one.tokens, model.numbers), [one], times=[0.0, 0.5, 1.0], guidance=1.5)[0]
        torch.testing.assert_close(made[: one.tokens, repeated], one.whole.expand(one.tokens, -1))
        met += bool(torch.allclose(one.whole, tokens[:, repeated].mean(0), atol=0.02))  # kept in half precision
    assert met > 0, "one of the sounds it learned from"


def test_a_further_take_names_its_sound_and_a_new_sound_names_none() -> None:
    model = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, CLASSES), seed=1)
    kicks, hats = CLASSES.index("kick"), CLASSES.index("hat")
    classes = [kicks] * 12 + [hats] * 3
    examples = [Example(sound := hit(class_index=c, seed=i), c, sound.content_id) for i, c in enumerate(classes)]
    model.fit(examples, seed=0)
    model.settle(model.encode(examples, seed=0, augment=True), seed=0)
    wholes = {one.content_id[:15]: whole_of(model, one.sound) for one in examples}
    requests = [Request(seed=seed, class_name=name) for name in ("kick", "hat") for seed in range(12)]
    takes = 0
    for one, request in zip(model.generate(requests, lenders=NoLenders()), requests, strict=True):
        drawn = drawn_for(model, request)
        assert bool(one.take_of) is drawn.still
        assert bool(one.take_towards) is (drawn.still and request.class_name == "kick"), "few are not led"
        if one.take_of:
            assert drawn.whole is not None
            here = wholes[one.take_of]
            way = wholes[one.take_towards or one.take_of] - here
            way[model.neighbourhood.modes] = 0.0  # it rings as its own sound does
            share = float((drawn.whole - here) @ way / way.square().sum().clamp(min=1e-6))
            assert 0.4 < share < 0.52 if one.take_towards else share == 0.0
            torch.testing.assert_close(drawn.whole, here + share * way, atol=0.03, rtol=0.0)  # kept in half precision
            takes += 1
    assert takes > 3


def test_nothing_new_is_more_side_than_middle(model: BandFlow) -> None:
    wide = BandFlow(model.config, model.spec, seed=1)
    wide.load_state_dict(model.state_dict())
    wide.basis.mean[wide.splitter.band_count * wide.splitter.token_steps :] = 4.0  # natural log of side over middle
    requests = [Request(seed=seed, class_name="hat") for seed in range(12)]
    sides = {True: [], False: []}
    for request, made in zip(requests, wide.generate(requests, lenders=NoLenders()), strict=True):
        first, second = made.sound.data
        side, middle = (float(np.square(one).sum()) for one in (first - second, first + second))
        sides[drawn_for(wide, request).still].append(side / (side + middle))
    assert min(sides[True]) > 0.7, "a further take is as wide as its sound"
    assert max(sides[False]) < 0.65


def test_what_is_new_begins_and_runs_as_one_known_sound_does(model: BandFlow) -> None:
    kicks = model.neighbourhood.classes == CLASSES.index("kick")
    known = [
        model.shape_of(
            torch.zeros(1, model.numbers).index_copy(1, torch.tensor(model.neighbourhood.repeated), row), frames=256
        )
        for row in model.neighbourhood.wholes[kicks].unsqueeze(1)
    ]
    drawn = [drawn_for(model, Request(seed=seed, class_name="kick")) for seed in range(30)]
    news = [one for one in drawn if not one.still]
    coloured = 0
    for one in news:
        assert one.whole is not None
        tokens = torch.zeros(1, model.numbers)
        tokens[:, model.neighbourhood.repeated[-len(one.whole) :]] = one.whole
        shape = model.shape_of(tokens, frames=256)
        assert shape.attack is not None
        assert shape.course is not None
        assert shape.colour is not None
        begun = [other for other in known if other.rise == pytest.approx(shape.rise, abs=1e-4)]
        assert any(
            torch.allclose(shape.attack, one.attack, atol=1e-4) and torch.allclose(shape.course, one.course, atol=1e-4)
            for one in begun
            if one.attack is not None and one.course is not None
        )
        coloured += not any(
            torch.allclose(shape.colour, one.colour, atol=1e-4) for one in known if one.colour is not None
        )
    assert coloured > 0.8 * len(news), "its colour is its own"


def test_what_is_new_leans_to_one_side_as_one_known_sound_does(model: BandFlow) -> None:
    leaning = BandFlow(model.config, model.spec, seed=1)
    leaning.load_state_dict(model.state_dict())
    wholes = leaning.neighbourhood.wholes
    told = model.neighbourhood.repeated.index(model.numbers - WHOLE_NUMBERS + METAL_NUMBERS)
    wholes[:, told] = torch.linspace(-3.0, 3.0, len(wholes))
    known = wholes[leaning.neighbourhood.classes == CLASSES.index("kick"), told]
    for seed in range(20):
        one = drawn_for(leaning, Request(seed=seed, class_name="kick"))
        assert one.whole is not None
        assert one.whole[told] in known


def test_an_edit_takes_the_steps_of_a_new_sound_and_what_is_guided_three_times_as_many(model: BandFlow) -> None:
    usual, request = model.config.steps, Request(seed=3, class_name="hat")
    [hat] = model.generate([request], lenders=NoLenders())

    def varied(steps: int | None) -> str:
        return model.vary(hat.sound, amount=0.8, seed=4, lenders=NoLenders(), steps=steps).sound.content_id

    def led(steps: int | None) -> str:
        guides = [Brightness(hz=3000)]
        return model.guide([request], guides=guides, lenders=NoLenders(), steps=steps)[0].sound.content_id

    assert varied(None) == varied(usual) != varied(2 * usual)
    assert led(None) == led(3 * usual) != led(2 * usual)


def whole_of(model: BandFlow, sound: Sound) -> torch.Tensor:
    heard = sounding_part(model, sound)
    assert heard is not None
    tokens = model.tokens_of(model.splitter.split(torch.from_numpy(heard)))
    return tokens[:, model.neighbourhood.repeated].mean(0)


@pytest.mark.parametrize("content_id", ["", "hit 3", "00c0ffee", "zz" * 16])
def test_what_is_no_content_id_has_no_name(content_id: str) -> None:
    assert named_by(numbered(content_id)) is None


def test_a_further_take_is_not_guided_and_a_new_sound_is(model: BandFlow) -> None:
    requests = [Request(seed=seed, class_name="kick") for seed in range(12)]
    drawn = [drawn_for(model, request) for request in requests]
    mild, strong = (model.generate(requests, lenders=NoLenders(), guidance=guidance) for guidance in (1.0, 4.0))
    for one, before, after in zip(drawn, mild, strong, strict=True):
        assert (before.sound.content_id == after.sound.content_id) == one.still


def test_every_sound_rises_from_nothing(model: BandFlow) -> None:
    for made in model.generate([Request(seed=seed, class_name="hat") for seed in range(12)], lenders=NoLenders()):
        assert np.abs(made.sound.data[:, 0]).max() < 1e-3 * np.abs(made.sound.data).max()


def test_what_is_new_altogether_is_told_as_exact_calmer_and_steadied_and_nothing_else_is(model: BandFlow) -> None:
    drawn = [drawn_for(model, Request(seed=seed, class_name="kick")) for seed in range(12)]
    drawn += [drawn_for(model, Request(seed=1, class_name="kick", duration_s=0.2))]
    noise = noise_for(model, drawn, length=8).std(dim=(1, 2))
    rows = torch.randn(len(drawn), model.splitter.most_tokens, model.numbers)
    for one, loud, row in zip(drawn, noise, rows, strict=True):
        exact = float(told_for(model, one)[-1])
        as_told = model.shape_of(row[: one.tokens], frames=one.frames)
        plain = torch.equal(shape_drawn(model, row, one).envelope, as_told.envelope)
        if one.still:
            assert (exact, float(loud), plain) == (1.0, 0.0, True)
        elif one.whole is not None:
            assert exact == 1.0
            assert 0.5 < float(loud) < 0.7
            assert not plain
        else:
            assert exact == 0.0
            assert 0.9 < float(loud) < 1.1
            assert plain


def test_a_whole_and_a_distance_are_given_where_nothing_is_asked_and_only_there(model: BandFlow) -> None:
    plain = [Request(seed=seed, class_name="kick") for seed in range(60)]
    news = [one for one in (drawn_for(model, request) for request in plain) if not one.still]
    assert news
    modes = model.neighbourhood.modes
    for one in news:
        assert one.whole is not None
        assert len(one.whole) == len(model.neighbourhood.repeated)
        rings = (model.neighbourhood.wholes[:, modes] - one.whole[modes]).abs()
        assert float(rings[:, 1:].amax(1).min()) < 1e-3, "it rings as a known one"
        tuned_octaves = 1.5 * float(model.tone_scales[0]) * float(rings[rings[:, 1:].amax(1) < 1e-3, 0].min())
        assert tuned_octaves < 1.5 / 12 + 1e-3, "a little higher or lower"
    near = BandFlow(model.config.model_copy(update={"apart": 0.0}), model.spec, seed=1)
    near.load_state_dict(model.state_dict())
    others = [drawn_for(near, Request(one.seed, "kick")) for one in news]
    assert any(not torch.equal(one.place, other.place) for one, other in zip(news, others, strict=True))  # pyright: ignore[reportArgumentType]
    for asked in ({"duration_s": 0.2}, {"wishes": {"roam": 2.0}}, {"wishes": {"decay_ms": 60.0}}):
        for request in plain[:20]:
            wished = replace(request, **asked)
            one, other = drawn_for(model, wished), drawn_for(near, wished)
            assert one.whole is None
            assert one.place is not None
            assert other.place is not None
            assert torch.equal(one.place, other.place)


def test_what_the_network_is_given_comes_in_whole_16_bytes(model: BandFlow) -> None:
    usual = BandFlow(BandFlow.PRESETS["laptop"], model.spec, seed=1)
    assert (3 * 32 + TOLD) % 4 == 0
    assert usual.numbers % 4 == 0


def test_a_leaned_copy_has_the_colour_of_a_leaned_sound(model: BandFlow) -> None:
    rng = np.random.default_rng(4)
    time = np.arange(RATE // 3) / RATE
    plain = rng.standard_normal((1, len(time))) * np.exp(-time / 0.05)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(plain.shape[1], 1 / RATE), 43.0) / 1000.0)
    tilted = np.fft.irfft(np.fft.rfft(plain) * 10 ** (3.0 * octaves / 20), plain.shape[1])  # 3 dB an octave
    before, after = (model.splitter.split(torch.from_numpy((0.1 * one).astype(np.float32))) for one in (plain, tilted))
    heard = [colour_of(split.mid.numpy(), sample_rate_hz=RATE) for split in (before, after)]
    shape = Shape(before.envelope, before.width, colour=model.colours.squeeze(heard[0]))
    copied = leaned_colour_of(model, shape, after.envelope)
    assert copied is not None
    wanted = within(model.colours, leaned_colour(model.colours.unsqueeze(shape.colour), heard[1] - heard[0]))  # pyright: ignore[reportArgumentType]
    spread = model.colours.variances.sqrt()
    assert float(((copied - wanted) / spread).abs().median()) < 0.5


def test_only_what_is_exactly_known_goes_without_noise() -> None:
    tokens, exact = torch.zeros(3, 5, 7), torch.tensor([0.0, 1.0, 0.0])
    noise = noise_over(tokens, exact=exact, repeated=[2, 6], generator=torch.Generator().manual_seed(1))
    assert not noise[1][:, [2, 6]].any()
    assert (noise[1][:, [0, 1, 3, 4, 5]] != 0).all()
    assert (noise[[0, 2]] != 0).all()


def test_numbers_that_every_token_repeats_weigh_less() -> None:
    clean = torch.zeros(1, 4, 3 + WHOLE_NUMBERS)
    first, last = clean.clone(), clean.clone()
    first[..., 0], last[..., -1] = 1.0, 1.0
    counts, time = torch.tensor([4]), torch.tensor([0.5])
    misses = [float(flow_misses(guess, clean, time=time, counts=counts)) for guess in (first, last)]
    assert misses[1] == pytest.approx(0.4 * misses[0])
    late = float(flow_misses(first, clean, time=torch.tensor([0.75]), counts=counts))
    assert late == pytest.approx(4 * misses[0]), "a miss counts as the speed it stands for"


@pytest.mark.parametrize(
    "asked", [{"duration_s": 0.2}, {"wishes": {"roam": 2.0}}, {"wishes": {"brightness_hz": 900.0}}]
)
def test_where_something_is_asked_for_nothing_is_a_further_take(model: BandFlow, asked: dict[str, object]) -> None:
    drawn = [drawn_for(model, replace(Request(seed=seed, class_name="kick"), **asked)) for seed in range(40)]
    assert not any(one.still for one in drawn)


def test_a_decay_that_was_asked_for_is_not_undone_by_the_course(model: BandFlow) -> None:
    tokens = model.tokens_of(model.splitter.split(torch.from_numpy(np.array(hit(class_index=0, seed=3).data))))
    shape = model.shape_of(tokens, frames=RATE // 4)
    assert shape.course is not None
    assert model.traits.fitted(shape, {"decay_ms": 40.0}).course is None
    assert model.traits.fitted(shape, {"brightness_hz": 900.0}).course is shape.course


def test_no_slow_wave_begins_with_a_step() -> None:
    seconds = np.arange(RATE // 4) / RATE
    wave = np.cos(2 * np.pi * 60 * seconds)[None] * np.exp(-20 * seconds)
    made = tidied(wave, peak=0.9, sample_rate_hz=RATE, exact=False)
    assert abs(made[0, 0]) < 1e-6
    assert np.abs(np.diff(made[0, :100])).max() < 0.1
    noise = np.random.default_rng(0).normal(size=(1, RATE // 4)) * np.exp(-20 * seconds)
    noise[0, 3] = 1.0
    assert abs(tidied(noise, peak=0.9, sample_rate_hz=RATE, exact=False)[0, 3]) > 0.05, "what is sharp stays so"


def test_only_what_is_new_altogether_gives_its_noise_to_modes(model: BandFlow, monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[bool]()
    spectra = model.ringer.spectra

    def seen(*shapes: Shape, gathered: bool = False, **words: int) -> torch.Tensor:
        told.append(gathered)
        return spectra(*shapes, gathered=gathered, **words)

    monkeypatch.setattr(model.ringer, "spectra", seen)
    requests = [Request(seed=seed, class_name="kick") for seed in range(8)]
    for request in requests:
        model.generate([request], lenders=NoLenders())
    assert told == [drawn_for(model, request).steady for request in requests]
    assert len(set(told)) == 2


def test_what_is_new_does_not_pump_from_token_to_token(model: BandFlow) -> None:
    one = next(one for seed in range(40) if (one := drawn_for(model, Request(seed=seed, class_name="kick"))).steady)
    one = replace(one, tokens=8, frames=8 * model.token_frames)
    row = torch.randn(1, model.numbers, generator=torch.Generator().manual_seed(3)).expand(8, -1)

    def pumping(envelope: torch.Tensor) -> float:
        """How much of what moves after the third token has the period of a token."""
        every = model.splitter.token_steps
        late = envelope[3 * every : 7 * every].mean(1)
        moved = torch.fft.rfft(late - late.mean()).abs()
        return float(moved[4])

    plain = model.shape_of(row, frames=one.frames)
    assert pumping(shape_drawn(model, row, one).envelope) < 0.2 * pumping(plain.envelope)


def test_what_counts_as_a_beginning_only_until_it_rises_softly_is_cut() -> None:
    seconds = np.arange(RATE) / RATE
    swell = np.random.default_rng(0).normal(size=(1, RATE)) * 0.3 * seconds
    swell[0, 0] = 0.9
    made = tidied(swell, peak=0.9, sample_rate_hz=RATE, exact=False)
    assert first_onset_s(made, RATE) < 0.005


def test_what_has_died_away_is_faded_out_and_no_more() -> None:
    seconds = np.arange(RATE) / RATE
    dying = np.random.default_rng(0).normal(size=(1, RATE)) * np.exp(-7 * seconds)
    made = tidied(dying.copy(), peak=float(np.abs(dying).max()), sample_rate_hz=RATE, exact=False)
    gain_db = 20 * np.log10(np.maximum(np.abs(made / dying)[0], 1e-9))
    assert np.abs(gain_db[100 : round(0.93 * RATE)]).max() < 0.01
    assert gain_db[round(0.97 * RATE)] == pytest.approx(-2.0, abs=0.1)
    assert gain_db[round(0.995 * RATE)] == pytest.approx(-3.7, abs=0.1)
    assert gain_db[-2] < -30.0


def test_what_is_new_has_highs_as_loud_as_those_of_the_sound_it_is_like(model: BandFlow) -> None:
    scales, high = model.tone_scales[-COLOUR_NUMBERS:], torch.from_numpy(colour_points_hz() > 8000)

    def highs_db(wholes: torch.Tensor) -> torch.Tensor:
        power = 10 ** model.colours.unsqueeze(wholes[..., -COLOUR_NUMBERS:] * scales)
        return 10 * torch.log10(power[..., high].sum(-1) / power.sum(-1))

    known = model.neighbourhood.wholes[model.neighbourhood.classes == model.class_row("kick")]
    mixed = (known[:, None] + known[None]).flatten(0, 1) / 2  # colours in between
    like = known[int(highs_db(known).argsort()[len(known) // 4])]
    held = coloured_as_known(model, mixed, known, like)
    before, after = ((highs_db(wholes) - highs_db(like)).abs().median() for wholes in (mixed, held))
    assert float(before) > 1.0
    assert float(after) < 0.3 * float(before)


def test_what_is_made_begins_with_no_step_either(model: BandFlow, pool: Pool) -> None:
    for one in model.generate([Request(seed=seed, class_name="kick") for seed in range(12)], lenders=pool):
        data = one.sound.data
        changes = np.abs(np.diff(data[:, : round(0.01 * RATE)], axis=-1))
        assert changes[:, : round(0.0005 * RATE)].max() <= 5.1 * np.quantile(changes, 0.9)


def test_further_takes_count_their_own_turns(model: BandFlow) -> None:
    """So those of seeds side by side begin all over the class, whichever seeds are takes."""
    for seed in range(1000, 1040):
        one = drawn_for(model, Request(seed=seed, class_name="kick"))
        inside, turn = turn_of(seed, share=model.config.close)
        assert one.still is inside
        if inside:
            kick, weights = CLASSES.index("kick"), heard_weights(model)
            meant = model.neighbourhood.draw(kick, seed=seed, turn=turn, still=True, weights=weights)
            assert meant is not None
            assert one.place is not None
            assert torch.equal(one.place, meant.numbers)


def test_takes_are_drawn_in_two_steps_and_new_sounds_in_three_unless_something_or_a_number_is_asked_for(
    model: BandFlow,
) -> None:
    drawn = [drawn_for(model, Request(seed=seed, class_name="kick")) for seed in range(20)]
    takes, new = ([one for one in drawn if one.still is still] for still in (True, False))
    wished = [drawn_for(model, Request(seed=1, class_name="kick", duration_s=0.2))]
    for usual in (1, 2, 5):
        other = BandFlow(model.config.model_copy(update={"steps": usual}), model.spec)
        for rows, enough in ((takes, 2), (new, 3), (wished, usual)):
            assert len(times_for(other, rows, steps=None)) == min(usual, enough) + 1
            assert len(times_for(other, rows, steps=7)) == 7 + 1
    student = model.student(steps=4)
    assert len(times_for(student, new, steps=None)) == 4 + 1, "its ways are straight where its own solver looks"


def test_a_sound_of_which_something_is_asked_is_as_alone_beside_new_ones(model: BandFlow) -> None:
    requests = [Request(seed=3, class_name="kick"), Request(seed=4, class_name="kick", duration_s=0.2)]
    steady = BandFlow(model.config.model_copy(update={"close": 0.0, "steps": 5}), model.spec, seed=1)
    steady.load_state_dict(model.state_dict())
    beside = steady.generate(requests, lenders=NoLenders())
    for request, made in zip(requests, beside, strict=True):
        alone = steady.generate([request], lenders=NoLenders())[0]
        assert np.array_equal(alone.sound.data, made.sound.data)


def test_new_sounds_glide_as_a_known_one_of_their_class(model: BandFlow) -> None:
    kicks = model.neighbourhood.wholes[model.neighbourhood.classes == CLASSES.index("kick")][:, GLIDE_PLACES]
    repeated = model.neighbourhood.repeated
    for request in (Request(seed=3, class_name="kick"), Request(seed=3, class_name="kick", wishes={"pitch_hz": 60.0})):
        one = drawn_for(model, request)
        assert one.glide is not None
        assert bool((kicks == one.glide).all(dim=1).any())
        put = with_wholes(torch.zeros(1, 4, model.numbers), [one], repeated=repeated)
        assert bool((put[0][:, repeated[GLIDE_PLACES]] == one.glide).all())


def test_a_token_is_rows_of_whole_16_bytes() -> None:
    family = BandFlow(BandFlow.PRESETS["laptop"], DataSpec(RATE, 2, CLASSES))
    assert family.numbers % 4 == 0, "or sounds depend on what they are made with"


def test_the_colour_holds_though_a_beginning_is_sharp(model: BandFlow) -> None:
    """Highs that a strike is turned up by count in the colour, which comes after it, too."""
    sound = hit(class_index=1, seed=3)
    tokens = model.tokens_of(model.splitter.split(torch.from_numpy(np.array(sound.data))))
    shape = model.shape_of(tokens, frames=sound.frames)
    assert shape.attack is not None
    assert shape.colour is not None
    spread = model.attacks.variances.sqrt()
    sharp = replace(shape, attack=shape.attack + 2.5 * spread)
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, sound.frames))
    plain = np.array(sound.data) + noise.astype(np.float32)
    decoder = Decoder(model, model.index(NoLenders()), NoLenders())

    def off(made: np.ndarray) -> float:
        own = model.colours.squeeze(colour_of(made, sample_rate_hz=RATE))
        return float((model.colours.unsqueeze(own) - model.colours.unsqueeze(shape.colour)).norm())  # pyright: ignore[reportArgumentType]

    begun_last = replace(sharp, attack=None, course=None)
    once = attacked(
        decoder.levelled(plain, begun_last),
        basis=model.attacks,
        numbers=shape.attack + 2.5 * spread,
        sample_rate_hz=RATE,
    )
    assert off(decoder.levelled(plain, sharp)) < 0.6 * off(once)


def test_highs_are_not_those_of_a_step_that_is_taken_out_in_the_end(model: BandFlow) -> None:
    sound = hit(class_index=0, seed=3)
    tokens = model.tokens_of(model.splitter.split(torch.from_numpy(np.array(sound.data))))
    shape = model.shape_of(tokens, frames=sound.frames)
    assert shape.colour is not None
    shape = replace(shape, attack=torch.zeros_like(shape.attack))  # pyright: ignore[reportArgumentType]
    seconds = np.arange(sound.frames) / RATE
    begun_at_once = np.tile(np.cos(2 * np.pi * 60 * seconds) * np.exp(-seconds / 0.1), (2, 1)).astype(np.float32)
    decoder = Decoder(model, model.index(NoLenders()), NoLenders())
    levelled = decoder.levelled(begun_at_once, shape, steady=True)
    made = tidied(levelled, peak=0.5, sample_rate_hz=RATE, exact=True)
    high = torch.from_numpy(colour_points_hz() > 8000)

    def highs_db(audio: np.ndarray) -> float:
        return 10.0 * float(torch.log10((10.0 ** colour_of(audio, sample_rate_hz=RATE))[high].sum()))

    assert highs_db(made) > highs_db(levelled) - 3.0


def test_a_colour_beyond_all_known_ones_is_brought_back_to_them(model: BandFlow) -> None:
    known = model.neighbourhood.wholes[model.neighbourhood.classes == 0]
    scales = model.tone_scales[-COLOUR_NUMBERS:]

    def points(wholes: torch.Tensor) -> torch.Tensor:
        return model.colours.unsqueeze(wholes[..., -COLOUR_NUMBERS:] * scales)

    low, high = points(known).amin(0), points(known).amax(0)

    def miss(whole: torch.Tensor) -> float:
        return float(torch.maximum(points(whole) - high, low - points(whole)).clamp(min=0).max())

    beyond = known.mean(0) + 3 * (known[0] - known[1])
    held, inside = coloured_as_known(model, torch.stack([beyond, known[2]]), known, known[2])
    assert torch.equal(held[:-COLOUR_NUMBERS], beyond[:-COLOUR_NUMBERS])
    assert miss(held) < 0.5 * miss(beyond)
    assert torch.allclose(points(inside), points(known[2]), atol=1e-3)


def test_takes_have_the_lines_of_their_sound_and_what_is_new_those_of_one_moved(model: BandFlow) -> None:
    known = {int(name): lines for name, lines in zip(model.neighbourhood.names, model.neighbourhood.lines, strict=True)}
    moved = []
    for seed in range(40):
        drawn, again = (drawn_for(model, Request(seed=seed, class_name="kick")) for _ in range(2))
        assert drawn.lines is not None
        assert again.lines is not None
        assert torch.equal(drawn.lines, again.lines)
        if drawn.still:
            assert torch.equal(drawn.lines, known[drawn.name].float())
            continue
        steps = np.arange(-6.0, 6.1, 0.25)  # points, four to a semitone
        misses = [
            [float((retuned_lines(lines.float(), semitones=step / 4) - drawn.lines).abs().mean()) for step in steps]
            for name, lines in known.items()
            if name
        ]
        row, column = np.unravel_index(int(np.argmin(misses)), (len(misses), len(steps)))
        moved.append(steps[column] / 4)
        assert misses[row][column] < 0.1
    assert min(moved) < 0 < max(moved)
    assert all(0.2 <= abs(semitones) <= 1.55 for semitones in moved)


def test_the_bands_of_what_is_new_run_as_those_of_known_sounds(model: BandFlow) -> None:
    known = model.neighbourhood.bands[model.neighbourhood.classes == model.class_row("kick")].float()
    courses = model.band_courses

    def nearest(envelope: torch.Tensor) -> float:
        own = courses.of(envelope)
        own, theirs = (one - one.mean(dim=-1, keepdim=True) for one in (own, known))
        return float((theirs - own).square().mean(dim=(1, 2)).min())

    nearer, asked = 0, [drawn_for(model, Request(seed=seed, class_name="kick")) for seed in range(24)]
    new = [one for one in asked if one.steady]
    rows = torch.randn(len(new), model.splitter.most_tokens, model.numbers, generator=torch.Generator().manual_seed(5))
    for row, one in zip(rows, new, strict=True):
        drawn = model.shape_of(row[: one.tokens], frames=one.frames)
        nearer += nearest(shape_drawn(model, row, one).envelope) < nearest(drawn.envelope)
    assert nearer > 0.8 * len(new)


def test_new_sounds_are_as_bright_as_known_ones_of_their_class_however_far(model: BandFlow) -> None:
    high = torch.from_numpy(colour_points_hz() > 8000)
    scales, places = model.tone_scales[-COLOUR_NUMBERS:], model.neighbourhood

    def odds(wholes: torch.Tensor) -> torch.Tensor:
        power = 10.0 ** model.colours.unsqueeze(wholes[:, -COLOUR_NUMBERS:] * scales)
        return 10 * torch.log10(power[:, high].sum(-1) / power[:, ~high].sum(-1))

    for class_index, name in enumerate(CLASSES):
        known = odds(places.wholes[places.classes == class_index])
        asked = [drawn_for(model, Request(seed=seed, class_name=name)) for seed in range(24)]
        new = odds(torch.stack([one.whole for one in asked if one.steady and one.whole is not None]))
        apart = (new[:, None] - known[None]).abs().min(dim=1).values
        assert float(apart.max()) < 0.5, "each as one of them, in dB"


def test_how_unlike_two_sounds_are_is_told_by_beginning_course_colour_and_lowest_partial(model: BandFlow) -> None:
    weights = heard_weights(model)
    assert len(weights) == len(model.neighbourhood.repeated)
    shape = model.shape_of(torch.randn(3, model.numbers), frames=3 * model.token_frames)
    assert shape.partials is not None
    assert shape.attack is not None
    whole = model.tokens_of_shape(shape)[0, list(model.neighbourhood.repeated)]
    for other in (replace(shape, attack=shape.attack + 1.0), replace(shape, lean=shape.lean + 1.0)):
        changed = model.tokens_of_shape(other)[0, list(model.neighbourhood.repeated)] - whole
        told = float((changed * weights).abs().sum())
        assert (told > 1.0) == (other.lean == shape.lean), "what begins otherwise is heard, what leans is not"
    tuned = replace(shape, partials=shape.partials.transposed(12.0))
    changed = model.tokens_of_shape(tuned)[0, list(model.neighbourhood.repeated)] - whole
    assert float((changed * weights).abs().sum()) > 0.1


def test_metal_comes_through_tokens(model: BandFlow) -> None:
    metal = torch.tensor([0.9, 0.1, 0.0, 1.0])
    split = model.splitter.split(torch.from_numpy(np.array(hit(class_index=0, seed=3).data)))
    shape = replace(model.shape_of(model.tokens_of(split), frames=split.frames), metal=metal)
    again = model.shape_of(model.tokens_of_shape(shape), frames=split.frames)
    assert again.metal is not None
    assert torch.allclose(again.metal, metal, atol=1e-4)


def test_what_rings_in_a_sound_is_looked_for_once_in_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = [hit(class_index=1, seed=seed) for seed in range(3)]
    examples = [Example(sound, 0, sound.content_id) for sound in sounds]
    anew = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, ("kick",)), seed=1)
    anew.fit(examples, seed=1)
    anew.rung.clear()
    expected = anew.encode(examples, seed=1, augment=False).tensors
    looked: list[int] = []

    def counted(model: BandFlow, split: Split) -> Partials:
        looked.append(split.frames)
        return partials_heard(model, split)

    for module in ("_band_flow_fitting", "_band_flow_hearing", "band_flow"):
        monkeypatch.setattr(f"woodshed.families.generators.{module}.partials_heard", counted)
    model = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 2, ("kick",)), seed=1)
    model.fit(examples, seed=1)
    found = model.encode(examples, seed=1, augment=False).tensors
    assert len(looked) == len(examples)
    assert not model.rung
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
