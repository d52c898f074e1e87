"""Accuracy on the real sounds, where the corpus says what is true."""

import csv

import numpy as np
import pytest
import soundfile

from woodshed.dsp import DESCRIPTORS, descriptors, first_onset_s, fundamental_hz, tempo_bpm

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def rows(real_data):
    with open(real_data / "manifest.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(folder, row):
    audio, rate = soundfile.read(folder / row["path"], dtype="float32", always_2d=True)
    return audio.T, rate


def semitones_off(folder, row):
    x, rate = read(folder, row)
    return 69 + 12 * np.log2(fundamental_hz(x, rate).frequency_hz / 440) - float(row["pitch_midi"])


def test_confirmed_notes_are_heard_right(rows, real_data):
    """Of every third note with a confirmed pitch, 95 % lie within 0.6 semitone and half within 5 cents."""
    notes = [row for row in rows if row["path"].startswith("notes/") and "pitch confirmed" in row["label_source"]][::3]
    assert len(notes) >= 80
    off = np.array([semitones_off(real_data, row) for row in notes])
    assert np.mean(np.abs(off) < 0.6) >= 0.95
    assert np.nanmedian(np.abs(off)) < 0.05


def test_tempo_of_loops(rows, real_data):
    """Cut to whole bars, at least 90 % are right to the beat; heard freely at least 60 % lie within 4 %."""
    loops = [row for row in rows if row["path"].startswith("loops/") and row["bpm"]]
    assert len(loops) >= 50
    whole, free = [], []
    for row in loops:
        x, rate = read(real_data, row)
        whole.append(tempo_bpm(x, rate, whole_bars=True).bpm / float(row["bpm"]))
        free.append(tempo_bpm(x, rate).bpm / float(row["bpm"]))
    assert np.mean(np.abs(np.array(whole) - 1) < 0.005) >= 0.9
    assert np.mean(np.abs(np.array(free) - 1) < 0.04) >= 0.6


STRUCK = ("kick", "snare", "tom", "rim", "conga", "hat-closed", "hat-open", "clap")


def test_onset_of_real_hits_after_silence(rows, real_data):
    """The onset of a hit moves with the silence before it, hiss or not: 95 % within 3 ms."""
    hits = [row for row in rows if row["path"].startswith("oneshots/") and row["class"] in STRUCK][::5]
    assert len(hits) >= 60
    rng = np.random.default_rng(0)
    off = []
    for row in hits:
        x, rate = read(real_data, row)
        own = first_onset_s(x, rate)
        x = x[:, round(own * rate) :]
        late = np.concatenate([np.zeros((len(x), rate // 4), np.float32), x], axis=1)
        late += rng.standard_normal(late.shape).astype(np.float32) * np.abs(x).max() * 10 ** (-55 / 20)
        off.append(first_onset_s(late, rate) - (rate // 4) / rate)
    assert np.mean(np.abs(off) < 0.003) >= 0.95


def test_all_values_are_finite_and_classes_differ(rows, real_data):
    """Kicks are dark and pitched low, hats bright, cymbals long: what anyone would say of them."""
    names = [descriptor.name for descriptor in DESCRIPTORS]
    medians = {}
    for wanted in ("kick", "hat-closed", "cymbal-crash", "snare"):
        chosen = [row for row in rows if row["path"].startswith("oneshots/") and row["class"] == wanted][:25]
        vectors = np.stack([descriptors(*read(real_data, row)) for row in chosen])
        assert np.isfinite(vectors).all()
        medians[wanted] = dict(zip(names, np.median(vectors, axis=0), strict=True))
    assert medians["kick"]["centroid_hz"] < 300 < medians["snare"]["centroid_hz"] < medians["hat-closed"]["centroid_hz"]
    assert medians["kick"]["low_band_db"] > medians["hat-closed"]["low_band_db"] + 10
    assert medians["cymbal-crash"]["long_decay_time_ms"] > 2 * medians["hat-closed"]["long_decay_time_ms"]
    assert medians["kick"]["pitch_hz"] < 120
