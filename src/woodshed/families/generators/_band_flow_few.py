"""What suits a band flow that learns few sounds: staying near them, and rehearsing what its base can make."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from woodshed.families.generators._band_flow_asking import steady_roam
from woodshed.families.generators._band_flow_distilling import PairDrawer
from woodshed.nn import TOLD_NUMBERS
from woodshed.roles import FEW_SOUNDS, FamilyConfig, Features, Rehearses, Trainable

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

_OF_FEW = {"close": 0.25, "apart": 0.0, "roam": 1.2}  # few would be taken too often, and tell too little of the rest
_CLOSE_ON_A_BASE = 0.4  # what such a base makes beside takes is newer, and oftener no copy: as new as from nothing


class FewSounds(Rehearses):
    """What a band flow does where there are few sounds to learn from; a base of it and of nothing else."""

    @classmethod
    def settings_for(cls, sounds: int, *, base: FamilyConfig | None = None) -> Mapping[str, object]:
        """Near the sounds where these are few; as usual where they are many on a base of few."""
        if sounds < FEW_SOUNDS:
            return _OF_FEW if base is None else {**_OF_FEW, "close": _CLOSE_ON_A_BASE}
        of_few = base is not None and all(getattr(base, name) == _OF_FEW[name] for name in ("apart", "roam"))
        return {name: cls.Config.model_fields[name].default for name in _OF_FEW} if of_few else {}

    def rehearse(self, base: Trainable, *, count: int, seed: int) -> Features:
        """So many sounds that the base makes anew, each with the place it was asked for; see `Rehearses.rehearse`."""
        model, teacher = cast("BandFlow", self), _steady(cast("BandFlow", base))
        drawn = PairDrawer(teacher).pairs(count, seed=seed).tensors
        tokens = torch.zeros(count, model.splitter.most_tokens, model.numbers, dtype=torch.float16)
        tokens[:, : drawn["tokens"].shape[1]] = drawn["tokens"]
        numbers = [*(model.class_row(name) for name in teacher.spec.classes), model.class_row(None)]
        changes, traits, asked = drawn["told"].tensor_split([3, drawn["told"].shape[1] - TOLD_NUMBERS], dim=1)
        return Features(
            {
                "tokens": tokens,
                "counts": drawn["counts"],
                "classes": torch.tensor(numbers)[drawn["classes"]],
                "lengths": torch.log(drawn["counts"] * model.token_frames / model.spec.sample_rate_hz),
                "changes": changes,
                "traits": traits,
                "asked": asked,
            }
        )


def _steady(base: BandFlow) -> BandFlow:
    """The same model, weights shared, that makes neither further takes nor what lies very far."""
    made = copy.copy(base)
    made.config = base.config.model_copy(update={"close": 0.0, "apart": 0.0, "roam": steady_roam(base)})
    return made


def place_asked(batch: Mapping[str, Tensor], told: Tensor) -> Tensor:
    """Where sounds lie as the network is told, ``(sounds, TOLD_NUMBERS)``: rehearsed ones where asked for.

    ``told`` is what their own tokens say, often nothing; then nothing is told of a rehearsed one either.
    """
    if "asked" not in batch:
        return told
    asked = batch["asked"].to(told)
    return torch.where(asked[:, -2:-1] > 0, asked * told[:, -2:-1], told)
