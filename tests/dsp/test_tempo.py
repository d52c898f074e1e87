import numpy as np
import pytest

from tests.dsp.peer_figures import peer_figures
from tests.dsp.signals import decaying, noise, sine
from woodshed.dsp import tempo_bpm

KICK, SNARE, HAT = (
    decaying(sine(60, duration_s=0.3), decay_db_per_s=150),
    decaying(noise(duration_s=0.3, seed=1)[0] * 4, decay_db_per_s=200),
    decaying(np.diff(noise(duration_s=0.1, seed=2)[0] * 2, prepend=0), decay_db_per_s=500),
)


def four_bars(bpm, *, rate=44_100, swing=0.0):
    """Kick on one and three, snare on two and four, hats on eighths; (frames,) cut to four bars."""
    beat = 60 / bpm
    x = np.zeros(round(16 * beat * rate))
    for eighth in range(32):
        time = beat * (eighth // 2 + (0.5 + swing if eighth % 2 else 0))
        hits = [0.4 * HAT]
        if eighth % 2 == 0:
            hits.append(KICK if eighth % 4 == 0 else SNARE)
        for hit in hits:
            start = round(time * rate)
            stop = min(x.size, start + hit.size)
            x[start:stop] += hit[: stop - start]
    return x


@pytest.mark.parametrize("bpm", [85, 97.3, 120, 133, 150])
def test_drums_of_known_tempo(bpm):
    tempo = tempo_bpm(four_bars(bpm), 44_100)
    assert tempo.bpm == pytest.approx(bpm, rel=0.005)
    assert tempo.confidence > 0.2


@pytest.mark.parametrize("bpm", [72.5, 120, 174])
def test_whole_bars_give_the_exact_tempo(bpm):
    x = four_bars(bpm)
    measured = tempo_bpm(x, 44_100, whole_bars=True).bpm
    ratio = measured / (960 * 44_100 / x.size)
    assert min(abs(ratio - r) for r in (0.5, 1.0, 2.0)) < 1e-9


def test_swing_and_gain_do_not_move_it():
    plain = tempo_bpm(four_bars(110), 44_100).bpm
    assert tempo_bpm(four_bars(110, swing=0.12), 44_100).bpm == pytest.approx(plain, rel=0.01)
    assert tempo_bpm(0.01 * four_bars(110), 44_100).bpm == pytest.approx(plain, rel=1e-3)


def test_range_is_kept():
    assert 50 <= tempo_bpm(four_bars(120), 44_100, slowest_bpm=50, fastest_bpm=90).bpm <= 91
    assert tempo_bpm(four_bars(120), 44_100, slowest_bpm=110, fastest_bpm=140).bpm == pytest.approx(120, rel=0.005)


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros(10), np.ones(1), np.zeros(44_100 * 3), sine(440, duration_s=0.9)])
def test_nothing_to_hear(x):
    tempo = tempo_bpm(x, 44_100)
    assert np.isnan(tempo.bpm)
    assert tempo.confidence == 0.0


def test_agrees_with_librosa():
    x = four_bars(118).astype(np.float32)
    assert tempo_bpm(x, 44_100).bpm == pytest.approx(peer_figures("tempo", x)["bpm"], rel=0.05)
