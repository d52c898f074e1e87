"""Sounds: the noun, its files and its finishing."""

from woodshed.sound.sound import Sound

__all__ = ["Sound"]
