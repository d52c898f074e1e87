"""Torch blocks: the lapped transform, bands, principal components, the exact split of a sound, a small transformer."""

from woodshed.nn.augmenting import MOST_DECAY_DB, MOST_SEMITONES, MOST_TILT_DB, at_speed, leaned
from woodshed.nn.bands import BandMap
from woodshed.nn.envelopes import EnvelopeSplitter, Split, sounding_span
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped
from woodshed.nn.measuring import (
    at_rate,
    centroid_hz,
    envelope_db,
    levels_db,
    loudness_db,
    mel_levels_db,
    octave_centres_hz,
    octave_levels_db,
    power_pieces,
    rises_db,
)
from woodshed.nn.muon import Muon, near_orthogonal
from woodshed.nn.partial_tracking import partials_of
from woodshed.nn.partials import PARTIAL_NUMBERS, Partials
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.ringing import Ringer, unsmeared
from woodshed.nn.shaping import Reshaped, Shape, Shaper, lean_of, leaned_over
from woodshed.nn.traits import TRAITS, Traits
from woodshed.nn.transformer import SteeredTransformer, wave_positions

__all__ = [
    "MOST_DECAY_DB",
    "MOST_SEMITONES",
    "MOST_TILT_DB",
    "PARTIAL_NUMBERS",
    "TRAITS",
    "BandMap",
    "EnvelopeSplitter",
    "Moments",
    "Muon",
    "Partials",
    "PrincipalBasis",
    "Reshaped",
    "Ringer",
    "Shape",
    "Shaper",
    "Split",
    "SteeredTransformer",
    "Traits",
    "at_rate",
    "at_speed",
    "centroid_hz",
    "envelope_db",
    "hop_frames_of",
    "lapped",
    "lean_of",
    "leaned",
    "leaned_over",
    "levels_db",
    "loudness_db",
    "mel_levels_db",
    "near_orthogonal",
    "octave_centres_hz",
    "octave_levels_db",
    "partials_of",
    "power_pieces",
    "rises_db",
    "sounding_span",
    "steps_of",
    "unlapped",
    "unsmeared",
    "wave_positions",
]
