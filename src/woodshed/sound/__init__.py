"""Sounds: the noun, files in and out, what files say beside their audio, and the finishing of outputs."""

from woodshed.sound.chunks import LoopPoint, TempoTag, WavTags
from woodshed.sound.files import SOUND_SUFFIXES, SoundInfo, probe_sound, read_sound, stream_sound
from woodshed.sound.sound import Audio, Sound
from woodshed.sound.writing import read_tags, write_sound, write_tags

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
    "read_tags",
    "stream_sound",
    "write_sound",
    "write_tags",
]
