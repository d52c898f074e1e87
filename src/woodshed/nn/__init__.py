"""Torch blocks: the lapped transform, bands, principal components, the exact split of a sound, a small transformer."""

from woodshed.nn.augmenting import MOST_DECAY_DB, MOST_SEMITONES, MOST_TILT_DB, at_speed, leaned
from woodshed.nn.bands import BandMap
from woodshed.nn.envelopes import EnvelopeSplitter, Split, sounding_span
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped
from woodshed.nn.partial_tracking import partials_of
from woodshed.nn.partials import PARTIAL_NUMBERS, Partials
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.ringing import Ringer, unsmeared
from woodshed.nn.shaping import Reshaped, Shape, Shaper
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
    "Partials",
    "PrincipalBasis",
    "Reshaped",
    "Ringer",
    "Shape",
    "Shaper",
    "Split",
    "SteeredTransformer",
    "Traits",
    "at_speed",
    "hop_frames_of",
    "lapped",
    "leaned",
    "partials_of",
    "sounding_span",
    "steps_of",
    "unlapped",
    "unsmeared",
    "wave_positions",
]
