import math

import numpy as np
import pytest
import torch
from torch import Tensor

from woodshed.nn import BAND_COURSE_BANDS, BAND_COURSE_POINTS, NO_HISS, BandCourses, EnvelopeSplitter, Shape

RATE = 44100
DECIBEL = 10.0 / math.log(10.0)


def splitter_of(rate_hz: int = RATE) -> EnvelopeSplitter:
    return EnvelopeSplitter(sample_rate_hz=rate_hz, bands=40, token_steps=8, stereo=False, max_duration_s=3.0)


def hit(*, low_s: float, high_s: float, seconds: float = 0.5, rate_hz: int = RATE, seed: int = 0) -> Tensor:
    """A sine of 60 Hz under hiss above 6 kHz, each dying by a factor of e in so many seconds, ``(1, frames)``."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    hiss = np.fft.rfft(np.random.default_rng(seed).normal(size=len(time_s)))
    hiss[: round(6500 * len(time_s) / rate_hz)] = 0.0
    high = np.fft.irfft(hiss, len(time_s)) * np.exp(-time_s / high_s)
    low = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / low_s)
    return torch.from_numpy(low + 0.3 * high).float()[None]


def shape_of(splitter: EnvelopeSplitter, sound: Tensor, *, hiss: float = NO_HISS) -> Shape:
    split = splitter.split(sound)
    return Shape(split.envelope, split.width, hiss=hiss)


def fall_db(courses: BandCourses, envelope: Tensor, band: int, *, at_s: float) -> float:
    """How far a band has fallen after so many seconds, from 20 ms on."""
    points = courses.of(envelope)[band].numpy()
    seconds = np.concatenate([[0.0], np.geomspace(0.006, 3.0, BAND_COURSE_POINTS - 1)])
    early, late = np.interp([0.02, at_s], seconds, points)
    return float(early - late) * DECIBEL


@pytest.mark.parametrize("rate_hz", [RATE, 48000])
def test_each_band_is_told_by_itself_alike_at_any_rate(rate_hz: int) -> None:
    splitter = splitter_of(rate_hz)
    courses = BandCourses(splitter)
    envelope = splitter.split(hit(low_s=0.2, high_s=0.03, rate_hz=rate_hz)).envelope
    assert courses.of(envelope).shape == (BAND_COURSE_BANDS, BAND_COURSE_POINTS)
    assert fall_db(courses, envelope, 0, at_s=0.12) == pytest.approx(0.1 / 0.2 * 8.69, abs=2.0)
    assert fall_db(courses, envelope, 5, at_s=0.12) == pytest.approx(0.1 / 0.03 * 8.69, abs=4.0)


def test_highs_that_never_die_die_as_those_of_a_known_sound_and_the_lows_stay() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    drawn = shape_of(splitter, hit(low_s=0.2, high_s=5.0))
    known = courses.of(splitter.split(hit(low_s=0.2, high_s=0.04, seed=1)).envelope)
    brought = courses.brought(drawn, main=known, highs=known)
    assert fall_db(courses, drawn.envelope, 5, at_s=0.15) < 3.0
    asked = 0.13 / 0.04 * 8.69
    assert fall_db(courses, brought.envelope, 5, at_s=0.15) == pytest.approx(asked, abs=5.0)
    lows = (brought.envelope - drawn.envelope)[:, :2].abs() * DECIBEL
    assert float(lows[:40].max()) < 1.5


def test_a_shape_that_runs_so_already_stays_as_it_is() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    drawn = shape_of(splitter, hit(low_s=0.2, high_s=0.05))
    own = courses.of(drawn.envelope)
    assert torch.allclose(courses.brought(drawn, main=own, highs=own).envelope, drawn.envelope, atol=1e-3)


def test_highs_are_those_of_the_other_only_where_the_first_has_next_to_none() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    drawn = shape_of(splitter, hit(low_s=0.2, high_s=5.0))
    short, longer = (splitter.split(hit(low_s=0.2, high_s=high_s)).envelope for high_s in (0.04, 0.1))
    room = splitter.split(hit(low_s=0.2, high_s=5.0)).envelope.clone()
    room[:, -12:] -= 8.0  # a hum with a faint, steady room
    for main, wanted in ((room, short), (longer, longer)):
        brought = courses.brought(drawn, main=courses.of(main), highs=courses.of(short))
        asked = fall_db(courses, wanted, 5, at_s=0.15)
        assert fall_db(courses, brought.envelope, 5, at_s=0.15) == pytest.approx(asked, abs=5.0)


def test_hiss_becomes_part_of_what_runs() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    drawn = shape_of(splitter, hit(low_s=0.2, high_s=0.04), hiss=-9.0)
    known = courses.of(splitter.split(hit(low_s=0.2, high_s=0.04, seed=1)).envelope)
    brought = courses.brought(drawn, main=known, highs=known)
    assert brought.hiss == NO_HISS
    assert float(brought.envelope[-5:, -3:].max()) < -14.0, "a floor of hiss dies with the highs"


def test_what_is_silent_or_of_which_nothing_is_known_stays_as_it_is() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    silent = Shape(torch.full((80, 40), splitter.floor), torch.zeros(80, 1))
    nothing = torch.full((BAND_COURSE_BANDS, BAND_COURSE_POINTS), splitter.floor + math.log(3.0))
    some = courses.of(splitter.split(hit(low_s=0.2, high_s=0.04)).envelope)
    assert torch.equal(courses.brought(silent, main=some, highs=some).envelope, silent.envelope)
    drawn = shape_of(splitter, hit(low_s=0.2, high_s=0.04))
    assert torch.allclose(courses.brought(drawn, main=nothing, highs=nothing).envelope, drawn.envelope)


def test_shapes_shorter_than_a_token_are_brought_too() -> None:
    splitter = splitter_of()
    courses = BandCourses(splitter)
    known = courses.of(splitter.split(hit(low_s=0.2, high_s=0.04)).envelope)
    for steps in (1, 2, 7):
        drawn = Shape(torch.full((steps, 40), -4.0), torch.zeros(steps, 1))
        assert torch.isfinite(courses.brought(drawn, main=known, highs=known).envelope).all()
