"""Sounds: the noun, files in and out, what files say beside their audio, and the finishing of outputs."""

from woodshed.sound.chunks import LoopPoint, TempoTag, WavTags
from woodshed.sound.files import SOUND_SUFFIXES, SoundInfo, probe_sound, read_sound, stream_sound, write_sound
from woodshed.sound.sound import Audio, Sound

__all__ = [
    "SOUND_SUFFIXES",
    "Audio",
    "LoopPoint",
    "Sound",
    "SoundInfo",
    "TempoTag",
    "WavTags",
    "probe_sound",
    "read_sound",
    "stream_sound",
    "write_sound",
]
