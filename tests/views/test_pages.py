"""Pages: everything escaped, nothing fetched, usable by keyboard and by ear."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from woodshed.base.errors import UnreadableSound, UsageError
from woodshed.sound import Sound, write_sound
from woodshed.views import Page, SoundCard, sound_png

SOUND = Sound(0.5 * np.sin(np.arange(2000) * 0.1), 8000)
HOSTILE = "<script>alert(1)</script>\"'&\x00\x1b\udce9🥁\nz"
VOID = {"meta", "img", "source", "br"}


class Seen(HTMLParser):
    """Tags with their attributes, the text, and whether every tag was closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def full_page(folder: Path, *, words: str = "kick") -> Page:
    audio = write_sound(folder / "out" / "a b#?%.wav", SOUND)
    card = SoundCard(words, audio=audio, picture=sound_png(SOUND), lines=(words, "0.25 s"), receipt=words)
    return (
        Page(words, lead=words)
        .verdict(words, tone="good")
        .section(words, words)
        .sounds([card, card])
        .section("pairs")
        .pairs([(card, card)])
        .table(words, [words, "distance"], [[words, 1.25], [words, None]])
        .picture(sound_png(SOUND), alt=words, caption=words, dark=sound_png(SOUND))
        .details(words, words)
        .commands([(words, words)])
    )


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    seen = Seen(full_page(tmp_path, words=HOSTILE).html(folder=tmp_path))
    assert len(seen.all("script")) == 1, "only our own"
    assert seen.words.count("<script>alert(1)</script>") >= 8
    assert "\x00" not in seen.words
    assert "\x1b" not in seen.words


@given(st.text(st.characters(), max_size=40))
def test_any_text_at_all_is_only_text(text: str) -> None:
    page = Page(text, lead=text).section(text, text).table(text, [text], [[text]]).details(text, text).html()
    page.encode("utf-8")
    assert [tag for tag, _ in Seen(page).tags].count("script") == 1


def test_nothing_is_fetched_from_anywhere(tmp_path: Path) -> None:
    text = full_page(tmp_path).html(folder=tmp_path)
    seen = Seen(text)
    policy = next(m["content"] for m in seen.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    addresses = [attrs[name] for _, attrs in seen.tags for name in ("src", "href", "srcset") if attrs.get(name)]
    assert addresses
    assert all(str(address).startswith(("./", "data:", "#")) for address in addresses)
    assert "http" not in re.sub(r"http-equiv|data:[^\"]*", "", text)


def test_audio_is_linked_relative_to_the_page_whatever_its_name(tmp_path: Path) -> None:
    names = ["a b#?%&\"'.wav", "🥁.wav", os.fsdecode(b"caf\xe9.wav"), "new\nline.wav"]
    cards = [SoundCard(name, audio=write_sound(tmp_path / "sounds" / name, SOUND)) for name in names]
    path = Page("x").sounds(cards).write(tmp_path / "pages" / "x.html")
    for name, attrs in zip(names, Seen(path.read_text(encoding="utf-8")).all("audio"), strict=True):
        source = attrs["src"]
        assert source is not None
        assert source.isascii()
        found = path.parent / os.fsdecode(unquote_to_bytes(source))
        assert found.resolve() == (tmp_path / "sounds" / name).resolve()


def test_audio_can_travel_inside_the_page(tmp_path: Path) -> None:
    page = full_page(tmp_path)
    audio = next((tmp_path / "out").iterdir())
    text = page.html(folder=tmp_path, embed_audio=True)
    source = Seen(text).all("audio")[0]["src"]
    assert source is not None
    assert source.startswith("data:audio/wav;base64,")
    assert base64.b64decode(source.partition(",")[2]) == audio.read_bytes()
    audio.unlink()
    with pytest.raises(UnreadableSound, match=r"cannot be put into the page.*moved or deleted.*link to it instead"):
        page.write(tmp_path / "x.html", embed_audio=True)
    assert not (tmp_path / "x.html").exists()


def test_it_can_be_used_by_keyboard_and_screen_reader(tmp_path: Path) -> None:
    seen = Seen(full_page(tmp_path).html(folder=tmp_path))
    assert seen.all("html")[0]["lang"] == "en"
    assert all("alt" in image for image in seen.all("img"))
    assert all("controls" in audio and audio["aria-label"] for audio in seen.all("audio"))
    buttons = seen.all("button")
    assert len(buttons) == 4
    assert all(button["type"] == "button" and button["aria-label"] == "Play kick" for button in buttons)
    assert all(head["scope"] in ("col", "row") for head in seen.all("th"))
    assert len(seen.all("caption")) == len(seen.all("table")) == 1
    assert [tag for tag, _ in seen.tags if tag in ("header", "main", "nav", "footer")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    anchors = {attrs["id"] for _, attrs in seen.tags if attrs.get("id")}
    assert {str(link["href"])[1:] for link in seen.all("a")} <= anchors


def test_light_and_dark_are_the_readers_choice(tmp_path: Path) -> None:
    text = full_page(tmp_path).html(folder=tmp_path)
    assert "@media (prefers-color-scheme: dark)" in text
    assert "color-scheme: light dark" in text
    assert Seen(text).all("source")[0]["media"] == "(prefers-color-scheme: dark)"


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_words_stand_out_from_their_ground() -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    style = (Path(__file__).parents[2] / "src/woodshed/views/page.css").read_text()
    themes = [
        dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(themes) == 2
    for theme in themes:
        for words in ("ink", "muted", "accent", "good", "fair", "poor"):
            for ground in ("ground", "card"):
                light, dark = sorted((_luminance(theme[words]), _luminance(theme[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ground)


def test_numbers_stand_to_the_right_and_gaps_are_dashes() -> None:
    text = Page("x").table("t", ["row", "n", "word"], [["a", 1234.5678, "x"], ["b", None, "y"]]).html()
    assert '<td class="number">1235</td><td>x</td>' in text
    assert '<td class="number">–</td>' in text


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(UsageError, match=r"A row has 1 cells for 2 columns.*None for what is not known"):
        Page("x").table("t", ["a", "b"], [["a"]])


def test_contents_come_with_three_sections() -> None:
    page = Page("x").section("One").section("Two")
    assert "<nav" not in page.html()
    assert page.section("Three").html().count('<li><a href="#part-') == 3


def test_a_page_without_sounds_links_none_and_a_card_may_be_bare() -> None:
    seen = Seen(Page("x").sounds([SoundCard("only a name"), SoundCard("picture", picture=sound_png(SOUND))]).html())
    assert seen.all("audio") == []
    assert seen.all("button") == []
    assert len(seen.all("img")) == 1


def test_sounds_stand_under_a_heading_in_so_many_columns() -> None:
    cards = [SoundCard(f"made {number}") for number in range(5)]
    text = Page("Kicks").sounds(cards, heading="kick & co", columns=5).html()
    assert "<h3>kick &amp; co</h3>" in text
    assert '<ul class="cards columns" style="--columns: 5">' in text
    assert text.count('<li class="card">') == 5
