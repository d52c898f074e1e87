"""Torch blocks: the lapped transform, bands, principal components, the exact split of a sound, a small transformer."""

from woodshed.nn.augmenting import MOST_DECAY_DB, MOST_SEMITONES, MOST_TILT_DB, at_speed, leaned
from woodshed.nn.bands import BandMap
from woodshed.nn.circular import circle_lapped, circle_places, circle_resampled, circle_steps, circle_unlapped
from woodshed.nn.circular_transformer import CircularTransformer
from woodshed.nn.crossing import crossed
from woodshed.nn.envelopes import EnvelopeSplitter, Split, sounding_span
from woodshed.nn.extending import Extender
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped
from woodshed.nn.loops import LoopShape, LoopSplit, LoopSplitter, to_mid_side
from woodshed.nn.mending import with_plain_top, without_holes
from woodshed.nn.muon import Muon, near_orthogonal
from woodshed.nn.partial_tracking import partials_of
from woodshed.nn.partials import PARTIAL_NUMBERS, Partials
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.ring_prior import RingPrior
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
    "CircularTransformer",
    "EnvelopeSplitter",
    "Extender",
    "LoopShape",
    "LoopSplit",
    "LoopSplitter",
    "Moments",
    "Muon",
    "Partials",
    "PrincipalBasis",
    "Reshaped",
    "RingPrior",
    "Ringer",
    "Shape",
    "Shaper",
    "Split",
    "SteeredTransformer",
    "Traits",
    "at_speed",
    "circle_lapped",
    "circle_places",
    "circle_resampled",
    "circle_steps",
    "circle_unlapped",
    "crossed",
    "hop_frames_of",
    "lapped",
    "lean_of",
    "leaned",
    "leaned_over",
    "near_orthogonal",
    "partials_of",
    "sounding_span",
    "steps_of",
    "to_mid_side",
    "unlapped",
    "unsmeared",
    "wave_positions",
    "with_plain_top",
    "without_holes",
]
