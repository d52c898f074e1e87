"""What librosa 0.11.0 says of sounds and scales of these tests, written down once: no test loads it.

    python -m pip install -c constraints.txt --group bench
    python -m tests.dsp.peer_figures

writes peer_figures.json anew. Each figure names its call and parameters; the default of what is not named is librosa's.
A large array is kept as its shape and some hundred values with their places. With the figures of a sound stands how the
sound itself looked, so that a sound that was changed here is told apart from a measurement that was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

RELEASE = "0.11.0"
FILE = Path(__file__).with_name("peer_figures.json")
BANKS = ((44_100, 40), (48_000, 128), (16_000, 64))
MEL_SCALE_HZ = np.geomspace(1, 20_000, 200)
YIN_HZ = (65.4, 196.0, 523.3)


def peer_figures(name: str, sound: np.ndarray | None = None) -> dict[str, Any]:
    """The figures of that name; of ``sound`` (frames,), which must be the one that was measured then."""
    figures = json.loads(FILE.read_text(encoding="utf-8"))[name]
    if sound is not None:
        again = "the sound is not the one measured: run python -m tests.dsp.peer_figures"
        now, then = _look(sound), figures["sound"]
        assert now["frames"] == then["frames"], again
        np.testing.assert_allclose(now["values"], then["values"], rtol=1e-4, atol=1e-6, err_msg=again)
    return figures


def assert_like_peer(ours: np.ndarray, theirs: Mapping[str, Any], *, atol: float) -> None:
    """The values kept of their array are at the same places of ours."""
    assert list(ours.shape) == theirs["shape"]
    np.testing.assert_allclose(ours.ravel()[theirs["places"]], theirs["values"], atol=atol, rtol=1e-7)


def main() -> None:
    """Ask librosa for every figure and write the file."""
    import librosa

    if librosa.__version__ != RELEASE:
        raise SystemExit(f"This is librosa {librosa.__version__}; the figures are of {RELEASE}.")
    figures = {**_scales(), **_spectra(), "onsets": _onsets(), "tempo": _tempo(), **_pitches()}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in {"source": RELEASE, **figures}.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _scales() -> dict[str, Any]:
    import librosa

    call = "librosa.hz_to_mel(geomspace(1, 20000, 200))"
    figures: dict[str, Any] = {"hz_to_mel": {"call": call, "values": librosa.hz_to_mel(MEL_SCALE_HZ).tolist()}}
    for rate, bands in BANKS:
        bank = librosa.filters.mel(sr=rate, n_fft=2048, n_mels=bands, fmin=30)
        near = (bank + np.roll(bank, 1, axis=1) + np.roll(bank, -1, axis=1)).ravel() > 0  # the first zeros beside too
        figures[f"mel_{rate}"] = {
            "call": f"librosa.filters.mel(sr={rate}, n_fft=2048, n_mels={bands}, fmin=30)",
            **_kept(bank, np.flatnonzero(near)[::11]),
        }
    return figures


def _spectra() -> dict[str, Any]:
    import librosa

    from tests.dsp.test_descriptors import BAND
    from tests.dsp.test_stft import NOISE

    spectra = librosa.stft(NOISE, n_fft=1024, hop_length=256, pad_mode="constant")
    hops = [0, 1, 2, 3, *range(20, 168, 21), *range(spectra.shape[1] - 4, spectra.shape[1])]
    grid = np.ravel_multi_index(np.ix_(range(0, 513, 32), hops), spectra.shape).ravel()
    power = np.abs(librosa.stft(BAND, n_fft=2048, hop_length=1024, pad_mode="constant")) ** 2
    average = power.sum(axis=1, keepdims=True)
    above = average[librosa.fft_frequencies(sr=44_100) >= 100]
    feature = librosa.feature
    return {
        "stft": {
            "call": "librosa.stft(x, n_fft=1024, hop_length=256, pad_mode='constant'), real and imaginary",
            "sound": _look(NOISE),
            "real": _kept(spectra.real, grid),
            "imaginary": _kept(spectra.imag, grid),
        },
        "spectrum": {
            "call": "S: sum over time of abs(librosa.stft(x, n_fft=2048, hop_length=1024, pad_mode='constant')) ** 2; "
            "librosa.feature.spectral_{centroid,bandwidth,rolloff}(S=S, sr=44100); "
            "librosa.feature.spectral_flatness(S=S from 100 Hz on, power=1.0, amin=1e-10 * its mean)",
            "sound": _look(BAND),
            "centroid_hz": feature.spectral_centroid(S=average, sr=44_100).item(),
            "bandwidth_hz": feature.spectral_bandwidth(S=average, sr=44_100).item(),
            "rolloff_hz": feature.spectral_rolloff(S=average, sr=44_100).item(),
            "flatness": feature.spectral_flatness(S=above, power=1.0, amin=1e-10 * above.mean()).item(),
        },
    }


def _onsets() -> dict[str, Any]:
    import librosa

    from tests.dsp.test_onsets import groove

    sound = groove(seed=11)[0].astype(np.float32)
    times = librosa.onset.onset_detect(y=sound, sr=44_100, units="time", backtrack=False)
    call = "librosa.onset.onset_detect(y=x, sr=44100, units='time', backtrack=False)"
    return {"call": call, "sound": _look(sound), "times_s": times.tolist()}


def _tempo() -> dict[str, Any]:
    import librosa

    from tests.dsp.test_tempo import four_bars

    sound = four_bars(118).astype(np.float32)
    tempo = np.atleast_1d(librosa.feature.tempo(y=sound, sr=44_100))[0]
    return {"call": "librosa.feature.tempo(y=x, sr=44100)", "sound": _look(sound), "bpm": float(tempo)}


def _pitches() -> dict[str, Any]:
    import librosa

    from tests.dsp.test_pitch import TIMBRES, harmonics

    figures = {}
    for frequency in YIN_HZ:
        sound = harmonics(frequency, TIMBRES["weak fundamental"]).astype(np.float32)
        track = librosa.yin(sound, fmin=40, fmax=1000, sr=44_100, frame_length=4096)
        call = "median of librosa.yin(x, fmin=40, fmax=1000, sr=44100, frame_length=4096)"
        figures[f"yin_{frequency}"] = {"call": call, "sound": _look(sound), "hz": float(np.median(track))}
    return figures


def _kept(values: np.ndarray, places: np.ndarray) -> dict[str, Any]:
    """The shape of an array and the values at some places of it, counted along its rows."""
    kept = [float(f"{value:.8g}") for value in values.ravel()[places]]
    return {"shape": list(values.shape), "places": places.tolist(), "values": kept}


def _look(sound: np.ndarray) -> dict[str, Any]:
    """The length of a sound, its level, and 15 of its values."""
    probes = sound[:: max(1, sound.size // 15)][:15]
    level = np.sqrt(np.mean(np.square(sound, dtype=np.float64)))
    return {"frames": int(sound.size), "values": [float(f"{value:.7g}") for value in (level, *probes)]}


if __name__ == "__main__":
    main()
