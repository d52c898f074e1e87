"""What this machine can read and write, as the doctor tells it."""

from __future__ import annotations

import pytest
import soundfile

from woodshed.sound import SOUND_SUFFIXES, audio_formats, libsndfile_version


def test_every_promised_format_works_here() -> None:
    facts = {fact.name: fact for fact in audio_formats()}
    assert set(facts) >= {"WAV 24-bit", "WAV float", "AIFF", "FLAC", "OGG Vorbis", "Opus", "MP3"}
    for fact in facts.values():
        if fact.name != "m4a / mp4":
            assert (fact.reads, fact.writes, fact.way_out) == (True, True, ""), fact.name
        assert set(fact.suffixes) <= SOUND_SUFFIXES
    assert libsndfile_version().count(".") == 2


def test_m4a_works_with_the_extra() -> None:
    pytest.importorskip("av")
    assert next(fact for fact in audio_formats() if fact.name == "m4a / mp4").reads


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woodshed.sound.mp4.importlib.util.find_spec", lambda _: None)
    fact = next(fact for fact in audio_formats() if fact.name == "m4a / mp4")
    assert (fact.reads, fact.way_out) == (False, 'pip install "woodshed[formats]"')


def test_an_old_library_is_told_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("unknown format")

    monkeypatch.setattr(soundfile, "write", refuse)
    fact = audio_formats()[0]
    assert (fact.reads, fact.writes) == (False, False)
    assert "pip install --upgrade soundfile" in fact.way_out
