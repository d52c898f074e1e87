"""Sounds: the noun, files in and out, what files say beside their audio, and the finishing of outputs."""

from woodshed.sound.chunks import MOST_BPM, LoopPoint, TempoTag, WavTags
from woodshed.sound.files import SOUND_SUFFIXES, SoundInfo, probe_sound, read_sound, stream_sound
from woodshed.sound.finish import CEILING_DB, LEVEL_LUFS, FinishedSound, finish_sound
from woodshed.sound.formats import FormatFact, audio_formats, libsndfile_version
from woodshed.sound.layering import mean_of, on_one_start, on_same_channels
from woodshed.sound.sound import Audio, Sound
from woodshed.sound.writing import read_tags, write_sound, write_tags

__all__ = [
    "CEILING_DB",
    "LEVEL_LUFS",
    "MOST_BPM",
    "SOUND_SUFFIXES",
    "Audio",
    "FinishedSound",
    "FormatFact",
    "LoopPoint",
    "Sound",
    "SoundInfo",
    "TempoTag",
    "WavTags",
    "audio_formats",
    "finish_sound",
    "libsndfile_version",
    "mean_of",
    "on_one_start",
    "on_same_channels",
    "probe_sound",
    "read_sound",
    "read_tags",
    "stream_sound",
    "write_sound",
    "write_tags",
]
