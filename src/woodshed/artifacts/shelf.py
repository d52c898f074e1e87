"""The folder of models: by name, listed with their cards."""

from __future__ import annotations

import re
from pathlib import Path

from woodshed.artifacts.card import ModelCard
from woodshed.artifacts.model_file import LoadedModel, load_model, read_card, save_model
from woodshed.base.errors import ModelFileError, UnknownName, UsageError
from woodshed.base.files import disk_errors_named
from woodshed.roles import Trainable

SUFFIX = ".safetensors"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class ModelShelf:
    """Models of one workspace.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> ModelShelf(pathlib.Path(tempfile.mkdtemp())).names()
    []
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of all models, sorted; hidden files are writes that were cut off."""
        files = (path for path in self.folder.glob(f"*{SUFFIX}") if path.is_file() and not path.name.startswith("."))
        return sorted(path.name.removesuffix(SUFFIX) for path in files)

    def path(self, name: str) -> Path:
        """Where a model of this name lies or would lie; a path to a model file is taken as it is.

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

    def cards(self) -> list[tuple[str, ModelCard | ModelFileError]]:
        """Each name with its card, or with what is wrong with its file."""
        return [(name, _card_or_error(self.folder / f"{name}{SUFFIX}")) for name in self.names()]

    def card(self, name: str) -> ModelCard:
        """The card of one model."""
        return read_card(self._existing(name))

    def load(self, name: str) -> LoadedModel:
        """The model itself."""
        return load_model(self._existing(name))

    def put(self, name: str, model: Trainable, card: ModelCard) -> Path:
        """Write a model file; one of the same name is replaced."""
        path = self.path(name)
        save_model(path, model, card)
        return path

    def attach_report(self, judged: LoadedModel, report: dict[str, object], *, field: str = "report") -> bool:
        """Put a report into a field of the card of the model it judged; weights and their digest stay.

        False if another model lies there by now: a report is never pinned on a model it did not see.
        """
        there = load_model(judged.path)
        if there.digest != judged.digest:
            return False
        save_model(there.path, there.model, there.card.model_copy(update={field: report}))
        return True

    def remove(self, name: str) -> Path:
        """Delete a model file."""
        path = self._existing(name)
        with disk_errors_named(path):
            path.unlink()
        return path

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        if not path.is_file():
            raise UnknownName("model", name, known=self.names(), if_none=f"train one: woodshed train {name}")
        return path


def _card_or_error(path: Path) -> ModelCard | ModelFileError:
    try:
        return read_card(path)
    except ModelFileError as error:
        return error
