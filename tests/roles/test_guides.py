"""What each guide calls near and far, that its gradient is true, and that its numbers hold no audio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.contract.sounds import made_sound
from woodshed.base.errors import KnobOutOfRange, UsageError
from woodshed.roles import Guide, Schedule
from woodshed.roles.guide_targets import groove_of, loudness_of, picture_of, spectrum_of
from woodshed.roles.guides import Brightness, Decay, Loudness, Rises, Spectrum, Unlike
from woodshed.sound import Sound

RATE = 44100
NOISE, TONE = (made_sound(class_index=i, seed=4, channels=2, seconds=0.4) for i in (0, 1))


def hits(times: tuple[float, ...], *, seed: int, seconds: float = 0.6) -> Sound:
    rng = np.random.default_rng(seed)
    data = np.zeros((1, round(seconds * RATE)), np.float32)
    for time in times:
        start = round(time * RATE)
        length = min(4000, data.shape[1] - start)
        data[0, start : start + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / 900)
    return Sound(data * 0.3, RATE)


def loss(guide: Guide, sound: Sound) -> float:
    return float(guide.loss(torch.from_numpy(np.array(sound.data))[None], sample_rate_hz=sound.sample_rate_hz))


@pytest.mark.parametrize("rate", [22050, 48000])
def test_a_target_is_met_by_its_own_sound_at_any_rate_and_level(rate: int) -> None:
    other = NOISE.resampled(rate).scaled(0.2)
    for guide in (
        Spectrum(curve=spectrum_of(NOISE)),
        Loudness(points=loudness_of(NOISE)),
        Rises(points=groove_of(NOISE)),
    ):
        assert loss(guide, NOISE) < 0.01
        assert loss(guide, other) < max(0.02, 0.2 * loss(guide, TONE)) or guide.told().startswith("spectrum")
        assert loss(guide, TONE) > loss(guide, NOISE)
    spectrum = Spectrum(curve=tuple(p for p in spectrum_of(NOISE) if p[0] < 9000))
    assert loss(spectrum, other) < 0.1 * loss(spectrum, TONE)


def test_unlike_is_content_far_away() -> None:
    guide = Unlike(picture=picture_of(NOISE), distance_db=12.0)
    assert loss(guide, NOISE) > 0.95
    assert loss(guide, NOISE.scaled(0.1)) > 0.9
    assert loss(guide, TONE) < 0.2


def test_onsets_on_the_grid_are_nearer_than_others() -> None:
    guide = Rises.at([0.0, 0.2, 0.35])
    there = loss(guide, hits((0.0, 0.2, 0.35), seed=1))
    assert there < 0.6 * loss(guide, hits((0.0, 0.1, 0.3), seed=1))
    assert there < 0.8 * loss(guide, hits((0.0,), seed=1))
    assert there < 0.8 * loss(guide, hits((0.0, 0.1, 0.2, 0.275, 0.35), seed=1))
    assert guide.span_s == pytest.approx(0.55)


def test_brightness_and_decay_are_least_at_their_targets() -> None:
    noise = np.random.default_rng(1).standard_normal((1, RATE))
    time = np.arange(RATE) / RATE
    by_decay = [Sound((noise * 10 ** (-time / ms * 1000)).astype(np.float32), RATE) for ms in (50, 100, 200, 400)]
    losses = [loss(Decay(ms=200), sound) for sound in by_decay]
    assert int(np.argmin(losses)) == 2
    assert losses[2] < 0.1
    tones = [Sound(np.sin(2 * np.pi * hz * time)[None].astype(np.float32), RATE) for hz in (500, 1000, 2000)]
    assert [loss(Brightness(hz=1000), tone) for tone in tones] == pytest.approx([1, 0, 1], abs=0.01)


@pytest.mark.parametrize(
    "guide",
    [
        Spectrum(curve=spectrum_of(TONE)),
        Loudness(points=loudness_of(TONE)),
        Rises(points=groove_of(TONE)),
        Unlike(picture=picture_of(TONE), distance_db=60),
        Brightness(hz=500),
        Decay(ms=150),
    ],
    ids=lambda guide: type(guide).__name__,
)
def test_gradients_equal_finite_differences(guide: Guide) -> None:
    audio = torch.from_numpy(np.array(NOISE.data)).double()[None, :, :6000].requires_grad_()
    (gradient,) = torch.autograd.grad(guide.loss(audio, sample_rate_hz=RATE).sum(), audio)
    along = torch.from_numpy(np.random.default_rng(2).standard_normal(audio.shape)) * audio.detach().abs().max()

    def at(step: float) -> Tensor:
        with torch.no_grad():
            return guide.loss(audio + step * along, sample_rate_hz=RATE).sum()

    assert float((gradient * along).sum()) == pytest.approx(float((at(1e-6) - at(-1e-6)) / 2e-6), rel=5e-3, abs=1e-5)


def test_a_decay_falls_through_clearly_and_stays_down() -> None:
    """Hovering at the threshold, or sounding on long after it, is no decay."""
    place = np.arange(RATE) / RATE / 0.1  # in decays of 100 ms
    noise = np.random.default_rng(3).standard_normal((1, RATE))
    falls = {
        "clear": -20 * place,
        "hovering": np.maximum(-20 * place, -21),
        "again": np.where((place > 6) & (place < 8), -8, -20 * place),
    }
    found = {name: loss(Decay(ms=100), Sound(noise * 10 ** (fall / 20), RATE)) for name, fall in falls.items()}
    assert found["clear"] < 0.03
    assert found["hovering"] > found["clear"] + 0.05
    assert found["again"] > found["clear"] + 0.2


def test_what_leads_away_pulls_only_where_that_is_asked_for() -> None:
    guide = Unlike(picture=picture_of(TONE))
    assert guide.away
    assert not Brightness(hz=500).away
    assert not guide.schedule.pulls
    assert [guide.schedule.strength(time) for time in (0.0, 0.2, 0.8)] == [0, 0, 0]
    asked = replace(guide, schedule=Schedule(stop=0.45))
    assert asked.schedule.pulls
    assert [asked.schedule.strength(time) for time in (0.0, 0.2, 0.8)] == [1, 1, 0]


def test_what_does_not_lead_away_and_never_pulls_is_refused() -> None:
    with pytest.raises(KnobOutOfRange, match="never pull"):
        Brightness(hz=500, schedule=Schedule(start=0.3, stop=0.3))


def test_schedules_pull_when_they_say() -> None:
    assert [Schedule(start=0.2, stop=0.8).strength(t) for t in (0.1, 0.5, 0.9)] == [0, 1, 0]
    assert Schedule(curve="falling").strength(0.25) == 0.75
    with pytest.raises(KnobOutOfRange, match=r"from 0.8 to 0.2.*Way out"):
        Schedule(start=0.8, stop=0.2)


def test_weights_have_stops() -> None:
    with pytest.raises(KnobOutOfRange, match="weight of a guide is 11"):
        Brightness(hz=1000, weight=11)


def test_a_curve_that_says_nothing_is_named() -> None:
    with pytest.raises(UsageError, match=r"from 1 to 2 Hz says nothing"):
        loss(Spectrum(curve=((1.0, 0.0), (2.0, 0.0))), NOISE)
