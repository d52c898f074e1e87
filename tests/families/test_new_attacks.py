"""New attacks: as loud as those they stand in for, no copies of them, and joined to the rest without a click."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.contract.test_families import fitted
from woodshed.families.generators._band_flow_striking import as_loud, joined, most_alike, no_higher
from woodshed.roles import Fills, NoLenders
from woodshed.sound import Sound

RATE = 44100
NOBODY = NoLenders()
STOP = round(0.05 * RATE)


@pytest.fixture(scope="module", params=[1, 2], ids=["mono", "stereo"])
def model(request: pytest.FixtureRequest) -> Fills:
    made = fitted("band-flow", channels=request.param)[0]
    assert isinstance(made, Fills)
    return made


def kick() -> np.ndarray:
    time = np.arange(round(0.4 * RATE)) / RATE
    turns = 2 * np.pi * np.cumsum(60 + 150 * np.exp(-time / 0.012)) / RATE
    click = 0.2 * np.random.default_rng(1).standard_normal(len(time)) * np.exp(-time / 0.002)
    return 0.5 * np.sin(turns) * np.exp(-time / 0.06) + click


def snare() -> np.ndarray:
    time = np.arange(round(0.3 * RATE)) / RATE
    noise = np.random.default_rng(2).standard_normal(len(time)) * np.exp(-time / 0.05)
    return 0.15 * noise + 0.2 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.04)


def hat() -> np.ndarray:
    time = np.arange(round(0.2 * RATE)) / RATE
    return 0.2 * np.diff(np.random.default_rng(3).standard_normal(len(time) + 1)) * np.exp(-time / 0.02)


HITS = {"kick": kick(), "snare": snare(), "hat": hat()}


def hit(name: str, *, lead: int = 0, channels: int = 1) -> Sound:
    data = np.concatenate([np.zeros(lead), HITS[name]]).astype(np.float32)
    return Sound(np.repeat(data[None], channels, axis=0), RATE)


def level_db(data: np.ndarray) -> float:
    return 10 * float(np.log10(np.square(data.astype(np.float64)).mean() + 1e-14))


@pytest.mark.parametrize("name", HITS)
def test_a_new_attack_is_as_loud_as_the_old_one_and_another_every_time(model: Fills, name: str) -> None:
    source = hit(name)
    made = [model.fill(source, regions=[(0, STOP)], seed=seed, lenders=NOBODY).sound.data for seed in (0, 1)]
    for new in made:
        assert abs(level_db(new[:, :441]) - level_db(source.data[:, :441])) < 3
        assert abs(level_db(new[:, :STOP]) - level_db(source.data[:, :STOP])) < 2
        assert np.abs(new).max() < 1.2 * source.peak
        assert np.array_equal(new[:, STOP:], source.data[:, STOP:])
        assert most_alike(*(torch.from_numpy(one[:, :STOP].copy()) for one in (new, source.data)), lag_frames=220) < 0.9
        jump = np.abs(np.diff(new, n=2))[:, STOP - 3 : STOP + 2].max()
        usual = np.abs(np.diff(source.data, n=2))[:, STOP - 400 : STOP + 400].max()
        assert jump <= 2 * usual + 0.002 * source.peak, "no click at the seam"
    assert not np.array_equal(made[0][:, :STOP], made[1][:, :STOP])


def test_an_attack_after_a_pause_is_struck_where_it_was(model: Fills) -> None:
    source = hit("snare", lead=2000, channels=2)
    made = model.fill(source, regions=[(500, 2000 + STOP)], seed=3, lenders=NOBODY).sound.data
    assert abs(level_db(made[:, 2000:2441]) - level_db(source.data[:, 2000:2441])) < 3
    assert level_db(made[:, :1990]) < level_db(source.data[:, 2000:2441]) - 20


def test_what_precedes_an_attack_is_as_loud_as_it_was(model: Fills) -> None:
    source = np.array(hit("hat", lead=4000).data)
    source[:, :4000] += 0.0005 * np.random.default_rng(4).standard_normal(4000).astype(np.float32)
    made = model.fill(Sound(source, RATE), regions=[(0, 3000)], seed=0, lenders=NOBODY).sound.data
    assert abs(level_db(made[:, :3000]) - level_db(source[:, :3000])) < 3


def test_within_a_band_too_a_new_attack_is_as_loud_as_the_old_one(model: Fills) -> None:
    source = hit("snare")
    band = (2000.0, 8000.0)
    made = model.fill(source, regions=[(0, STOP)], band_hz=band, seed=1, lenders=NOBODY).sound.data
    assert np.array_equal(made[:, STOP:], source.data[:, STOP:])
    spectra = [np.abs(np.fft.rfft(one[:, :441])) ** 2 for one in (made, source.data)]
    hz = np.fft.rfftfreq(441, 1 / RATE)
    inside = (hz > 2500) & (hz < 7000)
    assert abs(10 * np.log10(spectra[0][:, inside].sum() / spectra[1][:, inside].sum())) < 4


@pytest.mark.parametrize("stop", [1, 63, 64, 99999])
def test_regions_of_any_length_are_struck(model: Fills, stop: int) -> None:
    source = hit("kick", channels=2)
    stop = min(stop, source.frames)
    made = model.fill(source, regions=[(0, stop)], seed=0, lenders=NOBODY).sound.data
    assert made.shape == source.data.shape
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 1.2 * source.peak


def test_loudness_is_matched_over_time_below_and_above() -> None:
    rng = np.random.default_rng(0)
    new = torch.from_numpy(rng.standard_normal((2, STOP)).astype(np.float32)) * 0.1
    fall = torch.exp(-torch.arange(STOP) / 500.0)
    matched = as_loud(new, 3 * new.flip(0) * fall, rate=RATE)
    for part in (slice(0, 400), slice(500, 900), slice(1000, 2000)):
        wanted = 3 * new.flip(0)[:, part] * fall[part]
        assert abs(level_db(matched[:, part].numpy()) - level_db(wanted.numpy())) < 2


def test_peaks_are_held_down_but_not_where_the_sound_goes_on() -> None:
    loud = torch.ones(1, 2000)
    held = no_higher(loud, peak=0.5, rate=RATE, held=400)
    assert float(held[0, :1500].max()) == pytest.approx(0.5, abs=0.01)
    assert float(held[0, -1]) == 1.0


def test_a_strike_begins_from_nothing_and_ends_as_what_rings_on() -> None:
    rng = np.random.default_rng(0)
    strike, ringing = (torch.from_numpy(rng.standard_normal((1, STOP)).astype(np.float32)) for _ in range(2))
    made = joined(strike, ringing, strike.flip(1), rate=RATE, from_nothing=True, goes_on=True)
    assert abs(float(made[0, 0])) < 0.03 * float(made.abs().max())
    assert float(made[0, -1]) == pytest.approx(float(ringing[0, -1]), abs=0.05)
