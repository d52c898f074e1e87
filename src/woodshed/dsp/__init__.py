"""Arrays in, arrays out: transforms, maps, loudness, envelopes, onsets (NumPy and SciPy only)."""

from woodshed.dsp._audio import SILENT_DB, Audio
from woodshed.dsp.envelope import Envelope, amplitude_envelope
from woodshed.dsp.loudness import integrated_loudness_lufs, k_weighting, momentary_loudness_lufs, true_peak_db
from woodshed.dsp.maps import (
    bin_frequencies_hz,
    hz_to_mel,
    log_frequencies_hz,
    log_frequency_filterbank,
    mel_filterbank,
    mel_to_hz,
)
from woodshed.dsp.mdct import imdct, imdst, mdct, mdct_hop_count, mdct_power, mdst
from woodshed.dsp.onsets import first_onset_s
from woodshed.dsp.stft import hop_count, istft, stft
from woodshed.dsp.windows import hann, sine_window

__all__ = [
    "SILENT_DB",
    "Audio",
    "Envelope",
    "amplitude_envelope",
    "bin_frequencies_hz",
    "first_onset_s",
    "hann",
    "hop_count",
    "hz_to_mel",
    "imdct",
    "imdst",
    "integrated_loudness_lufs",
    "istft",
    "k_weighting",
    "log_frequencies_hz",
    "log_frequency_filterbank",
    "mdct",
    "mdct_hop_count",
    "mdct_power",
    "mdst",
    "mel_filterbank",
    "mel_to_hz",
    "momentary_loudness_lufs",
    "sine_window",
    "stft",
    "true_peak_db",
]
