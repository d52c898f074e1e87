import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from woodshed.nn import EnvelopeSplitter, Glide, Ringer, Shape, Shaper, hiss_of, lean_of, partials_of

RATE = 44100


@pytest.fixture(scope="module")
def ringer() -> Ringer:
    return Ringer(
        Shaper(EnvelopeSplitter(sample_rate_hz=RATE, bands=40, token_steps=8, stereo=True, max_duration_s=1.0))
    )


def heard(ringer: Ringer, audio: torch.Tensor) -> Shape:
    """All that is heard of a sound, ``(2, frames)``."""
    split = ringer.splitter.split(audio)
    tokens = ringer.splitter.tokens_of(split.frames)
    frames = ringer.splitter.token_steps * ringer.splitter.hop_frames
    partials = partials_of(split.mid.numpy(), sample_rate_hz=RATE, token_frames=frames, tokens=tokens)
    return Shape(
        split.envelope, split.width, partials, lean_of(split.spectra), hiss=hiss_of(split, sample_rate_hz=RATE)
    )


def thump(hz: float) -> torch.Tensor:
    """A struck mode, ``(2, frames)``."""
    seconds = torch.arange(RATE // 2) / RATE
    return (torch.sin(2 * math.pi * hz * seconds) * torch.exp(-seconds / 0.1)).expand(2, -1)


def energy_between(audio: np.ndarray, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(audio.mean(0) * np.hanning(audio.shape[-1]))) ** 2
    hz = np.fft.rfftfreq(audio.shape[-1], 1 / RATE)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


@pytest.mark.parametrize("hz", [60.0, 110.0])
def test_a_low_tone_is_not_surrounded_by_the_noise_of_its_window(ringer: Ringer, hz: float) -> None:
    sound = thump(hz)
    spectra = ringer.spectra(heard(ringer, sound), frames=sound.shape[-1], sides=2, seed=1)
    made = ringer.splitter.join(spectra, frames=sound.shape[-1]).numpy()
    assert energy_between(made, 0.5 * hz, 1.5 * hz) > 0.97
    assert energy_between(made, 4 * hz, 2000.0) < 3e-3


def test_noise_where_no_mode_rings_is_given_to_those_that_do(ringer: Ringer) -> None:
    """A drum with the modes of one and the envelope of another: a hump at 260 Hz, and modes at 80 and 170 Hz."""
    shape = heard(ringer, thump(260.0))
    modes = torch.tensor([80.0, 170.0, 3000.0, 3100.0, 3200.0, 3300.0])
    shares = torch.tensor([0.95, 0.95, 0.0, 0.0, 0.0, 0.0]).expand(len(shape.partials.shares), -1)
    other = replace(shape, partials=replace(shape.partials, frequencies_hz=modes, shares=shares, harmonic=False))
    made = {}
    for gathered in (False, True):
        spectra = ringer.spectra(other, frames=RATE // 2, sides=2, seed=1, gathered=gathered)
        made[gathered] = ringer.splitter.join(spectra, frames=RATE // 2).numpy()
    assert energy_between(made[False], 220.0, 400.0) > 0.3
    assert energy_between(made[True], 220.0, 400.0) < 0.4 * energy_between(made[False], 220.0, 400.0)
    lines = [np.square(audio).sum() * energy_between(audio, 160.0, 180.0) for audio in made.values()]
    assert 2.0 < lines[1] / lines[0] < 5.0, "what the noise loses makes them louder, by 6 dB at most"


def test_high_modes_take_no_noise_from_the_lows(ringer: Ringer) -> None:
    shape = heard(ringer, thump(260.0))
    shares = torch.full((len(shape.partials.shares), 6), 0.9)
    modes = torch.tensor([2600.0, 3100.0, 3600.0, 4100.0, 4600.0, 5100.0])
    bell = replace(shape, partials=replace(shape.partials, frequencies_hz=modes, shares=shares, harmonic=False))
    plain, gathered = (
        ringer.spectra(bell, frames=RATE // 2, sides=2, seed=1, gathered=gathered) for gathered in (False, True)
    )
    assert torch.equal(plain, gathered)


@pytest.mark.parametrize("lean", [-1.5, 0.3, 2.0])
def test_a_lean_is_brought_about_exactly(ringer: Ringer, lean: float) -> None:
    gains = torch.tensor([[math.exp(-lean / 4)], [math.exp(lean / 4)]])
    noise = torch.randn(2, RATE // 8, generator=torch.Generator().manual_seed(3))
    sound = gains * (thump(150.0)[:, : RATE // 8] + 0.3 * noise)
    shape = heard(ringer, sound)
    spectra = ringer.spectra(shape, frames=sound.shape[-1], sides=2, seed=2)
    assert lean_of(spectra) == pytest.approx(shape.lean, abs=0.02)


@pytest.mark.parametrize("hiss_db", [-90.0, -75.0])
def test_what_hissed_goes_on_hissing(ringer: Ringer, hiss_db: float) -> None:
    hiss = torch.randn(1, RATE // 2, generator=torch.Generator().manual_seed(5)) * 10 ** (hiss_db / 20)
    sound = thump(90.0) + hiss
    made = ringer.splitter.join(
        ringer.spectra(heard(ringer, sound), frames=sound.shape[-1], sides=2, seed=4), frames=sound.shape[-1]
    )
    late = slice(RATE // 4, RATE // 2 - 1000)
    highs = [energy_between(audio[:, late].numpy(), 9000.0, 20000.0) for audio in (sound, made)]
    assert 10 * math.log10(highs[1] / highs[0]) == pytest.approx(0.0, abs=4.0)


def test_noise_in_the_highs_is_not_rung_as_tone(ringer: Ringer) -> None:
    high = torch.randn(2, RATE // 2, generator=torch.Generator().manual_seed(5))
    spectrum = torch.fft.rfft(high)
    spectrum[:, torch.fft.rfftfreq(RATE // 2, 1 / RATE) < 2500] = 0
    shape = heard(ringer, torch.fft.irfft(spectrum) * torch.exp(-torch.arange(RATE // 2) / (0.1 * RATE)))
    shares = torch.full((len(shape.partials.shares), 6), 0.35)  # as noise alone is told
    partials = replace(shape.partials, frequencies_hz=torch.tensor([2600.0, 3100.0, 3600.0, 4100.0, 4600.0, 5100.0]))
    told = replace(shape, partials=replace(partials, shares=shares, glide=Glide(), harmonic=False))
    without = ringer.spectra(replace(shape, partials=None), frames=RATE // 2, sides=2, seed=4)
    assert torch.equal(ringer.spectra(told, frames=RATE // 2, sides=2, seed=4), without)
    assert lined(ringer, told) < 1.2 * lined(ringer, replace(told, partials=None))
    rung = replace(told, partials=replace(told.partials, shares=shares + 0.6))
    assert lined(ringer, rung) > 3.0 * lined(ringer, told), "a clear tone rings on"
    series = replace(told, partials=replace(told.partials, frequencies_hz=torch.full((6,), 110.0), harmonic=True))
    assert not torch.equal(ringer.spectra(series, frames=RATE // 2, sides=2, seed=4), without), (
        "a series keeps its highs"
    )


def lined(ringer: Ringer, shape: Shape) -> float:
    """How far the strongest line between 2.5 and 6 kHz stands above the median there, in amplitude."""
    audio = ringer.splitter.join(ringer.spectra(shape, frames=RATE // 2, sides=2, seed=4), frames=RATE // 2).numpy()
    power = np.abs(np.fft.rfft(audio.mean(0) * np.hanning(audio.shape[-1])))
    hz = np.fft.rfftfreq(audio.shape[-1], 1 / RATE)
    inside = power[(hz > 2500) & (hz < 6000)]
    return float(inside.max() / np.median(inside))


def saw(hz: float, *, top_hz: float) -> torch.Tensor:
    """A series under one over its number, dying, ``(2, frames)``."""
    seconds = torch.arange(RATE // 2) / RATE
    numbers = torch.arange(1, int(top_hz / hz) + 1)
    waves = torch.sin(2 * math.pi * hz * seconds[:, None] * numbers) / numbers
    return (waves.sum(1) * torch.exp(-seconds / 0.2)).expand(2, -1)


def alike_a_period_later(audio: np.ndarray, hz: float, *, low_hz: float, high_hz: float) -> float:
    """How alike what lies between two frequencies is to itself a period later, 0 for noise."""
    mid = audio.mean(0)
    bins = np.fft.rfftfreq(len(mid), 1 / RATE)
    part = np.fft.irfft(np.fft.rfft(mid) * ((bins > low_hz) & (bins < high_hz)), len(mid))
    period = RATE / hz
    return max(
        float(part[4000:16000] @ part[4000 + lag : 16000 + lag])
        / math.sqrt(float((part[4000:16000] ** 2).sum() * (part[4000 + lag : 16000 + lag] ** 2).sum()))
        for lag in range(math.floor(0.99 * period), math.ceil(1.01 * period) + 1)
    )


@pytest.mark.parametrize(
    ("hz", "spans", "least"),
    [
        (44.0, ((4, 32), (34, 64)), (0.9, 0.7)),  # lines nearer than bins, and what lies above the last of them
        (330.0, ((4, 16), (19, 36)), (0.9, 0.6)),  # lines with room between them, in which nothing may hiss
    ],
)
def test_a_note_made_anew_is_a_note_up_to_the_top(
    ringer: Ringer, hz: float, spans: tuple[tuple[int, int], ...], least: tuple[float, ...]
) -> None:
    sound = saw(hz, top_hz=12000.0)
    shape = heard(ringer, sound)
    assert shape.partials.harmonic
    spectra = ringer.spectra(shape, frames=sound.shape[-1], sides=2, seed=1)
    made = ringer.splitter.join(spectra, frames=sound.shape[-1]).numpy()
    for (low, high), limit in zip(spans, least, strict=True):
        assert alike_a_period_later(made, hz, low_hz=(low - 0.5) * hz, high_hz=(high + 0.5) * hz) > limit


def test_the_side_of_a_wide_note_buzzes_too(ringer: Ringer) -> None:
    mono = saw(44.0, top_hz=12000.0)[0]
    sound = torch.stack([mono, mono.roll(300)])
    spectra = ringer.spectra(heard(ringer, sound), frames=len(mono), sides=2, seed=1)
    made = ringer.splitter.join(spectra, frames=len(mono)).numpy()
    side = np.stack([made[0] - made[1]] * 2)
    assert alike_a_period_later(side, 44.0, low_hz=34 * 44.0, high_hz=64 * 44.0) > 0.7


def test_a_low_note_whose_highs_are_plucked_has_them_at_once_and_then_no_more(ringer: Ringer) -> None:
    seconds = torch.arange(RATE // 2) / RATE
    numbers = torch.arange(1, 180)
    falls = torch.exp(-seconds[:, None] / torch.where(numbers > 32, 0.004, 0.2))
    sound = (torch.sin(2 * math.pi * 44.0 * seconds[:, None] * numbers) * falls / numbers).sum(1).expand(2, -1)
    shape = heard(ringer, sound)
    shape = replace(shape, partials=replace(shape.partials, shares=torch.ones_like(shape.partials.shares)))
    assert shape.partials.harmonic
    fine = ringer.spectra(shape, frames=len(seconds), sides=2, seed=1)
    made = ringer.splitter.join(fine * math.exp(0.5 * ringer.splitter.split(sound).reference), frames=len(seconds))
    highs = []
    for one in (sound.numpy(), made.numpy()):
        bins = np.fft.rfftfreq(len(seconds), 1 / RATE)
        part = np.fft.irfft(np.fft.rfft(one.mean(0)) * (bins > 2500.0), len(seconds))
        highs.append([10 * math.log10((part[at : at + 512] ** 2).sum() + 1e-9) for at in (0, 1024)])
    assert highs[1][0] == pytest.approx(highs[0][0], abs=4.0), "the first click comes at once"
    assert highs[1][1] < highs[1][0] - 20.0, "and the second, a period later, is over"


def test_above_a_series_whose_last_lines_are_noise_nothing_buzzes(ringer: Ringer) -> None:
    sound = saw(44.0, top_hz=12000.0)
    shape = heard(ringer, sound)
    shares = shape.partials.shares.clone()
    shares[:, -1] = 0.0
    hoarse = replace(shape, partials=replace(shape.partials, shares=shares))
    spectra = ringer.spectra(hoarse, frames=sound.shape[-1], sides=2, seed=1)
    made = ringer.splitter.join(spectra, frames=sound.shape[-1]).numpy()
    assert alike_a_period_later(made, 44.0, low_hz=34 * 44.0, high_hz=64 * 44.0) < 0.3


@pytest.mark.parametrize("lean", [0.0, 1.0])
def test_what_has_no_side_is_one_sound_on_both(ringer: Ringer, lean: float) -> None:
    shape = heard(ringer, thump(110.0))
    narrow = replace(shape, width=torch.full_like(shape.width, -9.2), lean=lean)
    spectra = ringer.spectra(narrow, frames=RATE // 2, sides=2, seed=1)
    alone = ringer.spectra(narrow, frames=RATE // 2, sides=1, seed=1)
    left, right = ringer.splitter.join(spectra, frames=RATE // 2)
    assert lean_of(spectra) == pytest.approx(lean, abs=0.01)
    assert torch.allclose(right, left * math.exp(lean / 2), atol=1e-5)
    if lean == 0.0:
        assert torch.equal(spectra[0], alone[0])
