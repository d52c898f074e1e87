"""What was asked for and is not heard is told, with what is heard instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from woodshed.sound import Sound
from woodshed.tasks._missed import measured
from woodshed.tasks._missed import missed_wishes as missed_by_rows

RATE = 44100
TIME = np.arange(RATE // 2) / RATE


def missed_wishes(sounds: Sequence[Sound], wishes: Mapping[str, float]) -> list[str]:
    rows = [row for sound in sounds if (row := measured(sound, wishes)) is not None]
    return missed_by_rows(rows, wishes)


def ping(hz: float, *, decay_ms: float = 100.0) -> Sound:
    """A tone that falls by 20 dB in so many milliseconds."""
    return Sound(0.8 * np.sin(2 * np.pi * hz * TIME) * 10 ** (-TIME * 1000 / decay_ms), RATE)


def hiss() -> Sound:
    return Sound(0.3 * np.random.default_rng(1).standard_normal(RATE // 4), RATE)


def test_what_is_met_is_not_told() -> None:
    assert missed_wishes([ping(440), ping(450)], {"pitch_hz": 445.0, "decay_ms": 105.0, "width": 0.0}) == []
    assert missed_wishes([ping(440)], {"roam": 3.0}) == []
    assert missed_wishes([], {"pitch_hz": 440.0}) == []


def test_what_is_heard_instead_is_told() -> None:
    [text] = missed_wishes([ping(440), ping(880), ping(1320)], {"pitch_hz": 440.0})
    assert text.startswith("pitch 440 Hz is not met by 2 of 3 sounds: they have 8")
    assert " to 13" in text
    [text] = missed_wishes([ping(440, decay_ms=50)], {"decay_ms": 400.0})
    assert text.startswith("decay 400 ms is not met by 1 of 1 sound: it has ")


def test_noise_has_no_pitch_to_be_off() -> None:
    [text] = missed_wishes([hiss(), ping(100)], {"pitch_hz": 100.0})
    assert "1 of 2 sounds: 1 has no clear tone" in text


def test_each_wish_is_told_by_itself() -> None:
    said = missed_wishes([ping(100)], {"brightness_hz": 8000.0, "width": 0.5})
    assert [text.split(" is not")[0] for text in said] == ["brightness 8000 Hz", "width 0.5"]
