import numpy as np
import pytest

from tests.dsp.signals import noise
from woodshed.dsp import chroma, key
from woodshed.dsp.key import NOTE_NAMES

RATE = 22_050
MAJOR = [(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)]
MINOR = [(0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)]


def cadence(tonic, chords, *, tuning=0.0):
    """Four chords of four harmonics a note, (frames,)."""
    time = np.arange(RATE // 2) / RATE
    parts = []
    for chord in chords:
        notes = [220 * 2 ** ((tonic - 9 + step + tuning) / 12) for step in (chord[0] - 12, *chord)]
        parts.append(sum(np.sin(2 * np.pi * f * k * time) / k**1.5 for f in notes for k in range(1, 5)))
    return np.concatenate(parts)


@pytest.mark.parametrize("tonic", range(12))
def test_cadences_name_their_key(tonic):
    assert key(cadence(tonic, MAJOR), RATE).name == f"{NOTE_NAMES[tonic]} major"
    assert key(cadence(tonic, MINOR), RATE).name == f"{NOTE_NAMES[tonic]} minor"


@pytest.mark.parametrize("tuning", [-0.4, -0.2, 0.3])
def test_tuning_does_not_smear_the_key(tuning):
    assert key(cadence(2, MAJOR, tuning=tuning), RATE).name == "D major"


def test_gain_and_channels_do_not_matter():
    x = cadence(7, MINOR)
    here = key(x, RATE)
    there = key(np.stack([0.01 * x, -0.01 * x]), RATE)
    assert there.name == here.name
    assert there.confidence == pytest.approx(here.confidence, abs=1e-3)


def test_chroma_of_one_note():
    time = np.arange(RATE) / RATE
    notes = chroma(np.sin(2 * np.pi * 261.63 * time), RATE)
    assert notes.sum() == pytest.approx(1)
    assert notes[0] > 0.99


@pytest.mark.parametrize("frames", [0, 1, 10, RATE])
def test_silence_has_no_key(frames):
    assert key(np.zeros(frames), RATE).name == ""
    assert key(np.zeros(frames), RATE).confidence == 0.0
    assert chroma(np.zeros(frames), RATE).sum() == 0.0


def test_noise_is_not_sure():
    assert key(noise(duration_s=3, rate=RATE), RATE).confidence < 0.3
