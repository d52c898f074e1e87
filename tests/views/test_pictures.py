"""Pictures: they show what is heard, at the size and in the place they promise."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import ROOT
from woodshed.base.errors import UnusableSound, UsageError
from woodshed.sound import Sound, read_sound
from woodshed.views import contact_sheet, sound_png, sound_tile, spectrogram, spectrogram_picture, waveform_picture
from woodshed.views.style import HEAT_STEPS, palette
from woodshed.views.tiles import waveform_tile


def tone(*, hz: float, seconds: float = 0.5, rate_hz: int = 44100, level: float = 0.5) -> Sound:
    return Sound(level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz), rate_hz)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("hz", [50, 110, 440, 500, 1000, 5000, 15000])
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_a_tone_stands_in_its_row(hz: float, rate_hz: int) -> None:
    picture = spectrogram(tone(hz=hz, rate_hz=rate_hz), rows=180, columns=60)
    column = picture.levels_db[0, :, 30]
    assert abs(int(column.argmax()) - picture.row_of(hz)) <= (4.0 if hz < 100 else 2.0)


def test_a_click_stands_in_its_column() -> None:
    data = np.zeros(44100)
    data[22050] = 1.0
    levels = spectrogram(Sound(data, 44100), rows=120, columns=100).levels_db[0]
    high = levels[:60].mean(axis=0)
    assert abs(int(high.argmax()) - 50) <= 1
    assert high[50] - high[40] > 60


def test_levels_follow_gain_and_channels_are_apart() -> None:
    loud = tone(hz=1000)
    stereo = Sound(np.concatenate([loud.data, 0.1 * loud.data]), 44100)
    levels = spectrogram(stereo, rows=100, columns=40).levels_db
    assert levels[0].max() - levels[1].max() == pytest.approx(20.0, abs=0.05)


def test_noise_is_even_over_the_seam_of_the_two_windows() -> None:
    """Power inside a band: white noise rises by 3 dB an octave, without a step around 500 Hz."""
    noise = Sound(0.1 * np.random.default_rng(0).standard_normal(3 * 44100), 44100)
    picture = spectrogram(noise, rows=94, columns=300)
    power = (10 ** (picture.levels_db[0] / 10)).mean(axis=1)
    at_hz = picture.low_hz * (picture.high_hz / picture.low_hz) ** (1 - (np.arange(94) + 0.5) / 94)
    inside = (at_hz > 100) & (at_hz < 10_000)
    ripple_db = 10 * np.log10(power / at_hz)[inside]
    assert ripple_db.std() < 0.7


@settings(max_examples=30, deadline=None)
@given(
    frames=st.integers(1, 3000), channels=st.integers(1, 3), rate_hz=st.sampled_from([20, 100, 8000, 44100, 192_000])
)
def test_any_length_rate_and_channel_count_can_be_drawn(frames: int, channels: int, rate_hz: int) -> None:
    data = np.random.default_rng(frames).standard_normal((channels, frames))
    tile = sound_tile(Sound(data, rate_hz), width=50, height=40)
    assert tile.shape == (40, 50)
    assert tile[13:].max() < HEAT_STEPS


def test_minutes_are_drawn_in_little_time_and_memory() -> None:
    long = Sound(np.random.default_rng(0).standard_normal(120 * 8000), 8000)
    assert np.isfinite(spectrogram(long, rows=60, columns=200).levels_db).all()


def test_silence_is_dark() -> None:
    assert sound_tile(Sound(np.zeros((2, 1000)), 44100), width=40, height=40)[12:].max() == 0


def test_the_waveform_reaches_from_its_lowest_to_its_highest() -> None:
    data = np.repeat(np.array([1.0, 0.0, -1.0], dtype=np.float32), 10)
    cover = waveform_tile(data, width=30, height=20, peak=1.0) > HEAT_STEPS + 10
    assert cover[:10, 5].any()
    assert not cover[11:, 5].any()
    assert cover[10:, 25].any()
    assert not cover[:9, 25].any()
    assert cover[8:12, 15].any()


def test_the_rows_of_a_tile_mean_the_same_at_any_rate() -> None:
    low, high = (sound_tile(tone(hz=1000, rate_hz=rate), width=40, height=100)[30:, 20] for rate in (8000, 48000))
    assert abs(int(low.argmax()) - int(high.argmax())) <= 1
    assert low[:10].max() == 0, "nothing above half the rate"


def test_a_small_picture_has_its_size_and_the_colours_of_the_palette() -> None:
    image = opened(sound_png(tone(hz=440), width=200, height=90))
    assert image.size == (200, 90)
    colours = {colour for _, colour in image.getcolors(1 << 16) or []}
    assert colours <= {tuple(int(c) for c in row) for row in palette()}
    assert len(colours) > 20


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_palette_grows_brighter_step_by_step(theme: str) -> None:
    heat = palette(theme)[:HEAT_STEPS].astype(float) @ [0.2126, 0.7152, 0.0722]  # type: ignore[arg-type]
    assert (np.diff(heat) > -0.6).all()
    assert heat[-1] - heat[0] > 200


@pytest.mark.parametrize("draw", [waveform_picture, spectrogram_picture])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_pictures_are_written_as_they_are_returned(tmp_path: Path, draw: object, channels: int) -> None:
    path = tmp_path / "new" / os.fsdecode(b"p\xe9.png")
    png = draw(tone(hz=300).with_channels(channels), path, title="50 % of $5 & <b> 🥁 _x_")  # type: ignore[operator]
    assert path.read_bytes() == png
    assert opened(png).width == 1296


@pytest.mark.parametrize("data", [np.zeros((1, 0)), np.array([0.1, np.nan])])
@pytest.mark.parametrize("draw", [waveform_picture, spectrogram_picture])
def test_what_cannot_be_drawn_is_said(draw: object, data: np.ndarray) -> None:
    with pytest.raises(UnusableSound, match="the sound to be drawn"):
        draw(Sound(data, 44100), None)  # type: ignore[operator]


def test_a_sheet_holds_every_sound_and_says_which_cannot_be_drawn(tmp_path: Path) -> None:
    sounds = [(f"kick_{i:02}", tone(hz=60 * (i + 1), seconds=0.1)) for i in range(7)]
    sounds += [("nothing", Sound(np.zeros((1, 0)), 44100)), ("not a number", Sound(np.array([np.nan]), 44100))]
    sounds += [("a\nvery_long_" + "x" * 300, tone(hz=100).with_channels(2)), ("$x^2$ 🥁", Sound(np.zeros(100), 8000))]
    image = opened(contact_sheet(sounds, tmp_path / "sheet.png", columns=4, title="All"))
    assert image.size == opened((tmp_path / "sheet.png").read_bytes()).size
    pixels = np.asarray(image).astype(int)
    ground = pixels[2, 2]
    filled = (np.abs(pixels - ground).sum(axis=2) > 300)[120:-60, 90:]
    assert filled.mean() > 0.4


def test_a_sheet_in_the_dark_has_a_dark_ground() -> None:
    light, dark = (opened(contact_sheet([("a", tone(hz=100))], None, theme=theme)) for theme in ("light", "dark"))
    assert light.getpixel((2, 2)) == (252, 251, 248)
    assert dark.getpixel((2, 2)) == (22, 23, 29)


@pytest.mark.parametrize("count", [0, 2001])
def test_sheets_of_none_or_thousands_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"sheet of {count} sounds cannot be drawn.*between 1 and 2000"):
        contact_sheet([("a", tone(hz=100, seconds=0.01))] * count, None)


def test_small_pictures_need_no_matplotlib_and_nothing_needs_pyplot() -> None:
    code = (
        "import sys, numpy as np\n"
        "from woodshed.sound import Sound\n"
        "from woodshed.views import Page, SoundCard, sound_png, contact_sheet\n"
        "sound = Sound(np.ones(100), 8000)\n"
        "Page('x').sounds([SoundCard('a', picture=sound_png(sound))]).html()\n"
        "print('matplotlib' in sys.modules)\n"
        "contact_sheet([('a', sound)], None)\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src")}
    )
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.real
def test_real_sounds_fill_a_sheet(real_data: Path) -> None:
    paths = sorted((real_data / "oneshots").rglob("*.flac"))[::60]
    image = opened(contact_sheet([(path.stem, read_sound(path)) for path in paths], None, title="Real"))
    assert image.width > 1300
