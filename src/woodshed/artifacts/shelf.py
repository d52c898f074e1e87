"""The folder of models: by name, listed with their cards; and behind it the models that ship with Woodshed."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel, load_model, read_card, save_model
from woodshed.base.errors import ModelFileError, UnknownName, UsageError, WoodshedError
from woodshed.base.events import EventSink, Note, ignore
from woodshed.base.files import disk_errors_named
from woodshed.roles import Trainable

SUFFIX = ".safetensors"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def starters_folder() -> Path:
    """Where the models lie that ship with Woodshed: the folder ``starters`` of the installed package."""
    return Path(str(resources.files("woodshed"))) / "starters"


class ModelShelf:
    """Models of one workspace, and behind them those that ship: an own model of the same name comes first.

    Parameters
    ----------
    folder
        Where own models lie.
    shipped
        Where the others lie; it is only ever read. The package's own folder unless given.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> ModelShelf(pathlib.Path(tempfile.mkdtemp())).names()
    []
    """

    def __init__(self, folder: Path, *, shipped: Path | None = None) -> None:
        self.folder = folder
        self.shipped = shipped or starters_folder()

    def names(self) -> list[str]:
        """Names of all own models, sorted."""
        return _names_in(self.folder)

    def starters(self) -> list[str]:
        """Names of the models that ship, sorted; some may be hidden by own models."""
        return _names_in(self.shipped)

    def place(self, name: str) -> Path:
        """Where an own model of this name lies or would lie; a path to a model file is taken as it is.

        Raises
        ------
        UsageError
            If the name could not be a file name everywhere.
        """
        if name.endswith(SUFFIX):
            return Path(name)
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"A model cannot be called {name!r}",
                cause="it has spaces, slashes or other signs that file systems dislike",
                way_out="use letters, digits, dots and dashes, like tight-snares",
            )
        return self.folder / f"{name}{SUFFIX}"

    def path(self, name: str) -> Path:
        """The file that a name means: the own one, else the one that ships, else where an own one would lie."""
        own = self.place(name)
        shipped = self.shipped / own.name
        return shipped if not own.is_file() and own.parent == self.folder and shipped.is_file() else own

    def ships(self, name: str) -> bool:
        """Whether a name, or the path of a file, means a model that came with Woodshed."""
        path = self.path(name)
        return path.is_file() and path.parent.resolve() == self.shipped.resolve()

    def cards(self) -> list[tuple[str, ModelCard | ModelFileError]]:
        """Each name with its card, or with what is wrong with its file; own models, then those that ship."""
        own = self.names()
        files = [(name, self.folder / f"{name}{SUFFIX}") for name in own]
        files += [(name, self.shipped / f"{name}{SUFFIX}") for name in self.starters() if name not in own]
        return [(name, _card_or_error(path)) for name, path in files]

    def card(self, name: str) -> ModelCard:
        """The card of one model."""
        return read_card(self._existing(name))

    def card_of(self, name: str, *, merkle_root: str) -> ModelCard | None:
        """The card of a model of this name that learned from just these sounds, own or shipped; None without one."""
        for folder in (self.folder, self.shipped):
            try:
                card = read_card(folder / self.place(name).name)
            except WoodshedError:
                continue
            if card.merkle_root == merkle_root:
                return card
        return None

    def load(self, name: str) -> LoadedModel:
        """The model itself."""
        return load_model(self._existing(name))

    def put(self, name: str, model: Trainable, card: ModelCard, *, on_event: EventSink = ignore) -> Path:
        """Write a model file; an own one of the same name is replaced, one that ships is only hidden, with a note."""
        hidden = self.ships(name)
        path = self.place(name)
        save_model(path, model, card)
        if hidden:
            text = f"Your model {name!r} now stands before the one that ships; woodshed models rm {name} brings it back"
            on_event(Note(level="warning", text=text))
        return path

    def attach_report(self, judged: LoadedModel, report: dict[str, object], *, field: str = "report") -> bool:
        """Put a report into a field of the card of the model it judged; weights and their digest stay.

        False if another model lies there by now: a report is never pinned on a model it did not see. False as well if
        the model ships with Woodshed: what was installed is never written to.
        """
        if judged.path.parent.resolve() == self.shipped.resolve():
            return False
        there = load_model(judged.path)
        if there.digest != judged.digest:
            return False
        save_model(there.path, there.model, there.card.model_copy(update={field: report}))
        return True

    def remove(self, name: str) -> Path:
        """Delete a model file.

        Raises
        ------
        UsageError
            If it ships with Woodshed.
        """
        path = self._existing(name)
        if self.ships(name):
            raise UsageError(
                f"The model {name!r} ships with Woodshed and stays",
                cause="it is a part of the installed package, not of this workspace",
                way_out="train one of the same name to put it before this one, or simply leave it alone",
            )
        with disk_errors_named(path):
            path.unlink()
        return path

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        if not path.is_file():
            known = {*self.names(), *self.starters()}
            raise UnknownName("model", name, known=known, if_none=f"train one: woodshed train {name}")
        return path


def _names_in(folder: Path) -> list[str]:
    """Names of the model files of a folder, sorted; hidden files are writes that were cut off."""
    files = (path for path in folder.glob(f"*{SUFFIX}") if path.is_file() and not path.name.startswith("."))
    return sorted(path.name.removesuffix(SUFFIX) for path in files)


def _card_or_error(path: Path) -> ModelCard | ModelFileError:
    try:
        return read_card(path)
    except ModelFileError as error:
        return error
