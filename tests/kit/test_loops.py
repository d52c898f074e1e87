"""Loops: exact length, stems that sum to the mix, onsets that are where they are said to be, no seam."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import UnknownName, UsageError
from woodshed.kit import KIT_CLASSES, STYLES, make_loop
from woodshed.kit.styles import STEPS, STROKES


def test_every_style_is_written_in_known_letters_for_known_classes() -> None:
    for style in STYLES.values():
        for name, lines in style.lines.items():
            assert name in KIT_CLASSES
            assert all(len(line) in (0, STEPS) and set(line) <= set(STROKES) for line in lines)


@pytest.mark.parametrize("style", ["house", "breakbeat", "trap"])
def test_length_is_exact_and_stems_sum_to_the_mix(style: str) -> None:
    loop = make_loop(seed=2, style=style, bars=1)
    assert loop.sound.frames == round(240 / loop.bpm * 44100)
    assert STYLES[style].low_bpm <= loop.bpm <= STYLES[style].high_bpm
    total = np.sum([stem.data for stem in loop.stems.values()], axis=0, dtype=np.float64)
    assert np.max(np.abs(total - loop.sound.data)) < 1e-6
    assert 0.88 < loop.sound.peak < 0.9
    assert set(loop.stems) == {stroke.class_name for stroke in loop.pattern}


def test_length_at_any_tempo_and_rate() -> None:
    loop = make_loop(seed=1, bpm=133.7, bars=1, style="lo-fi", sample_rate_hz=48000)
    assert loop.sound.frames == round(240 / 133.7 * 48000)


def test_onsets_are_sorted_inside_and_heard() -> None:
    loop = make_loop(seed=5, style="techno", bars=1, bpm=130)
    onsets = np.array(loop.onset_times_s)
    assert np.all(np.diff(onsets) >= 0)
    assert onsets[0] >= 0
    assert onsets[-1] < loop.sound.duration_s
    kick = loop.stems["kick"].data.mean(axis=0).astype(np.float64)
    for stroke in loop.pattern:
        if stroke.class_name == "kick":
            frame = round(stroke.onset_s * 44100)
            around = np.take(kick, np.arange(frame - 300, frame + 900), mode="wrap")
            assert np.sum(around[300:] ** 2) > 3 * np.sum(around[:300] ** 2)


def test_strokes_lie_near_the_grid() -> None:
    loop = make_loop(seed=7, style="house", bars=2, bpm=120)
    for stroke in loop.pattern:
        late_s = stroke.onset_s - stroke.beat * 0.5
        late_s -= round(late_s / loop.sound.duration_s) * loop.sound.duration_s
        assert abs(late_s) < 0.03


def test_the_seam_is_not_heard() -> None:
    loop = make_loop(seed=3, style="rock", bars=1)
    steps = np.abs(np.diff(np.concatenate([loop.sound.data, loop.sound.data[:, :1]], axis=1), axis=1))
    late = np.array(loop.onset_times_s)
    assert late[0] < 0.02 or late[-1] > loop.sound.duration_s - 0.02 or steps[:, -1].max() < 0.2
    assert steps[:, -1].max() <= steps.max()


def test_same_seed_same_loop() -> None:
    first, again, other = (make_loop(seed=seed, bars=1, style="funk") for seed in (1, 1, 2))
    assert first.sound.content_id == again.sound.content_id
    assert first.pattern == again.pattern
    assert first.sound.content_id != other.sound.content_id


def test_the_groove_does_not_depend_on_the_rate() -> None:
    low, high = (make_loop(seed=4, bars=1, style="latin", sample_rate_hz=rate) for rate in (44100, 48000))
    assert [stroke.class_name for stroke in low.pattern] == [stroke.class_name for stroke in high.pattern]
    assert np.allclose(low.onset_times_s, high.onset_times_s, atol=1 / 44100)


def test_what_cannot_be_played_is_said() -> None:
    with pytest.raises(UnknownName, match="house"):
        make_loop(seed=1, style="huose")
    with pytest.raises(UsageError, match="bpm"):
        make_loop(seed=1, bpm=4000)
    with pytest.raises(UsageError, match="bars"):
        make_loop(seed=1, bars=0)
