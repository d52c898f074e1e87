"""Torch blocks: the lapped transform, bands, principal components, the exact split of a sound, a small transformer."""

from woodshed.nn.attacks import ATTACK_NUMBERS, ATTACK_POINTS, above_bass, attack_of, attacked
from woodshed.nn.augmenting import MOST_DECAY_DB, MOST_SEMITONES, MOST_TILT_DB, at_speed, leaned
from woodshed.nn.band_courses import BAND_COURSE_BANDS, BAND_COURSE_POINTS, BandCourses
from woodshed.nn.bands import BandMap
from woodshed.nn.circular import circle_lapped, circle_places, circle_resampled, circle_steps, circle_unlapped
from woodshed.nn.circular_transformer import CircularTransformer
from woodshed.nn.codec import Decoded, SpectralCodec
from woodshed.nn.colours import (
    COLOUR_NUMBERS,
    COLOUR_POINTS,
    as_bright,
    colour_of,
    colour_points_hz,
    coloured,
    leaned_colour,
)
from woodshed.nn.courses import COURSE_NUMBERS, COURSE_POINTS, course_of, coursed, faded_course, rise_of, struck
from woodshed.nn.crossing import crossed
from woodshed.nn.discriminator import BandDiscriminator, deceiving_loss, discriminator_loss
from woodshed.nn.envelopes import SIDE_LOW, EnvelopeSplitter, Split, sounding_span
from woodshed.nn.extending import Extender
from woodshed.nn.gliding import Glide
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped
from woodshed.nn.lengths import LengthTable, at_quantile, released
from woodshed.nn.loops import LoopShape, LoopSplit, LoopSplitter, to_mid_side
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
from woodshed.nn.mending import with_plain_top, without_holes
from woodshed.nn.metal import LINE_POINTS, METAL_NUMBERS, lines_of, metal_of, noise_with, retuned_lines
from woodshed.nn.muon import Muon, near_orthogonal
from woodshed.nn.neighbourhood import PLACE_NUMBERS, TOLD_NUMBERS, Neighbourhood, Place, edges_of, no_farther
from woodshed.nn.partial_tracking import partials_of
from woodshed.nn.partials import GLIDE_PLACES, MODES, PARTIAL_NUMBERS, Partials
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.ring_prior import RingPrior
from woodshed.nn.ringing import Ringer, unsmeared
from woodshed.nn.seconds_grid import SecondsGrid, left_and_right, mid_and_side
from woodshed.nn.shaping import MOST_HISS, NO_HISS, Reshaped, Shape, Shaper, hiss_of, lean_of, leaned_over
from woodshed.nn.speeding import compile_for_gpu, half_width, one_thread
from woodshed.nn.traits import TRAITS, Traits
from woodshed.nn.transformer import SteeredTransformer, wave_positions
from woodshed.nn.tuning import Tuner
from woodshed.nn.turns import evenly, turn_of
from woodshed.nn.wave_network import WaveNetwork

__all__ = [
    "ATTACK_NUMBERS",
    "ATTACK_POINTS",
    "BAND_COURSE_BANDS",
    "BAND_COURSE_POINTS",
    "COLOUR_NUMBERS",
    "COLOUR_POINTS",
    "COURSE_NUMBERS",
    "COURSE_POINTS",
    "GLIDE_PLACES",
    "LINE_POINTS",
    "METAL_NUMBERS",
    "MODES",
    "MOST_DECAY_DB",
    "MOST_HISS",
    "MOST_SEMITONES",
    "MOST_TILT_DB",
    "NO_HISS",
    "PARTIAL_NUMBERS",
    "PLACE_NUMBERS",
    "SIDE_LOW",
    "TOLD_NUMBERS",
    "TRAITS",
    "BandCourses",
    "BandDiscriminator",
    "BandMap",
    "CircularTransformer",
    "Decoded",
    "EnvelopeSplitter",
    "Extender",
    "Glide",
    "LengthTable",
    "LoopShape",
    "LoopSplit",
    "LoopSplitter",
    "Moments",
    "Muon",
    "Neighbourhood",
    "Partials",
    "Place",
    "PrincipalBasis",
    "Reshaped",
    "RingPrior",
    "Ringer",
    "SecondsGrid",
    "Shape",
    "Shaper",
    "SpectralCodec",
    "Split",
    "SteeredTransformer",
    "Traits",
    "Tuner",
    "WaveNetwork",
    "above_bass",
    "as_bright",
    "at_quantile",
    "at_rate",
    "at_speed",
    "attack_of",
    "attacked",
    "centroid_hz",
    "circle_lapped",
    "circle_places",
    "circle_resampled",
    "circle_steps",
    "circle_unlapped",
    "colour_of",
    "colour_points_hz",
    "coloured",
    "compile_for_gpu",
    "course_of",
    "coursed",
    "crossed",
    "deceiving_loss",
    "discriminator_loss",
    "edges_of",
    "envelope_db",
    "evenly",
    "faded_course",
    "half_width",
    "hiss_of",
    "hop_frames_of",
    "lapped",
    "lean_of",
    "leaned",
    "leaned_colour",
    "leaned_over",
    "left_and_right",
    "levels_db",
    "lines_of",
    "loudness_db",
    "mel_levels_db",
    "metal_of",
    "mid_and_side",
    "near_orthogonal",
    "no_farther",
    "noise_with",
    "octave_centres_hz",
    "octave_levels_db",
    "one_thread",
    "partials_of",
    "power_pieces",
    "released",
    "retuned_lines",
    "rise_of",
    "rises_db",
    "sounding_span",
    "steps_of",
    "struck",
    "to_mid_side",
    "turn_of",
    "unlapped",
    "unsmeared",
    "wave_positions",
    "with_plain_top",
    "without_holes",
]
