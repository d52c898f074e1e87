"""What families that can edit sounds promise, for every line of the table."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract.sounds import RATE, made_sound
from tests.contract.test_families import NAMES, fitted, odd_sounds
from woodshed.base.errors import RateMismatch, UnknownName, UnusableSound, UsageError
from woodshed.roles import BlendsMany, Combines, Fills, NoLenders, Trainable
from woodshed.sound import Sound

NOBODY = NoLenders()
HEARD = [name for name in odd_sounds(1) if name != "silent"]


@pytest.fixture(scope="module", params=[(name, channels) for name in NAMES for channels in (1, 2)], ids=str)
def model(request: pytest.FixtureRequest) -> Trainable:
    return fitted(request.param[0], channels=request.param[1])[0]


def filling(model: Trainable) -> Fills:
    return model if isinstance(model, Fills) else pytest.skip(f"{model.family} fills nothing")


def blending(model: Trainable) -> BlendsMany:
    return model if isinstance(model, BlendsMany) else pytest.skip(f"{model.family} does not blend many")


def combining(model: Trainable) -> Combines:
    return model if isinstance(model, Combines) else pytest.skip(f"{model.family} does not combine")


def with_length(sound: Sound, frames: int) -> Sound:
    return Sound(np.pad(sound.data, ((0, 0), (0, frames - sound.frames))), sound.sample_rate_hz)


# -- filling


@pytest.mark.parametrize("which", HEARD)
def test_fill_leaves_every_frame_outside_its_regions(model: Trainable, which: str) -> None:
    source = odd_sounds(3 - model.spec.channels)[which]  # of another channel count than the model's own
    third = max(1, source.frames // 3)
    made = filling(model).fill(source, regions=[(source.frames - third, source.frames)], seed=1, lenders=NOBODY).sound
    assert made.data.shape == source.data.shape
    assert np.isfinite(made.data).all()
    assert np.array_equal(made.data[:, : source.frames - third], source.data[:, : source.frames - third])


def test_fill_draws_several_regions_by_its_seed_and_does_not_hear_what_they_hold(model: Trainable) -> None:
    source, regions = made_sound(class_index=1, seed=4, seconds=0.5), [(2000, 5000), (9000, 12000)]
    one, again, other = (filling(model).fill(source, regions=regions, seed=s, lenders=NOBODY).sound for s in (1, 1, 2))
    assert np.array_equal(one.data, again.data)
    assert not np.array_equal(one.data, other.data)
    kept = np.ones(source.frames, dtype=bool)
    for start, stop in regions:
        kept[start:stop] = False
        assert not np.array_equal(one.data[:, start:stop], source.data[:, start:stop])
    assert np.array_equal(one.data[:, kept], source.data[:, kept])
    empty = source.data.copy()
    empty[:, ~kept] = 0.0
    blind = filling(model).fill(Sound(empty, RATE), regions=regions, seed=1, lenders=NOBODY).sound
    assert np.corrcoef(blind.data[0, ~kept], one.data[0, ~kept])[0, 1] > 0.8


def test_a_tone_rings_on_through_a_region(model: Trainable) -> None:
    time = np.arange(RATE // 2) / RATE
    tone = Sound((np.sin(2 * np.pi * 220 * time) * 0.5 * np.exp(-4 * time)).astype(np.float32), RATE)
    made = filling(model).fill(tone, regions=[(8000, 10000)], seed=1, lenders=NOBODY).sound
    assert np.corrcoef(made.data[0, 8000:10000], tone.data[0, 8000:10000])[0, 1] > 0.7
    steps = np.abs(np.diff(made.data[0]))
    assert steps[7990:8010].max() <= 2 * np.abs(np.diff(tone.data[0])).max(), "no click at the seam"


def test_fill_of_a_band_leaves_what_lies_beside_it(model: Trainable) -> None:
    source = made_sound(class_index=0, seed=2, seconds=0.5)
    made = filling(model).fill(source, regions=[(4000, 16000)], band_hz=(2000.0, 6000.0), seed=1, lenders=NOBODY).sound
    assert np.array_equal(made.data[:, :4000], source.data[:, :4000])
    assert np.array_equal(made.data[:, 16000:], source.data[:, 16000:])
    hz = np.fft.rfftfreq(source.frames, 1 / RATE)
    change, whole = (np.abs(np.fft.rfft(x)) ** 2 for x in (made.data[0] - source.data[0], source.data[0]))
    assert change[(hz > 2200) & (hz < 5400)].sum() > 0.01 * whole[(hz > 2200) & (hz < 5400)].sum()
    beside = (hz < 1700) | (hz > 7000)
    assert change[beside].sum() < 1e-6 * whole[beside].sum()


def test_a_sound_longer_than_the_window_is_drawn_in_windows(model: Trainable) -> None:
    source = made_sound(class_index=1, seed=9, seconds=0.3)
    longer = with_length(source, 3 * RATE)
    made = filling(model).fill(longer, regions=[(source.frames, longer.frames)], seed=1, lenders=NOBODY).sound
    assert made.frames == 3 * RATE
    assert np.array_equal(made.data[:, : source.frames], source.data)
    assert np.isfinite(made.data).all()


def test_fill_refuses_what_it_cannot_do(model: Trainable) -> None:
    tone = made_sound(class_index=1, seed=3)
    fill = filling(model).fill
    for regions in ([], [(5, 5)], [(-1, 5)], [(0, tone.frames + 1)]):
        with pytest.raises(UsageError):
            fill(tone, regions=regions, seed=0, lenders=NOBODY)
    with pytest.raises(UsageError, match="no band"):
        fill(tone, regions=[(0, 9)], band_hz=(900.0, 300.0), seed=0, lenders=NOBODY)
    with pytest.raises(RateMismatch, match="22050 Hz where 44100 Hz"):
        fill(made_sound(class_index=1, seed=3, rate=22050), regions=[(0, 9)], seed=0, lenders=NOBODY)
    with pytest.raises(UnknownName, match="near: tone"):
        fill(tone, regions=[(0, 9)], class_name="tune", seed=0, lenders=NOBODY)
    refuses_odd_sounds(lambda sound: fill(sound, regions=[(0, 9)], seed=0, lenders=NOBODY))


# -- blending many


def test_blend_of_many_gives_each_sound_back_alone(model: Trainable) -> None:
    sounds = [made_sound(class_index=i % 2, seed=i, seconds=0.2 + 0.05 * i) for i in range(3)]
    longest = max(sound.frames for sound in sounds)
    for number, sound in enumerate(sounds):
        weights = [0.0, 0.0, 0.0]
        weights[number] = 2.0
        made = blending(model).blend_many(sounds, weights=weights, seed=0, lenders=NOBODY).sound
        assert np.array_equal(made.data, with_length(sound, longest).data)


@pytest.mark.parametrize("way", ["even", "noise"])
def test_blend_of_many_lies_between(model: Trainable, way: str) -> None:
    sounds = [made_sound(class_index=i % 2, seed=i, seconds=0.3) for i in range(3)]
    one, again = (
        blending(model).blend_many(sounds, weights=[1, 2, 1], seed=3, lenders=NOBODY, way=way).sound for _ in range(2)
    )
    assert np.array_equal(one.data, again.data)
    energies = [float(np.sum(sound.data**2)) for sound in sounds]
    assert min(energies) / 1.1 <= float(np.sum(one.data**2)) <= max(energies) * 1.1
    for sound in sounds:
        assert not np.allclose(one.data, sound.data, atol=1e-3)


def test_blend_along_attributes_takes_each_from_whom_it_was_asked(model: Trainable) -> None:
    time = np.arange(RATE // 2) / RATE
    low = Sound((0.6 * np.sin(2 * np.pi * 200 * time) * np.exp(-9 * time)).astype(np.float32), RATE)
    high = made_sound(class_index=0, seed=8, seconds=0.25).scaled(0.05)
    pair, blend = (low, high), blending(model).blend_many
    level = blend(pair, weights=[1, 1], apart={"level": [0, 1]}, seed=0, lenders=NOBODY).sound
    assert float(np.sum(level.data**2)) == pytest.approx(float(np.sum(high.data**2)), rel=0.3)
    fine = blend(pair, weights=[1, 0], apart={"fine": [0, 1]}, seed=0, lenders=NOBODY).sound
    assert tonality(fine, share=5e-4) < 0.6 * tonality(low, share=5e-4), "noise under the envelope of a tone"
    short, long = (
        sounding_s(blend(pair, weights=[1, 1], apart={"length": share}, seed=0, lenders=NOBODY).sound)
        for share in ([0, 1], [1, 0])
    )
    assert short < long


def test_blend_refuses_weights_that_do_not_fit(model: Trainable) -> None:
    pair = [made_sound(class_index=i, seed=i) for i in range(2)]
    blend = blending(model).blend_many
    for weights in ([1.0], [0.0, 0.0], [1.0, -1.0], [np.nan, 1.0]):
        with pytest.raises(UsageError, match="weights"):
            blend(pair, weights=weights, seed=0, lenders=NOBODY)
    with pytest.raises(UnknownName, match="near: fine"):
        blend(pair, weights=[1, 1], apart={"fin": [1, 0]}, seed=0, lenders=NOBODY)
    with pytest.raises(UnknownName, match="way"):
        blend(pair, weights=[1, 1], way="odd", seed=0, lenders=NOBODY)
    refuses_odd_sounds(lambda sound: blend([pair[0], sound], weights=[1, 1], seed=0, lenders=NOBODY))


@pytest.mark.parametrize("which", ["one frame", "tiny", "odd"])
def test_odd_lengths_blend_and_combine(model: Trainable, which: str) -> None:
    sounds = [made_sound(class_index=0, seed=1, channels=2), odd_sounds(1)[which]]
    frames = max(sound.frames for sound in sounds)
    for way in ("even", "noise")[: 2 if which == "tiny" else 1]:
        made = blending(model).blend_many(sounds, weights=[1, 1], way=way, seed=0, lenders=NOBODY).sound
        assert made.data.shape == (2, frames)
        assert np.isfinite(made.data).all()
    made = combining(model).combine([*sounds, sounds[1]], weights=[1, -1, 1], fine=1, seed=0, lenders=NOBODY).sound
    assert made.channels == 2
    assert np.isfinite(made.data).all()


# -- sums


def test_what_is_added_and_taken_away_again_changes_little(model: Trainable) -> None:
    tone, noise = made_sound(class_index=1, seed=1, seconds=0.3), made_sound(class_index=0, seed=2, seconds=0.3)
    made = combining(model).combine([noise, noise, tone], weights=[1, -1, 1], fine=2, seed=0, lenders=NOBODY).sound
    again = combining(model).combine([noise, noise, tone], weights=[1, -1, 1], fine=2, seed=0, lenders=NOBODY).sound
    assert np.array_equal(made.data, again.data)
    assert tonality(made) > 2 * tonality(noise), "it is the tone that is left"


def test_sums_stay_plausible_whatever_the_weights(model: Trainable) -> None:
    sounds = [made_sound(class_index=i % 2, seed=i, seconds=0.3) for i in range(3)]
    for weights in ([5.0, -9.0, 5.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]):
        made = combining(model).combine(sounds, weights=weights, fine=0, seed=0, lenders=NOBODY).sound
        assert np.isfinite(made.data).all()
        assert 0.0 < made.peak <= max(1.0, *(sound.peak for sound in sounds)) + 1e-6
        assert made.frames <= max(sound.frames for sound in sounds)


def test_combine_refuses_what_does_not_fit(model: Trainable) -> None:
    sounds = [made_sound(class_index=i, seed=i) for i in range(2)]
    combine = combining(model).combine
    with pytest.raises(UsageError, match="weights"):
        combine(sounds, weights=[1.0], fine=0, seed=0, lenders=NOBODY)
    with pytest.raises(UsageError, match="no sound 3"):
        combine(sounds, weights=[1.0, 1.0], fine=2, seed=0, lenders=NOBODY)
    refuses_odd_sounds(lambda sound: combine([sounds[0], sound], weights=[1, 1], fine=0, seed=0, lenders=NOBODY))


def refuses_odd_sounds(call: object) -> None:
    assert callable(call)
    tone = made_sound(class_index=1, seed=3)
    broken = tone.data.copy()
    broken[0, 7] = np.nan
    with pytest.raises(UnusableSound, match="silent"):
        call(odd_sounds(1)["silent"])
    with pytest.raises(UnusableSound, match="not numbers"):
        call(Sound(broken, RATE))
    with pytest.raises(UsageError, match="3 channels"):
        call(Sound(np.repeat(tone.data, 3, axis=0), RATE))


def tonality(sound: Sound, *, share: float = 0.01) -> float:
    """How much of the energy lies in the strongest share of the spectrum."""
    power = np.sort(np.abs(np.fft.rfft(sound.mono().data[0])) ** 2)[::-1]
    return float(power[: max(1, round(len(power) * share))].sum() / power.sum())


def sounding_s(sound: Sound) -> float:
    loud = np.flatnonzero(np.abs(sound.data).max(axis=0) > 1e-3 * sound.peak)
    return (loud[-1] + 1) / sound.sample_rate_hz
