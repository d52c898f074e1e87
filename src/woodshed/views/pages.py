"""Pages that show and play sounds: one HTML file, no request leaves the machine, every word escaped.

Style and script lie beside this module (``page.css``, ``page.js``) and are put into the page, which forbids by its own
content security policy that anything else is loaded or run.
"""

from __future__ import annotations

import base64
import hashlib
import html
import mimetypes
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal
from urllib.parse import quote_from_bytes

from woodshed.base.errors import UnreadableSound, UsageError
from woodshed.base.files import printable, write_text_atomically
from woodshed.views.style import PathLike, data_uri

Cell = str | int | float | None
Tone = Literal["good", "fair", "poor", "plain"]
_TONES: dict[Tone, str] = {"good": "Good.", "fair": "Fair.", "poor": "Not yet.", "plain": ""}
_AUDIO_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
}


@dataclass(frozen=True)
class SoundCard:
    """One playable sound on a page.

    Parameters
    ----------
    title
        What the sound is called.
    audio
        A file that browsers play: WAV, FLAC, OGG, Opus, MP3 or m4a.
    picture
        PNG bytes, usually from ``sound_png``; None leaves the picture out.
    lines
        Short facts, one line each.
    receipt
        Long text that opens on request.
    """

    title: str
    audio: PathLike | None = None
    picture: bytes | None = None
    lines: tuple[str, ...] = ()
    receipt: str = ""


class Page:
    """A page, built from top to bottom; every method returns the page.

    Parameters
    ----------
    title
        Heading and window title.
    lead
        One or two sentences under the heading.

    Examples
    --------
    >>> page = Page("New kicks", lead="Sixteen of them.").section("Numbers")
    >>> text = page.table("Loudness", ["sound", "LUFS"], [["kick <1>", -20.5]]).html()
    >>> "kick &lt;1&gt;" in text and "<script src" not in text
    True
    """

    def __init__(self, title: str, *, lead: str = "") -> None:
        self.title = title
        self.lead = lead
        self._parts: list[str | _Sounds] = []
        self._headings: list[str] = []

    def section(self, heading: str, *paragraphs: str) -> Page:
        """Begin a section; the page's contents list it."""
        self._headings.append(heading)
        self._parts.append(f'<h2 id="part-{len(self._headings)}">{_escaped(heading)}</h2>')
        return self.text(*paragraphs)

    def text(self, *paragraphs: str) -> Page:
        """Add paragraphs."""
        self._parts.extend(f"<p>{_escaped(paragraph)}</p>" for paragraph in paragraphs)
        return self

    def verdict(self, text: str, *, tone: Tone = "plain") -> Page:
        """Add the one sentence to remember; the tone is said in a word, not by colour alone."""
        word = f"<strong>{_TONES[tone]}</strong>" if _TONES[tone] else ""
        self._parts.append(f'<div class="verdict {tone}" role="note">{word}{_escaped(text)}</div>')
        return self

    def table(self, caption: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Page:
        """Add a table; the first cell of a row is its heading, numbers are set to the right, None is a dash.

        Raises
        ------
        UsageError
            If a row is longer or shorter than the columns.
        """
        for row in rows:
            if len(row) != len(columns):
                cause, way_out = "a figure is missing", "give None for what is not known"
                raise UsageError(f"A row has {len(row)} cells for {len(columns)} columns", cause=cause, way_out=way_out)
        numeric = [_is_numeric([row[index] for row in rows]) for index in range(len(columns))]
        head = "".join(_cell("th", name, number=numeric[i], scope="col") for i, name in enumerate(columns))
        body = "".join(
            "<tr>"
            + "".join(
                _cell("td" if i else "th", cell, number=numeric[i], scope="" if i else "row")
                for i, cell in enumerate(row)
            )
            + "</tr>"
            for row in rows
        )
        self._parts.append(
            f'<div class="table" tabindex="0" role="region" aria-label="{_escaped(caption)}"><table>'
            f"<caption>{_escaped(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        return self

    def sounds(self, cards: Sequence[SoundCard], *, heading: str = "", columns: int = 0) -> Page:
        """Add a grid of playable sounds: under a small heading, in so many columns; 0 as many as there is room for."""
        if heading:
            self._parts.append(f"<h3>{_escaped(heading)}</h3>")
        self._parts.append(_Sounds(tuple((card,) for card in cards), columns))
        return self

    def pairs(self, pairs: Sequence[tuple[SoundCard, SoundCard]]) -> Page:
        """Add sounds side by side, two and two, such as a new one and the nearest real one."""
        self._parts.append(_Sounds(tuple(pairs)))
        return self

    def picture(self, png: bytes, *, alt: str, caption: str = "", dark: bytes | None = None) -> Page:
        """Add a picture; ``dark`` is shown instead where the reader's screen is dark, ``alt`` says it in words."""
        source = f'<source media="(prefers-color-scheme: dark)" srcset="{data_uri(dark)}">' if dark else ""
        words = f"<figcaption>{_escaped(caption)}</figcaption>" if caption else ""
        image = f'<img src="{data_uri(png)}" alt="{_escaped(alt)}">'
        self._parts.append(f"<figure><picture>{source}{image}</picture>{words}</figure>")
        return self

    def details(self, summary: str, text: str) -> Page:
        """Add long text, such as a receipt, that opens on request."""
        self._parts.append(_details(summary, text))
        return self

    def commands(self, commands: Sequence[tuple[str, str]], *, heading: str = "Next") -> Page:
        """Add what to type next: pairs of command and what it does."""
        self.section(heading)
        rows = "".join(f"<li>{_escaped(what)}<pre><code>{_escaped(text)}</code></pre></li>" for text, what in commands)
        self._parts.append(f'<ol class="commands">{rows}</ol>')
        return self

    def html(self, *, folder: PathLike | None = None, embed_audio: bool = False) -> str:
        """The whole page as text.

        Parameters
        ----------
        folder
            Where the page will lie; audio is linked relative to it. None links from the working folder.
        embed_audio
            Put the audio into the page, so that it may be moved or sent as one file.

        Raises
        ------
        UnreadableSound
            If a sound is to be embedded but is not there.
        """
        base = Path(folder) if folder is not None else Path()
        parts = [part.html(base, embed=embed_audio) if isinstance(part, _Sounds) else part for part in self._parts]
        title = _escaped(self.title)
        lead = f'<p class="lead">{_escaped(self.lead)}</p>' if self.lead else ""
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
            f"<style>{_beside('page.css')}</style>\n</head>\n<body>\n"
            f'<a class="skip" href="#content">Skip to the content</a>\n<header><h1>{title}</h1>{lead}{self._contents()}'
            f'</header>\n<main id="content">\n{chr(10).join(parts)}\n</main>\n'
            "<footer>Made by Woodshed on this machine. This page loads nothing from anywhere.</footer>\n"
            f"<script>{_beside('page.js')}</script>\n</body>\n</html>\n"
        )

    def write(self, path: PathLike, *, embed_audio: bool = False) -> Path:
        """Write the page whole or not at all, and return where it lies.

        Raises
        ------
        UnreadableSound
            If a sound is to be embedded but is not there.
        DiskProblem
            If the disk is full or refuses.
        """
        target = Path(path)
        write_text_atomically(target, self.html(folder=target.parent, embed_audio=embed_audio))
        return target

    def _contents(self) -> str:
        if len(self._headings) < 3:
            return ""
        links = "".join(
            f'<li><a href="#part-{i}">{_escaped(h)}</a></li>' for i, h in enumerate(self._headings, start=1)
        )
        return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


@dataclass(frozen=True)
class _Sounds:
    """A grid of cards; each entry holds one card, or two that belong together."""

    entries: tuple[tuple[SoundCard, ...], ...]
    columns: int = 0

    def html(self, folder: Path, *, embed: bool) -> str:
        paired = any(len(entry) > 1 for entry in self.entries)
        items = []
        for entry in self.entries:
            cards = [_card(card, folder, embed=embed, tag="div" if paired else "li") for card in entry]
            items.append(f"<li>{''.join(cards)}</li>" if paired else cards[0])
        fixed = f' style="--columns: {self.columns}"' if self.columns else ""
        kind = "pairs" if paired else "cards columns" if self.columns else "cards"
        return f'<ul class="{kind}"{fixed}>{"".join(items)}</ul>'


def _card(card: SoundCard, folder: Path, *, embed: bool, tag: str) -> str:
    title = _escaped(card.title)
    image = f'<img src="{data_uri(card.picture)}" alt="" width="400" height="180">' if card.picture else ""
    player = button = ""
    if card.audio is not None:
        address = _embedded(card.audio) if embed else _relative(card.audio, folder)
        player = f'<audio controls preload="metadata" src="{_escaped(address)}" aria-label="{title}"></audio>'
        button = (
            f'<button type="button" class="play" aria-pressed="false" aria-label="Play {title}">'
            f'{image}<span class="head"></span></button>'
        )
    elif image:
        button = f'<div class="play">{image}</div>'
    lines = "".join(f"<p>{_escaped(line)}</p>" for line in card.lines)
    receipt = _details("Receipt", card.receipt) if card.receipt else ""
    words = f'<div class="words"><h3>{title}</h3>{lines}</div>'
    return f'<{tag} class="card">{button if image else ""}{words}{player}{receipt}</{tag}>'


def _details(summary: str, text: str) -> str:
    return f"<details><summary>{_escaped(summary)}</summary><pre>{_escaped(text)}</pre></details>"


def _cell(tag: str, cell: Cell, *, number: bool, scope: str) -> str:
    marks = (f' scope="{scope}"' if scope else "") + (' class="number"' if number else "")
    return f"<{tag}{marks}>{_escaped(_cell_text(cell))}</{tag}>"


def _cell_text(cell: Cell) -> str:
    if cell is None:
        return "–"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _is_numeric(cells: Sequence[Cell]) -> bool:
    shown = [cell for cell in cells if cell is not None]
    return bool(shown) and all(isinstance(cell, int | float) for cell in shown)


def _escaped(text: str) -> str:
    """Text that is only text in HTML: no control signs, no half characters, nothing that turns reading around."""
    return html.escape("".join("\N{REPLACEMENT CHARACTER}" if _is_harmful(sign) else sign for sign in text))


def _is_harmful(sign: str) -> bool:
    if sign in "\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}":
        return False
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs")


def _relative(audio: PathLike, folder: Path) -> str:
    """The address of a file seen from the page, for names of any bytes."""
    try:
        way = os.path.relpath(audio, folder)
    except ValueError:  # another drive
        return Path(audio).absolute().as_uri()
    return "./" + quote_from_bytes(os.fsencode(way.replace(os.sep, "/")))


def _embedded(audio: PathLike) -> str:
    path = Path(audio)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableSound(
            f"{printable(path)} cannot be put into the page ({error.strerror})",
            cause="it was moved or deleted since it was made",
            way_out="make it again, or link to it instead of embedding it",
        ) from error
    media_type = _AUDIO_TYPES.get(path.suffix.lower()) or mimetypes.guess_type("a" + path.suffix)[0]
    return data_uri(content, media_type=media_type or "application/octet-stream")


@lru_cache(maxsize=2)
def _beside(name: str) -> str:
    return resources.files("woodshed.views").joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _policy() -> str:
    """Nothing may be loaded but pictures and sounds of this machine, nothing run but our own script."""
    digest = base64.b64encode(hashlib.sha256(_beside("page.js").encode()).digest()).decode()
    local = "'self' file: data:"
    return (
        f"default-src 'none'; img-src {local}; media-src {local}; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
