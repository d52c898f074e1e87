"""The papers of starter models: what their cards say in public, who taught them, and that no machine shows through."""

from __future__ import annotations

import getpass
import platform
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from woodshed.artifacts import ModelCard, read_card
from woodshed.base.files import write_text_atomically

WEIGHTS_LICENCE = "Apache-2.0"
CREDITS_FILE = "CREDITS.md"
LIMIT_BYTES = 40_000_000
_PATH = re.compile(r"""(?<![\w.:/<*])(?:/[\w.~-]+){2,}|\b[A-Za-z]:\\{1,4}\w|\bfile://""")
_LINKS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "Unlicense": "https://unlicense.org/",
    "MIT": "https://opensource.org/license/mit",
}
_HEAD = """# Who taught the starter models
<!-- Written by benchmarks/make_starters.py from the cards of the files beside this one; do not edit. -->

The weights are under {licence}, like Woodshed. They hold no audio. Keep this file with them: some who lent their
sounds ask for a credit, which Woodshed also puts into the receipt of every sound that a starter makes, and prints with
`woodshed cite FILE`. The sounds were changed before anything learned from them: brought to one sample rate and to the
channels of the model, cut to its longest sound, and played slower, faster, brighter and darker.
`woodshed models card NAME` lists each sound.
"""


def public_card(card: ModelCard) -> ModelCard:
    """The card as it ships: with the licence of the weights, without where metrics were sent to on this machine."""
    training = card.training
    if training is not None:
        settings = {key: value for key, value in training.settings.items() if key != "log_to"}
        origins = {key: value for key, value in training.settings_from.items() if key in settings}
        training = training.model_copy(update={"settings": settings, "settings_from": origins})
    return card.model_copy(update={"licence": WEIGHTS_LICENCE, "training": training, "left_out": ()})


def machine_words(text: str) -> list[str]:
    """What in a text names a machine or its user: absolute paths, the user's name, the machine's name.

    Examples
    --------
    >>> machine_words("of /Users/ada/kick.wav")
    ['/Users/ada/kick.wav']
    >>> machine_words("see etc/samples/README.md and https://creativecommons.org/licenses/by/4.0/")
    []
    """
    found = _PATH.findall(text)
    for name in {_user(), platform.node()}:
        if len(name) > 4 and re.search(rf"\b{re.escape(name)}\b", text):
            found.append(name)
    return found


def refuse_machine_words(card: ModelCard) -> None:
    """Stop before anything is published that names a machine or its user.

    Raises
    ------
    SystemExit
        Naming what was found.
    """
    if found := machine_words(card.model_dump_json()):
        raise SystemExit(f"The card of {card.name} names this machine or its user: {', '.join(found[:5])}")


def write_credits(folder: Path) -> Path:
    """Write who taught the models of a folder, from their cards; tables by licence and author."""
    parts = [_HEAD.format(licence=WEIGHTS_LICENCE)]
    for path in sorted(folder.glob("*.safetensors")):
        parts.append(_section(read_card(path)))
    write_text_atomically(folder / CREDITS_FILE, "\n".join(parts))
    return folder / CREDITS_FILE


def require_small(folder: Path) -> int:
    """Size of all models of a folder in bytes.

    Raises
    ------
    SystemExit
        If they are larger together than may be shipped.
    """
    total = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if total >= LIMIT_BYTES:
        raise SystemExit(f"The starters are {total / 1e6:.1f} MB together; at most {LIMIT_BYTES / 1e6:.0f} MB may ship")
    return total


def _section(card: ModelCard) -> str:
    counted = Counter((source.licence or "", source.owner, source.credit or "") for source in card.teachers)
    lines = [
        f"\n## {card.name}\n",
        f"{card.family}, {card.channels} channel(s) at {card.sample_rate_hz} Hz, taught by {len(card.teachers)} sounds."
        "\n",
        "| licence | who | sounds | credit asked for |",
        "|---|---|---|---|",
    ]
    for (licence, owner, credit), count in sorted(counted.items()):
        lines.append(f"| {_linked(licence, _LINKS)} | {_cell(owner)} | {count} | {_cell(credit) or '-'} |")
    return "\n".join(lines) + "\n"


def _linked(licence: str, links: Mapping[str, str]) -> str:
    return f"[{licence}]({links[licence]})" if licence in links else licence or "not said"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
