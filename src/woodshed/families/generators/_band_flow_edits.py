"""The editing capabilities of a band flow: thin, so that the family's file stays one to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from woodshed.families.generators._band_flow_editing import Editor
from woodshed.families.generators._band_flow_filling import Filler
from woodshed.families.generators._band_flow_mixing import Mixer
from woodshed.families.generators._band_flow_restoring import TopRestorer
from woodshed.roles import (
    Blends,
    BlendsMany,
    Combines,
    Fills,
    LenderPool,
    Made,
    Mends,
    Restores,
    Trainable,
    Varies,
    check_amount,
)
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow


class Edits(Varies, Blends, BlendsMany, Combines, Fills, Mends, Restores):
    """Varies, blends and adds up sounds, fills and restores one; a base of the band flow and of nothing else."""

    @property
    def _model(self) -> BandFlow:
        return cast("BandFlow", self)

    def vary(
        self,
        sound: Sound,
        *,
        amount: float,
        seed: int,
        lenders: LenderPool,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """A variation of a sound of any length; see `Varies.vary`.

        Sounds longer than the model's window are worked on in overlapping windows whose changes are cross-faded.
        Only if the result would rise above both full scale and its source is it turned down to the louder of the two.
        """
        check_amount("amount", amount)
        self._model.check_rate(sound)
        return Editor(self._model, self._model.index(lenders), lenders).vary(
            sound, amount=amount, seed=seed, class_name=class_name, steps=steps or self._model.config.steps
        )

    def blend(
        self, first: Sound, second: Sound, *, position: float, seed: int, lenders: LenderPool, steps: int | None = None
    ) -> Made:
        """The sound at a position between two; see `Blends.blend`.

        Their starts are laid on one another; length and energy (in dB) go evenly from the first to the second. Nothing
        is borrowed: the fine structure is that of the two.
        """
        check_amount("position", position)
        return self.blend_many(
            (first, second), weights=(1 - position, position), seed=seed, lenders=lenders, steps=steps
        )

    def blend_many(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        seed: int,
        lenders: LenderPool,
        apart: Mapping[str, Sequence[float]] | None = None,
        way: str = "even",
        steps: int | None = None,
    ) -> Made:
        """The sound at some weights between several; see `BlendsMany.blend_many`. Nothing is borrowed."""
        del lenders
        return Mixer(self._model).blend(
            sounds, weights=weights, apart=apart or {}, way=way, seed=seed, steps=steps or self._model.config.steps
        )

    def combine(
        self,
        sounds: Sequence[Sound],
        *,
        weights: Sequence[float],
        fine: int,
        seed: int,
        lenders: LenderPool,
        steps: int | None = None,
    ) -> Made:
        """The weighted sum of sounds; see `Combines.combine`. Nothing is borrowed.

        Shapes are added as tokens, about the mean of all training sounds; length and level stay between those given.
        """
        del lenders
        return Mixer(self._model).combine(
            sounds, weights=weights, fine=fine, seed=seed, steps=steps or self._model.config.steps
        )

    def fill(
        self,
        sound: Sound,
        *,
        regions: Sequence[tuple[int, int]],
        seed: int,
        lenders: LenderPool,
        band_hz: tuple[float, float] | None = None,
        class_name: str | None = None,
        steps: int | None = None,
    ) -> Made:
        """A sound with regions drawn anew; see `Fills.fill`. Nothing is borrowed: the sound itself rings on."""
        del lenders
        return Filler(self._model).fill(
            sound,
            regions=regions,
            band_hz=band_hz,
            seed=seed,
            class_name=class_name,
            steps=steps or self._model.config.steps,
        )

    def mend(self, first: Trainable, second: Trainable, *, weight: float) -> None:
        """Make the principal directions directions again, and keep places of both; see `Mends.mend`."""
        model, one, other = self._model, cast("BandFlow", first), cast("BandFlow", second)
        for basis in (model.basis, model.attacks, model.courses, model.colours):
            basis.straighten()
        model.neighbourhood.take_from_both(one.neighbourhood, other.neighbourhood, weight=weight, seed=model.seed)

    def restore_top(
        self,
        sound: Sound,
        *,
        cutoff_hz: float,
        seed: int,
        class_name: str | None = None,
        drawn: bool = False,
        steps: int | None = None,
    ) -> Made:
        """The sound with a new band above a cutoff; see `Restores.restore_top`."""
        self._model.check_rate(sound)
        self._model.class_row(class_name)
        wanted = steps or self._model.config.steps
        return TopRestorer(self._model).restore(
            sound, cutoff_hz=cutoff_hz, seed=seed, class_name=class_name, drawn=drawn, steps=wanted
        )
