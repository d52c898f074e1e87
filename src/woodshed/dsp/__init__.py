"""Arrays in, arrays out: transforms, maps, loudness, envelopes, onsets, pitch, tempo, key, descriptors (no Sound)."""

from woodshed.dsp._audio import SILENT_DB, Audio
from woodshed.dsp._fourier import irfft, next_fast_length, rfft
from woodshed.dsp.closing import FADE_S, LoopCut, closed_loop, loop_cut, turned_to_hit
from woodshed.dsp.declipping import Clipping, declipped, find_clipping
from woodshed.dsp.descriptors import DESCRIPTORS, Descriptor, describe, descriptor_index, descriptors
from woodshed.dsp.envelope import Envelope, amplitude_envelope
from woodshed.dsp.extrapolation import extrapolated
from woodshed.dsp.faults import Faults, find_faults
from woodshed.dsp.flux import Flux, spectral_flux
from woodshed.dsp.key import Key, chroma, key
from woodshed.dsp.loudness import (
    gated_loudness_lufs,
    integrated_loudness_lufs,
    k_weighting,
    momentary_loudness_lufs,
    true_peak_db,
)
from woodshed.dsp.maps import (
    bin_frequencies_hz,
    hz_to_mel,
    log_frequencies_hz,
    log_frequency_filterbank,
    mel_filterbank,
    mel_to_hz,
)
from woodshed.dsp.mdct import imdct, imdst, mdct, mdct_hop_count, mdct_power, mdst
from woodshed.dsp.onsets import first_onset_s, onset_times_s
from woodshed.dsp.pitch import Pitch, PitchTrack, fundamental_hz, pitch_track, settled_pitch
from woodshed.dsp.stft import hop_count, istft, stft
from woodshed.dsp.tempo import Tempo, tempo_bpm
from woodshed.dsp.windows import hann, sine_window

__all__ = [
    "DESCRIPTORS",
    "FADE_S",
    "SILENT_DB",
    "Audio",
    "Clipping",
    "Descriptor",
    "Envelope",
    "Faults",
    "Flux",
    "Key",
    "LoopCut",
    "Pitch",
    "PitchTrack",
    "Tempo",
    "amplitude_envelope",
    "bin_frequencies_hz",
    "chroma",
    "closed_loop",
    "declipped",
    "describe",
    "descriptor_index",
    "descriptors",
    "extrapolated",
    "find_clipping",
    "find_faults",
    "first_onset_s",
    "fundamental_hz",
    "gated_loudness_lufs",
    "hann",
    "hop_count",
    "hz_to_mel",
    "imdct",
    "imdst",
    "integrated_loudness_lufs",
    "irfft",
    "istft",
    "k_weighting",
    "key",
    "log_frequencies_hz",
    "log_frequency_filterbank",
    "loop_cut",
    "mdct",
    "mdct_hop_count",
    "mdct_power",
    "mdst",
    "mel_filterbank",
    "mel_to_hz",
    "momentary_loudness_lufs",
    "next_fast_length",
    "onset_times_s",
    "pitch_track",
    "rfft",
    "settled_pitch",
    "sine_window",
    "spectral_flux",
    "stft",
    "tempo_bpm",
    "true_peak_db",
    "turned_to_hit",
]
