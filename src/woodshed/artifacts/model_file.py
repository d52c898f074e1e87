"""One `.safetensors` file: weights, and a card as JSON in its metadata. Nothing in it can run.

Layout: metadata keys ``woodshed_format`` (a whole number), ``card`` (JSON of ModelCard), ``digest`` (of the card's
text and the tensors as they lie in the file). Tensors are the module's state dict. A loaded file is checked before a
single weight is used: header, version, card, family, names, shapes, types, finiteness, and that card and tensors are
those that were saved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from woodshed.artifacts.card import ModelCard
from woodshed.base.errors import ModelFileError, WoodshedError
from woodshed.base.files import atomic_path, printable
from woodshed.roles import FAMILIES, DataSpec, Trainable, family_class

FORMAT_VERSION = 1
CARD_LIMIT_BYTES = 64 << 20
HEADER_LIMIT_BYTES = 100 << 20
# from version -> what turns the card's JSON of that version into the next one's
MIGRATIONS: dict[int, Callable[[dict[str, object]], dict[str, object]]] = {}
_BROKEN = "a download or copy that stopped half-way, or a file someone tampered with"
_OTHER = f"made by a Woodshed before its first release, or {_BROKEN}"


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to work, its papers, and the digest of its weights."""

    model: Trainable
    card: ModelCard
    digest: str
    path: Path


def save_model(path: Path, model: Trainable, card: ModelCard) -> None:
    """Write a model file, whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    text = card.model_dump_json()
    metadata = {"woodshed_format": str(FORMAT_VERSION), "card": text, "digest": _file_digest(text, tensors)}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata)


def read_card(path: Path) -> ModelCard:
    """The card of a model file, without its weights.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, foreign or too new.
    """
    return _card(path, _metadata(path))


def load_model(path: Path) -> LoadedModel:
    """Build the model a file describes and fill in its weights.

    Raises
    ------
    ModelFileError
        If anything about the file is not as it should be; nothing in the file is ever executed.
    """
    metadata = _metadata(path)
    card = _card(path, metadata)
    if card.family not in FAMILIES:
        raise ModelFileError(
            f"{printable(path)} is of the family {card.family!r}, which is not installed here",
            cause="it was made with another version of Woodshed or with a plug-in",
            way_out=f"install what it needs, or use a model of one of {', '.join(sorted(FAMILIES))}",
        )
    kind = family_class(card.family)
    try:
        config = kind.Config.model_validate(card.config)
        spec = DataSpec(card.sample_rate_hz, card.channels, card.classes)
        model = kind(config, spec, seed=card.seed)
    except WoodshedError:
        raise
    except (ValidationError, ValueError, TypeError, RuntimeError, MemoryError, OverflowError) as error:
        raise _damaged(path, f"its configuration does not build ({type(error).__name__})") from error
    tensors = _checked_tensors(path, model)
    if "digest" in metadata and metadata["digest"] != _file_digest(metadata["card"], tensors):
        raise _damaged(path, "its card or its weights are not those that were saved")
    model.load_state_dict(tensors)
    model.eval()
    return LoadedModel(model, card, weights_digest(model), path)


def weights_digest(model: Trainable) -> str:
    """What identifies a model in receipts: BLAKE2b of family, configuration and weights (32 hex digits).

    The card may gain a report later; the digest stays.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{model.family} {model.spec} {model.config.model_dump_json()}".encode())
    _add_tensors(digest, model.state_dict())
    return digest.hexdigest()


def _file_digest(card_text: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """BLAKE2b of what lies in a file (32 hex digits): the text of the card, then all tensors by name."""
    digest = hashlib.blake2b(card_text.encode(), digest_size=16)
    _add_tensors(digest, tensors)
    return digest.hexdigest()


def _add_tensors(digest: hashlib.blake2b, tensors: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())


def _checked_tensors(path: Path, model: Trainable) -> dict[str, torch.Tensor]:
    wanted = model.state_dict()
    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
            if names != set(wanted):
                raise _damaged(path, f"{len(names ^ set(wanted))} tensors are missing or unknown", cause=_OTHER)
            for name in names:
                found = file.get_slice(name).get_shape()
                if list(found) != list(wanted[name].shape):
                    shapes = f"{list(found)}, not {list(wanted[name].shape)}"
                    raise _damaged(path, f"{name} has the shape {shapes}", cause=_OTHER)
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)) from error
    for name, tensor in tensors.items():
        if tensor.dtype != wanted[name].dtype:
            raise _damaged(path, f"{name} is of type {tensor.dtype}, not {wanted[name].dtype}")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise _damaged(path, f"{name} holds values that are not numbers")
    return tensors


def _metadata(path: Path) -> dict[str, str]:
    _check_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, UnicodeError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def _check_header(path: Path) -> None:
    if not path.is_file():
        raise ModelFileError(
            f"There is no model file {printable(path)}",
            cause="a typing slip, or it was moved",
            way_out="woodshed models ls",
        )
    with path.open("rb") as file:
        start = file.read(8)
    size = int.from_bytes(start, "little") if len(start) == 8 else -1
    if not 2 <= size <= min(HEADER_LIMIT_BYTES, path.stat().st_size - 8):
        raise _damaged(path, "it does not begin as a safetensors file does")


def _card(path: Path, metadata: dict[str, str]) -> ModelCard:
    version_text, text = metadata.get("woodshed_format", ""), metadata.get("card", "")
    if not version_text.isdecimal() or len(version_text) > 6 or not text:
        raise ModelFileError(
            f"{printable(path)} is a safetensors file but not a Woodshed model",
            cause="it was made by another program",
            way_out="use a model trained by woodshed train",
        )
    version = int(version_text)
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{printable(path)} has format version {version}; this Woodshed knows up to {FORMAT_VERSION}",
            cause="it was written by a newer Woodshed",
            way_out="upgrade Woodshed",
        )
    if len(text) > CARD_LIMIT_BYTES:
        raise _damaged(path, "its card is larger than any card can be")
    try:
        content = json.loads(text)
        for step in range(version, FORMAT_VERSION):
            content = MIGRATIONS[step](content)
        return ModelCard.model_validate(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"its card cannot be read ({type(error).__name__})") from error


def _damaged(path: Path, what: str, *, cause: str = "") -> ModelFileError:
    return ModelFileError(
        f"{printable(path)} is not a sound model file: {what}",
        cause=cause or _BROKEN,
        way_out="get the file again from where it came, or train the model anew",
    )
