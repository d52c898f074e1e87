"""Torch blocks: the lapped transform, bands, principal components, the exact split of a sound, a small transformer."""

from woodshed.nn.augmenting import MOST_DECAY_DB, MOST_SEMITONES, MOST_TILT_DB, at_speed, leaned
from woodshed.nn.bands import BandMap
from woodshed.nn.codec import Decoded, SpectralCodec
from woodshed.nn.discriminator import BandDiscriminator, deceiving_loss, discriminator_loss
from woodshed.nn.envelopes import EnvelopeSplitter, Split, sounding_span
from woodshed.nn.lapped import hop_frames_of, lapped, steps_of, unlapped
from woodshed.nn.lengths import LengthTable, released
from woodshed.nn.partial_tracking import partials_of
from woodshed.nn.partials import PARTIAL_NUMBERS, Partials
from woodshed.nn.principal import Moments, PrincipalBasis
from woodshed.nn.ringing import Ringer, unsmeared
from woodshed.nn.seconds_grid import SecondsGrid, left_and_right, mid_and_side
from woodshed.nn.shaping import Reshaped, Shape, Shaper
from woodshed.nn.speeding import compile_for_gpu, half_width
from woodshed.nn.traits import TRAITS, Traits
from woodshed.nn.transformer import SteeredTransformer, wave_positions
from woodshed.nn.wave_network import WaveNetwork

__all__ = [
    "MOST_DECAY_DB",
    "MOST_SEMITONES",
    "MOST_TILT_DB",
    "PARTIAL_NUMBERS",
    "TRAITS",
    "BandDiscriminator",
    "BandMap",
    "Decoded",
    "EnvelopeSplitter",
    "LengthTable",
    "Moments",
    "Partials",
    "PrincipalBasis",
    "Reshaped",
    "Ringer",
    "SecondsGrid",
    "Shape",
    "Shaper",
    "SpectralCodec",
    "Split",
    "SteeredTransformer",
    "Traits",
    "WaveNetwork",
    "at_speed",
    "compile_for_gpu",
    "deceiving_loss",
    "discriminator_loss",
    "half_width",
    "hop_frames_of",
    "lapped",
    "leaned",
    "left_and_right",
    "mid_and_side",
    "partials_of",
    "released",
    "sounding_span",
    "steps_of",
    "unlapped",
    "unsmeared",
    "wave_positions",
]
