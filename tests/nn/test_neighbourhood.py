"""Places of sounds: near in what was heard means near in places, and new places lie between neighbours."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from woodshed.nn import (
    BAND_COURSE_BANDS,
    BAND_COURSE_POINTS,
    LINE_POINTS,
    PLACE_NUMBERS,
    TOLD_NUMBERS,
    Neighbourhood,
)
from woodshed.nn.neighbourhood import _ENOUGH, _between

NUMBERS, DIMS, MOST = 12, 8, 6


def heard(count: int, *, around: float, spread: float, seed: int) -> tuple[Tensor, Tensor]:
    """Tokens of so many sounds that lie around one level, and how many tokens each has."""
    generator = torch.Generator().manual_seed(seed)
    tokens = around + spread * torch.randn(count, 1, NUMBERS, generator=generator).expand(-1, MOST, -1).clone()
    counts = torch.randint(1, MOST + 1, (count,), generator=generator)
    tokens[torch.arange(MOST)[None] >= counts[:, None]] = 0.0
    return tokens, counts


def numbered_bands(numbers: Tensor) -> Tensor:
    """Band courses that hold one number for each sound."""
    return numbers[:, None, None].expand(-1, BAND_COURSE_BANDS, BAND_COURSE_POINTS)


def settle(
    made: Neighbourhood, sounds: tuple[Tensor, Tensor], *, classes: Tensor | None = None, lengths: Tensor | None = None
) -> None:
    """Settle tokens and their counts; without traits, and of class 0 and one second unless said otherwise."""
    tokens, counts = sounds
    many = len(tokens)
    made.settle(
        tokens,
        counts,
        classes=torch.zeros(many, dtype=torch.long) if classes is None else classes,
        lengths=torch.zeros(many) if lengths is None else lengths,
        traits=torch.zeros(many, 2),
        lines=torch.arange(many)[:, None].expand(-1, LINE_POINTS),
        bands=numbered_bands(torch.arange(many)),
        names=1 + torch.arange(many),
        seed=0,
    )


def settled(*, seed: int = 0) -> Neighbourhood:
    """Ten sounds of class 0 around 2, ten of class 1 around -2."""
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    high, low = heard(10, around=2.0, spread=0.3, seed=1), heard(10, around=-2.0, spread=0.3, seed=2)
    classes = torch.tensor([0] * 10 + [1] * 10)
    lengths = torch.log(torch.linspace(0.1, 1.0, 20))
    made.settle(
        torch.cat([high[0], low[0]]),
        torch.cat([high[1], low[1]]),
        classes=classes,
        lengths=lengths,
        traits=torch.zeros(20, 2),
        lines=torch.zeros(20, LINE_POINTS),
        bands=numbered_bands(torch.zeros(20)),
        names=100 + torch.arange(20),
        seed=seed,
    )
    return made


def centre(made: Neighbourhood, class_index: int) -> Tensor:
    return made.places[made.classes == class_index].mean(0)


def test_a_draw_lies_near_its_class() -> None:
    made = settled()
    for seed in range(20):
        place = made.draw(1, seed=seed)
        assert place is not None
        assert (place.numbers - centre(made, 1)).norm() < (place.numbers - centre(made, 0)).norm()
        assert math.log(0.1) <= place.log_length <= 0.0


def test_draws_differ_and_repeat() -> None:
    made = settled()
    first, again, other = (made.draw(0, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert torch.equal(first.numbers, again.numbers)
    assert not torch.equal(first.numbers, other.numbers)


def test_sounds_of_about_the_length_asked_for_are_chosen() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(40, around=0.0, spread=1.0, seed=3)
    lengths = torch.log(torch.tensor([0.1] * 20 + [2.0] * 20))
    tokens[20:] += 5.0 * (tokens[20:] != 0)  # the long ones are something else
    settle(made, (tokens, counts), lengths=lengths)
    for seed in range(10):
        place = made.draw(0, seed=seed, log_length=math.log(1.9))
        assert place is not None
        assert place.log_length == pytest.approx(math.log(2.0), abs=0.1)


def test_nothing_is_drawn_of_a_class_that_was_not_heard() -> None:
    made = settled()
    assert made.draw(7, seed=0) is None
    assert made.draw(None, seed=0) is not None
    assert Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1).draw(None, seed=0) is None


def test_new_sounds_of_a_class_take_the_place_of_the_old_and_directions_stay() -> None:
    made = settled()
    directions, others = made.basis.directions.clone(), made.places[made.classes == 1].clone()
    tokens, counts = heard(3, around=6.0, spread=0.1, seed=4)
    settle(made, (tokens, counts))
    assert torch.equal(made.basis.directions, directions)
    assert int((made.classes == 0).sum()) == 3
    assert {tuple(row.tolist()) for row in made.places[made.classes == 1]} == {tuple(row.tolist()) for row in others}


def test_what_is_told_lies_among_the_own_class_and_is_often_nothing() -> None:
    made = settled()
    tokens, counts = heard(200, around=2.0, spread=0.3, seed=5)
    classes = torch.zeros(200, dtype=torch.long)
    told = made.told(tokens, counts, classes=classes, generator=torch.Generator().manual_seed(1))
    assert told.shape == (200, TOLD_NUMBERS)
    known = told[:, PLACE_NUMBERS] > 0
    assert 0.6 < float(known.float().mean()) < 0.9
    assert not told[~known].any()
    places = told[known, :PLACE_NUMBERS]
    nearer = (places - centre(made, 0)).norm(dim=1) < (places - centre(made, 1)).norm(dim=1)
    assert bool(nearer.all())


def test_one_sound_alone_has_no_neighbour_and_is_told_as_it_is() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(1, around=1.0, spread=0.1, seed=6)
    settle(made, (tokens, counts))
    place = made.draw(0, seed=3)
    assert place is not None
    assert torch.equal(place.numbers, made.places[0])
    told = made.told(
        tokens, counts, classes=torch.zeros(1, dtype=torch.long), generator=torch.Generator().manual_seed(2)
    )
    assert bool(torch.isfinite(told).all())


def test_of_more_sounds_than_places_some_are_kept() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(1500, around=0.0, spread=1.0, seed=7)
    settle(made, (tokens, counts), classes=torch.arange(1500) % 3)
    kept = made.classes[made.classes >= 0]
    assert len(kept) == len(made.places)
    assert all(int((kept == one).sum()) > 200 for one in range(3))


@pytest.mark.parametrize("counts", [(10, 10), (10, 300), (300, 10)])
def test_two_share_their_places_by_weight(counts: tuple[int, int]) -> None:
    sides = []
    for number, count in enumerate(counts):
        side = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
        tokens, found = heard(count, around=0.0, spread=1.0, seed=number)
        classes, lengths = torch.zeros(count, dtype=torch.long), torch.full((count,), float(number))
        names = 1000 * (number + 1) + torch.arange(count)
        side.settle(
            tokens,
            found,
            classes=classes,
            lengths=lengths,
            traits=torch.zeros(count, 2),
            lines=names[:, None].expand(-1, LINE_POINTS),
            bands=numbered_bands(names),
            names=names,
            seed=0,
        )
        sides.append(side)
    made = settled()
    made.take_from_both(sides[0], sides[1], weight=0.25, seed=0)
    used = made.classes >= 0
    assert torch.equal(made.names[used] // 1000 == 2, made.lengths[used] == 1.0)  # a name stays with its place
    assert torch.equal(made.lines[used, 7], made.names[used].half())  # and so do its lines
    assert torch.equal(made.bands[used, 2, 7], made.names[used].half())  # and how its bands run
    of_second = int((made.lengths[used] == 1.0).sum())
    assert 0.05 * counts[1] < of_second < 0.6 * counts[1]
    assert 0.4 * counts[0] < int(used.sum()) - of_second <= counts[0]


def test_sounds_with_the_trait_asked_for_are_chosen_before_those_without() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(30, around=0.0, spread=1.0, seed=8)
    value = torch.linspace(-2.0, 2.0, 30)
    known = (torch.arange(30) % 2).float()
    lengths = value.clone()  # so that a length tells which were chosen
    made.settle(
        tokens,
        counts,
        classes=torch.zeros(30, dtype=torch.long),
        lengths=lengths,
        traits=torch.stack([value, known], 1),
        lines=torch.zeros(30, LINE_POINTS),
        bands=numbered_bands(torch.zeros(30)),
        names=1 + torch.arange(30),
        seed=0,
    )
    rows = made._nearest_to(torch.arange(30), log_length=None, traits=torch.tensor([1.9, 1.0]))
    assert bool((made.traits[rows, 1] > 0).all())
    assert float(made.lengths[rows].min()) > 0.0


def test_roaming_goes_further_from_what_was_heard() -> None:
    made = settled()

    def away(roam: float) -> float:
        drawn = [made.draw(0, seed=seed, roam=roam) for seed in range(40)]
        places = torch.stack([place.numbers for place in drawn if place is not None])
        return float(torch.cdist(places, made.places[made.classes == 0]).min(1).values.median())

    assert away(0.0) < 0.7 * away(1.0) < 0.7 * away(2.0)


def test_a_sound_is_never_its_own_neighbour() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(48, around=40.0, spread=1.0, seed=9)  # far from 0, where rounding is coarse
    classes = torch.zeros(48, dtype=torch.long)
    settle(made, (tokens, counts), classes=classes)
    told = made.told(tokens, counts, classes=classes, generator=torch.Generator().manual_seed(1))
    known = told[:, PLACE_NUMBERS] > 0
    own = torch.stack([place for place in map(made.place_of, _rows(tokens, counts)) if place is not None])
    off = (told[:, :PLACE_NUMBERS] - own).norm(dim=1)
    exact = told[:, -1] > 0
    assert 0.2 < float(exact.float().mean()) < 0.5 * float(known.float().mean())
    assert bool(known[exact].all())
    assert float(off[known & ~exact].min()) > 1e-3
    assert float(off[exact].max()) < 1e-3


def _rows(tokens: Tensor, counts: Tensor) -> list[Tensor]:
    return [row[: int(count)] for row, count in zip(tokens, counts, strict=True)]


def test_a_rare_class_keeps_its_places_among_thousands() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(3000, around=0.0, spread=1.0, seed=10)
    classes = (torch.arange(3000) >= 2995).long()
    settle(made, (tokens, counts), classes=classes)
    assert int((made.classes == 1).sum()) == 5


def test_few_sounds_do_not_blow_up_what_they_never_did() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(4, around=0.0, spread=1.0, seed=11)
    settle(made, (tokens, counts))
    other = made.place_of(heard(1, around=0.0, spread=1.0, seed=12)[0][0])
    assert other is not None
    assert float(other.abs().max()) < 10.0


def test_a_sound_alone_in_its_class_roams_as_another_class_does() -> None:
    made = settled()
    tokens, counts = heard(1, around=0.0, spread=0.1, seed=13)
    settle(made, (tokens, counts), classes=torch.tensor([2]))
    places = [made.draw(2, seed=seed, roam=1.0) for seed in range(20)]
    assert len({tuple(place.numbers.tolist()) for place in places if place is not None}) > 10


def test_any_class_steps_within_the_class_of_the_sound_it_begins_from() -> None:
    made = settled()
    between = centre(made, 0) - centre(made, 1)  # the direction in which the classes differ
    for seed in range(30):
        place = made.draw(None, seed=seed, roam=1.0)
        assert place is not None
        assert abs(float(place.numbers @ between)) > 0.25 * float(between @ between)


def test_places_follow_the_names_of_their_classes() -> None:
    made = settled()
    low = made.places[made.classes == 1]
    made.renumber(("high", "low"), ("low", "other", "another"))
    assert not bool((made.classes == 1).any())
    assert torch.equal(made.places[made.classes == 0], low)


def test_class_numbers_out_of_a_strange_file_are_forgotten() -> None:
    made = settled()
    made.classes[0] = 50
    made.renumber(("high", "low"), ("high", "low"))
    assert int((made.classes >= 0).sum()) == 19


def test_seeds_side_by_side_begin_from_sounds_all_over_a_class() -> None:
    made = settled()
    known = made.places[made.classes == 0]

    def begun_from(first: int) -> set[int]:
        found = [made.draw(0, seed=seed, still=True) for seed in range(first, first + 10)]
        return {int((known - place.numbers).norm(dim=1).argmin()) for place in found if place}

    counts = [len(begun_from(first)) for first in range(2**61, 2**61 + 1000, 10)]
    assert sum(counts) / len(counts) > 8.0  # of ten; by chance 6.5
    assert min(counts) >= 7


def test_a_still_draw_is_led_not_quite_half_way_from_a_known_place_towards_one_of_the_two_nearest() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 2, NUMBERS - 1), modes=(0,), traits=1)
    settle(made, heard(30, around=1.0, spread=0.5, seed=11), lengths=torch.linspace(-3.0, 1.0, 30))
    for seed in range(20):
        place = made.draw(0, seed=seed, still=True, roam=4.0)
        assert place is not None
        here, there = (int(torch.nonzero(made.names == name)[0, 0]) for name in (place.name, place.towards))
        apart = torch.where(made.classes == 0, (made.places - made.places[here]).norm(dim=1), math.inf)
        assert there in apart.argsort()[1:3].tolist()
        share = float((place.numbers - made.places[here]).norm() / apart[there])
        assert 0.42 <= share <= 0.5 + 1e-5
        torch.testing.assert_close(place.numbers, torch.lerp(made.places[here], made.places[there], share))
        assert place.log_length == pytest.approx(
            (1 - share) * float(made.lengths[here]) + share * float(made.lengths[there]), abs=1e-4
        )
        assert place.whole[0] == made.wholes[here, 0], "it rings as it did"
        torch.testing.assert_close(place.whole[1:], torch.lerp(made.wholes[here], made.wholes[there], share)[1:])
        assert torch.equal(place.lines, made.lines[here].float())


def test_a_still_draw_is_led_towards_no_sound_that_is_its_own() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(1, around=1.0, spread=0.5, seed=11)
    settle(made, (tokens.expand(12, -1, -1), counts.expand(12)))
    equal = made.draw(0, seed=1, still=True)
    assert equal is not None
    assert equal.towards == 0, "all are alike"
    settle(made, heard(30, around=1.0, spread=0.5, seed=11))
    made.names.copy_(torch.where(made.names > 0, (made.names + 1) // 2, 0))  # every sound has two places
    for seed in range(20):
        place = made.draw(0, seed=seed, still=True)
        assert place is not None
        assert place.towards not in (0, place.name)


def test_the_turn_says_which_sound_a_led_draw_begins_from_and_the_seed_where_it_is_led() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    settle(made, heard(30, around=1.0, spread=0.5, seed=11))
    one, other = (made.draw(0, seed=seed, turn=5, still=True) for seed in (1, 2))
    assert one is not None
    assert other is not None
    assert one.name == other.name
    assert not torch.equal(one.numbers, other.numbers)


def test_of_a_few_sounds_of_a_class_a_still_draw_is_at_the_very_place_of_one() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    settle(made, heard(11, around=1.0, spread=0.5, seed=11))
    for seed in range(6):
        place = made.draw(0, seed=seed, still=True)
        assert place is not None
        assert place.towards == 0
        assert torch.equal(place.numbers, made.places[int(torch.nonzero(made.names == place.name)[0, 0])])


@pytest.mark.parametrize("counts", [(1, 1, 1, 1, 1), (2, 1, 1, 2), (3, 7, 1)])
def test_what_is_new_keeps_a_distance_however_few_a_class_has(counts: tuple[int, ...]) -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1)
    many = sum(counts)
    sounds = heard(many, around=0.0, spread=1.0, seed=4)
    settle(made, sounds, classes=torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts)))
    used = made.classes >= 0
    usual = made._usual_between_two(made._heard(1.0))
    assert usual == pytest.approx(float(torch.pdist(made.wholes[used]).median()), rel=0.4)
    for seed in range(10):
        place = made.draw(0, seed=seed, roam=2.0, apart=1.0)
        assert place is not None
        assert float((made.wholes[used] - place.whole).norm(dim=1).min()) > 0.2 * usual


def test_only_a_still_draw_has_the_name_of_a_sound() -> None:
    made = settled()
    drawn = [made.draw(0, seed=seed, roam=0.0) for seed in range(20)]
    assert {place.name for place in drawn if place} == {0}


def test_what_goes_far_is_drawn_back_towards_the_middle_of_its_class() -> None:
    made = settled()
    known = made.places[made.classes == 0]

    def spread(roam: float) -> float:
        found = [made.draw(0, seed=seed, roam=roam) for seed in range(200)]
        return float(torch.stack([place.numbers for place in found if place]).std(0).norm() / known.std(0).norm())

    near, usual, far = spread(0.0), spread(2.5), spread(5.0)
    assert near < 1.1
    assert 1.4 < usual < far < 3.0  # without being drawn back 2.7 and 5.1


def test_the_turn_says_which_sound_a_draw_begins_from_and_the_seed_all_else() -> None:
    made = settled()
    one, same, other = (made.draw(0, seed=seed, turn=turn) for seed, turn in ((1, 5), (2, 5), (1, 6)))
    assert one is not None
    assert same is not None
    assert other is not None
    assert not torch.equal(one.numbers, same.numbers)
    takes = [made.draw(0, seed=seed, turn=5, still=True) for seed in (1, 2)]
    assert takes[0] is not None
    assert takes[1] is not None
    assert torch.equal(takes[0].numbers, takes[1].numbers)


def test_places_at_a_distance_lie_between_any_two_sounds_of_a_class() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    low, high = (heard(8, around=around, spread=0.1, seed=seed) for seed, around in enumerate((-2.0, 2.0)))
    tokens, counts = (torch.cat(part) for part in zip(low, high, strict=True))
    tokens[:, :, -1] = torch.arange(16.0)[:, None] // 8  # which of two kinds
    settle(made, (tokens, counts))

    def between(apart: float) -> float:
        drawn = [made.draw(0, seed=seed, apart=apart) for seed in range(40)]
        return float(np.mean([0.05 < float(place.whole[0]) < 0.95 for place in drawn if place is not None]))

    assert between(0.0) == 0.0, "the nearest sounds are of one kind"
    assert between(0.5) > 0.3


def test_how_unlike_is_measured_a_quarter_by_its_class_and_else_by_what_is_usual() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1)
    tight, wide = heard(20, around=-6.0, spread=0.5, seed=5), heard(20, around=6.0, spread=1.2, seed=6)
    tokens, counts = (torch.cat(part) for part in zip(tight, wide, strict=True))
    settle(made, (tokens, counts), classes=torch.arange(40) // 20)
    within = [float(torch.pdist(made.wholes[made.classes == owner]).median()) for owner in (0, 1)]
    assert within[1] > 2.0 * within[0]
    usual = made._usual_between_two(made._heard(1.0))
    assert within[0] < usual < within[1]
    assert _between(within[1], usual) == pytest.approx(usual * (within[1] / usual) ** 0.25)
    for owner in (0, 1):
        drawn = [made.draw(owner, seed=seed, roam=1.0, apart=0.6) for seed in range(60)]
        wholes = torch.stack([place.whole for place in drawn if place is not None])
        nearest = torch.cdist(wholes, made.wholes[made.classes >= 0]).min(1).values
        assert float(nearest.median()) == pytest.approx(0.6 * _between(within[owner], usual), rel=0.3)


def test_a_narrow_class_has_room_beyond_what_is_known_and_a_wide_one_has_none() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1)
    parts = [heard(20, around=6.0 * owner, spread=(0.3, 1.2, 1.2)[owner], seed=5 + owner) for owner in range(3)]
    tokens, counts = (torch.cat(part) for part in zip(*parts, strict=True))
    settle(made, (tokens, counts), classes=torch.arange(60) // 20)
    spreads = [made.wholes[made.classes == owner].aminmax(dim=0) for owner in range(3)]
    usual = torch.stack([high - low for low, high in spreads]).median(0).values
    beyond = []
    for owner, (low, high) in enumerate(spreads):
        room = 0.5 * (usual - (high - low)).clamp(min=0)
        drawn = [made.draw(owner, seed=seed, roam=4.0, apart=1.0) for seed in range(60)]
        wholes = torch.stack([place.whole for place in drawn if place is not None])
        assert (wholes > low - room - 1e-4).all()
        assert (wholes < high + room + 1e-4).all()
        beyond.append(float(((wholes < low - 1e-4) | (wholes > high + 1e-4)).float().mean()))
    assert beyond[0] > 0.2, "most of what the narrow one may do it is not known to do"
    assert max(beyond[1:]) < 0.1


@pytest.mark.parametrize("count", [1, 7])
def test_few_sounds_tell_no_usual_spread(count: int) -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1)
    settle(made, heard(count, around=1.0, spread=0.5, seed=3))
    assert not made.usual_spread(made.wholes).any()


@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_what_is_new_begins_runs_and_lasts_as_one_known_sound_and_is_as_bright_as_another(apart: float) -> None:
    repeated = tuple(range(NUMBERS - 4, NUMBERS))
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=repeated, traits=1, of_one=(2, 3), tinged=(1,))
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    for number in range(4):
        tokens[:, :, repeated[number]] = torch.arange(30.0)[:, None] * (number + 1)
    settle(made, (tokens, counts), lengths=torch.linspace(-3.0, 1.0, 30))
    used = made.classes >= 0
    mixed = 0
    for seed in range(40):
        place = made.draw(0, seed=seed, roam=1.0, apart=apart)
        assert place is not None
        bright, run = (float(place.whole[at] / (at + 1)) for at in (1, 2))
        for one in (bright, run):
            assert one == pytest.approx(round(one), abs=1e-3), "of a sound that is known"
        assert float(place.whole[3]) == pytest.approx(4 * run, abs=1e-2), "of one and the same"
        assert float(place.bands[2, 7]) == pytest.approx(run, abs=1e-3), "so do its bands"
        assert float(place.highs[2, 7]) == pytest.approx(bright, abs=1e-3)
        row = int((made.wholes[used, 2] / 3 - run).abs().argmin())
        assert place.log_length == pytest.approx(float(made.lengths[used][row]), abs=1e-4)
        mixed += bright != pytest.approx(run, abs=0.5)
    assert mixed > 30


def test_what_is_new_rings_as_a_third_known_sound() -> None:
    repeated = tuple(range(NUMBERS - 4, NUMBERS))
    made = Neighbourhood(
        numbers=NUMBERS, dims=DIMS, repeated=repeated, traits=1, of_one=(2,), tinged=(1,), modes=(0, 3)
    )
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    for number in range(4):
        tokens[:, :, repeated[number]] = torch.arange(30.0)[:, None]
    settle(made, (tokens, counts))
    drawn = [made.draw(0, seed=seed, turn=seed, roam=3.0, apart=1.0) for seed in range(120)]
    wholes = torch.stack([place.whole for place in drawn if place is not None])
    assert torch.allclose(wholes[:, 0], wholes[:, 3], atol=1e-3), "all that rings is of one and the same"
    rings, bright, runs = wholes[:, 0].round(), wholes[:, 1].round(), wholes[:, 2].round()
    assert torch.allclose(wholes[:, 0], rings, atol=1e-3)
    assert float((rings == bright).float().mean()) < 0.2
    assert float((rings == runs).float().mean()) < 0.2
    counted = torch.bincount(rings.long(), minlength=30)
    assert 1 <= int(counted.min()) <= int(counted.max()) <= 8


def test_what_is_new_is_as_bright_as_each_of_its_class_in_turn() -> None:
    repeated = tuple(range(NUMBERS - 4, NUMBERS))
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=repeated, traits=1, of_one=(2, 3), tinged=(1,))
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    tokens[:, :, repeated[1]] = torch.arange(30.0)[:, None]
    settle(made, (tokens, counts))
    drawn = [made.draw(0, seed=seed, turn=seed, roam=1.0, apart=1.0) for seed in range(120)]
    met = [round(float(place.whole[1])) for place in drawn if place is not None]
    counted = [met.count(number) for number in range(30)]
    assert min(counted) >= 2
    assert max(counted) <= 6


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_what_is_new_of_few_sounds_is_as_bright_as_one_of_them(count: int, apart: float) -> None:
    repeated = tuple(range(NUMBERS - 4, NUMBERS))
    made = Neighbourhood(
        numbers=NUMBERS, dims=DIMS, repeated=repeated, traits=1, of_one=(2, 3), tinged=(1,), tints=(1,)
    )
    tokens, counts = heard(count, around=1.0, spread=0.5, seed=11)
    tokens[:, :, repeated[1]] = torch.arange(float(count))[:, None]
    settle(made, (tokens, counts))
    for seed in range(12):
        place = made.draw(0, seed=seed, roam=4.0, apart=apart)
        assert place is not None
        assert float(place.whole[1]) == pytest.approx(round(float(place.whole[1])), abs=1e-3)


def test_colours_vary_together_and_hardly_more_than_known_ones_however_far_all_else_roams() -> None:
    repeated = tuple(range(NUMBERS - 4, NUMBERS))
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=repeated, traits=1, tints=(2, 3))
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    waver = torch.randn(30, generator=torch.Generator().manual_seed(5))
    for number, of_known in enumerate((waver, waver, waver, -waver)):  # the last two move against each other
        tokens[:, :, repeated[number]] = of_known[:, None]
    settle(made, (tokens, counts))
    drawn = [made.draw(0, seed=s, roam=4.0, held=lambda wholes, *_: wholes) for s in range(200)]
    wholes = torch.stack([place.whole for place in drawn if place is not None])
    spread = wholes.std(0) / made.wholes[made.classes >= 0].std(0)
    assert float(spread[1]) > 1.3 * float(spread[2])
    assert 1.2 < float(spread[2]) < 1.8
    assert torch.allclose(wholes[:, 2], -wholes[:, 3], atol=1e-3)


def test_what_is_usual_between_two_of_a_class_is_told_by_one_pair_for_each_sound() -> None:
    made = settled()
    told = torch.stack([made.wholes[made.classes >= 0, 0], 2.0 * made.lengths[made.classes >= 0]], 1)
    pairs = [(n, n // 10 * 10 + (n % 10 + 5) % 10) for n in range(20)]
    usual = float(torch.stack([(told[a] - told[b]).norm() for a, b in pairs]).median())
    assert made._usual_between_two(made._heard(1.0)) == pytest.approx(usual)


def test_what_all_tokens_of_a_sound_repeat_is_kept_and_blended_as_its_place_is() -> None:
    made = settled()
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    tokens[:, :, -1] = torch.arange(30.0)[:, None]
    settle(made, (tokens, counts))
    mine = torch.nonzero(made.classes == 0)[:, 0]
    assert sorted(made.wholes[mine, 0].tolist()) == pytest.approx(list(range(30)), abs=1e-3)
    for seed in range(20):
        new = made.draw(0, seed=seed)
        assert new is not None
        assert 0.0 <= float(new.whole[0]) <= 29.0, "between two sounds"


def test_new_sounds_are_as_unlike_the_known_as_asked() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1)
    tokens, counts = heard(60, around=2.0, spread=1.0, seed=13)
    settle(made, (tokens, counts))
    mine = made.wholes[made.classes == 0]
    away = torch.pdist(mine).median()

    def nearest(apart: float, weights: Tensor | float = 1.0) -> Tensor:
        drawn = [made.draw(0, seed=seed, roam=2.5, apart=apart, weights=weights) for seed in range(40)]
        wholes = torch.stack([place.whole for place in drawn if place is not None])
        return torch.cdist(wholes, mine).min(1).values / away

    first, close, far = (nearest(apart) for apart in (0.0, 0.2, 0.6))
    assert float(close.median()) < float(far.median())
    assert float((far - 0.6).abs().median()) < 0.5 * float((first - 0.6).abs().median())
    assert float(far.std()) < float(first.std())
    assert not torch.equal(far, nearest(0.6, weights=torch.eye(NUMBERS)[3])), "what weighs nothing does not count"


@pytest.mark.parametrize("loaded", [False, True])
def test_what_was_drawn_before_leaves_nothing_behind(loaded: bool) -> None:
    fresh, used = (Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=range(NUMBERS), traits=1) for _ in range(2))
    narrow, wide = (heard(40, around=2.0, spread=spread, seed=17) for spread in (0.1, 1.0))
    for made in (fresh, used):
        settle(made, narrow)
    before = used.draw(0, seed=3, roam=2.5, apart=0.6)
    settle(fresh, wide)
    if loaded:
        used.load_state_dict(fresh.state_dict())
    else:
        settle(used, wide)
    after, alone = (made.draw(0, seed=3, roam=2.5, apart=0.6) for made in (used, fresh))
    assert before is not None
    assert after is not None
    assert alone is not None
    assert torch.equal(after.whole, alone.whole)
    assert not torch.equal(after.whole, before.whole)


def test_lines_are_those_of_the_sound_that_one_lasts_as() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=11)
    settle(made, (tokens, counts), lengths=torch.linspace(-3.0, 1.0, 30))
    for seed in range(20):
        place = made.draw(0, seed=seed, roam=2.0, apart=1.0)
        assert place is not None
        assert place.lines is not None
        assert place.log_length == pytest.approx(-3.0 + 4.0 / 29 * float(place.lines[0]), abs=1e-3)


def test_even_steps_through_a_class_meet_all_of_its_kinds() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    kinds = [heard(12, around=around, spread=0.05, seed=seed) for seed, around in enumerate((-3.0, -1.0, 1.0, 3.0))]
    tokens, counts = (torch.cat(part) for part in zip(*kinds, strict=True))
    tokens[:, :, -1] = torch.arange(48.0)[:, None] // 12  # which kind
    mixed = torch.randperm(48, generator=torch.Generator().manual_seed(3))
    settle(made, (tokens[mixed], counts[mixed]))
    for first in range(0, 400, 40):  # any four seeds side by side
        drawn = [made.draw(0, seed=seed, still=True) for seed in range(first, first + 4)]
        assert len({round(float(place.whole[0])) for place in drawn if place is not None}) >= 3


def test_keeping_nothing_keeps_nothing() -> None:
    made, other = settled(), settled(seed=1)
    made.take_from_both(
        Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1),
        Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1),
        weight=0.5,
        seed=0,
    )
    assert made.draw(0, seed=1) is None
    assert other.draw(0, seed=1) is not None


def test_nothing_is_kept_of_what_is_no_longer_known() -> None:
    made = settled()
    made.renumber(["one", "two"], ["two"])
    assert int((made.classes >= 0).sum()) == 10
    settle(made, heard(3, around=0.0, spread=1.0, seed=1))
    gone = made.classes < 0
    assert int(gone.sum()) == len(gone) - 3
    for name in ("places", "lengths", "traits", "wholes", "lines", "names"):
        assert not getattr(made, name)[gone].any()


def test_no_new_sound_leans_farther_than_any_known_one() -> None:
    made = settled()
    tokens, counts = heard(30, around=1.0, spread=0.5, seed=17)
    tokens[:, :, -1] = torch.linspace(-1.0, 1.0, 30)[:, None]
    settle(made, (tokens, counts))
    drawn = [made.draw(0, seed=seed, roam=5.0) for seed in range(60)]
    wholes = torch.stack([place.whole for place in drawn if place is not None])
    assert float(wholes.abs().max()) <= 1.0
    assert float(wholes.std()) > 0.3


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 9), (2, 2), (3, 12)])
def test_in_small_classes_what_is_new_is_no_take(sizes: tuple[int, ...]) -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 2, NUMBERS - 1), traits=1)
    tokens, counts = heard(sum(sizes), around=0.0, spread=1.0, seed=19)
    settle(made, (tokens, counts), classes=torch.cat([torch.full((size,), owner) for owner, size in enumerate(sizes)]))
    known = made.classes >= 0
    for owner in range(len(sizes)):
        drawn = [made.draw(owner, seed=seed, roam=4.0, apart=1.2) for seed in range(40)]
        places = torch.stack([place.numbers for place in drawn if place is not None])
        wholes = torch.stack([place.whole for place in drawn if place is not None])
        same = torch.cdist(places, made.places[known]).min(1).values < 1e-3
        alike = torch.cdist(wholes, made.wholes[known]).min(1).values < 1e-3
        assert float(same.float().mean()) < 0.3
        assert float(alike.float().mean()) < 0.3 or sum(sizes) < _ENOUGH, "three sounds span too little to go between"


def test_takes_are_oftener_of_sounds_that_have_others_like_them_beside_them() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    family, loners = heard(20, around=0.0, spread=0.05, seed=1), heard(20, around=0.0, spread=5.0, seed=2)
    settle(made, (torch.cat([family[0], loners[0]]), torch.cat([family[1], loners[1]])))
    met = [drawn.name for turn in range(400) if (drawn := made.draw(0, seed=turn, turn=turn, still=True))]
    counts = [met.count(name) for name in range(1, 41)]
    assert min(counts) > 0, "every sound is met"
    assert 1.3 * sum(counts[20:]) < sum(counts[:20]) < 4.0 * sum(counts[20:])


@pytest.mark.parametrize("class_index", [0, None])
def test_what_stays_still_is_still_of_what_was_asked_for(class_index: int | None) -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, repeated=(NUMBERS - 1,), traits=1)
    lengths = torch.tensor([0.1] * 20 + [2.0] * 20).log()
    settle(made, heard(40, around=0.0, spread=1.0, seed=1), lengths=lengths)
    for turn in range(20):
        drawn = made.draw(class_index, seed=turn, turn=turn, still=True, log_length=math.log(0.1))
        assert drawn is not None
        assert drawn.log_length == pytest.approx(math.log(0.1))


def test_takes_of_any_class_meet_every_sound() -> None:
    made = settled()
    made.renumber(["a", "b"], ["b", "a"])
    met = {drawn.name for turn in range(300) if (drawn := made.draw(None, seed=turn, turn=turn, still=True))}
    assert met == set(range(100, 120))
