"""Places of sounds: near in what was heard means near in places, and new places lie between neighbours."""

import math

import pytest
import torch
from torch import Tensor

from woodshed.nn import PLACE_NUMBERS, Neighbourhood

NUMBERS, DIMS, MOST = 12, 8, 6


def heard(count: int, *, around: float, spread: float, seed: int) -> tuple[Tensor, Tensor]:
    """Tokens of so many sounds that lie around one level, and how many tokens each has."""
    generator = torch.Generator().manual_seed(seed)
    tokens = around + spread * torch.randn(count, 1, NUMBERS, generator=generator).expand(-1, MOST, -1).clone()
    counts = torch.randint(1, MOST + 1, (count,), generator=generator)
    tokens[torch.arange(MOST)[None] >= counts[:, None]] = 0.0
    return tokens, counts


def settled(*, seed: int = 0) -> Neighbourhood:
    """Ten sounds of class 0 around 2, ten of class 1 around -2."""
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1)
    high, low = heard(10, around=2.0, spread=0.3, seed=1), heard(10, around=-2.0, spread=0.3, seed=2)
    classes = torch.tensor([0] * 10 + [1] * 10)
    lengths = torch.log(torch.linspace(0.1, 1.0, 20))
    made.settle(
        torch.cat([high[0], low[0]]), torch.cat([high[1], low[1]]), classes, lengths, torch.zeros(20, 2), seed=seed
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
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1)
    tokens, counts = heard(40, around=0.0, spread=1.0, seed=3)
    lengths = torch.log(torch.tensor([0.1] * 20 + [2.0] * 20))
    tokens[20:] += 5.0 * (tokens[20:] != 0)  # the long ones are something else
    made.settle(tokens, counts, torch.zeros(40, dtype=torch.long), lengths, torch.zeros(40, 2), seed=0)
    for seed in range(10):
        place = made.draw(0, seed=seed, log_length=math.log(1.9))
        assert place is not None
        assert place.log_length == pytest.approx(math.log(2.0), abs=0.1)


def test_nothing_is_drawn_of_a_class_that_was_not_heard() -> None:
    made = settled()
    assert made.draw(7, seed=0) is None
    assert made.draw(None, seed=0) is not None
    assert Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1).draw(None, seed=0) is None


def test_new_sounds_of_a_class_take_the_place_of_the_old_and_directions_stay() -> None:
    made = settled()
    directions, others = made.basis.directions.clone(), made.places[made.classes == 1].clone()
    tokens, counts = heard(3, around=6.0, spread=0.1, seed=4)
    made.settle(tokens, counts, torch.zeros(3, dtype=torch.long), torch.zeros(3), torch.zeros(3, 2), seed=0)
    assert torch.equal(made.basis.directions, directions)
    assert int((made.classes == 0).sum()) == 3
    assert {tuple(row.tolist()) for row in made.places[made.classes == 1]} == {tuple(row.tolist()) for row in others}


def test_what_is_told_lies_among_the_own_class_and_is_often_nothing() -> None:
    made = settled()
    tokens, counts = heard(200, around=2.0, spread=0.3, seed=5)
    classes = torch.zeros(200, dtype=torch.long)
    told = made.told(tokens, counts, classes, torch.Generator().manual_seed(1))
    assert told.shape == (200, PLACE_NUMBERS + 1)
    known = told[:, -1] > 0
    assert 0.6 < float(known.float().mean()) < 0.9
    assert not told[~known].any()
    nearer = (told[known, :-1] - centre(made, 0)).norm(dim=1) < (told[known, :-1] - centre(made, 1)).norm(dim=1)
    assert bool(nearer.all())


def test_one_sound_alone_has_no_neighbour_and_is_told_as_it_is() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1)
    tokens, counts = heard(1, around=1.0, spread=0.1, seed=6)
    made.settle(tokens, counts, torch.zeros(1, dtype=torch.long), torch.zeros(1), torch.zeros(1, 2), seed=0)
    place = made.draw(0, seed=3)
    assert place is not None
    assert torch.equal(place.numbers, made.places[0])
    told = made.told(tokens, counts, torch.zeros(1, dtype=torch.long), torch.Generator().manual_seed(2))
    assert bool(torch.isfinite(told).all())


def test_of_more_sounds_than_places_some_are_kept() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1)
    tokens, counts = heard(1500, around=0.0, spread=1.0, seed=7)
    made.settle(tokens, counts, torch.arange(1500) % 3, torch.zeros(1500), torch.zeros(1500, 2), seed=0)
    kept = made.classes[made.classes >= 0]
    assert len(kept) == len(made.places)
    assert all(int((kept == one).sum()) > 200 for one in range(3))


def test_two_share_their_places_by_weight() -> None:
    first, second = settled(), settled()
    second.places.add_(10.0)
    made = settled()
    made.share(first, second, weight=0.5, seed=0)
    used = made.classes >= 0
    of_second = (made.places[used].mean(1) > 5.0).float().mean()
    assert 0.2 < float(of_second) < 0.8


def test_sounds_with_the_trait_asked_for_are_chosen_before_those_without() -> None:
    made = Neighbourhood(numbers=NUMBERS, dims=DIMS, traits=1)
    tokens, counts = heard(30, around=0.0, spread=1.0, seed=8)
    value = torch.linspace(-2.0, 2.0, 30)
    known = (torch.arange(30) % 2).float()
    lengths = value.clone()  # so that a length tells which were chosen
    made.settle(tokens, counts, torch.zeros(30, dtype=torch.long), lengths, torch.stack([value, known], 1), seed=0)
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


def test_a_place_lies_as_far_on_the_way_as_it_was_sent() -> None:
    made = settled()
    tokens = torch.full((3, NUMBERS), -2.0)
    own, half, whole = (made.towards(tokens, 0, share=share, seed=4) for share in (0.0, 0.5, 1.0))
    assert own is not None
    assert half is not None
    assert whole is not None
    assert torch.allclose(half, (own + whole) / 2, atol=1e-5)
    there = made.draw(0, seed=4)
    assert there is not None
    assert torch.equal(whole, there.numbers)


def test_places_follow_the_names_of_their_classes() -> None:
    made = settled()
    low = made.places[made.classes == 1]
    made.renumber(("high", "low"), ("low", "other", "another"))
    assert not bool((made.classes == 1).any())
    assert torch.equal(made.places[made.classes == 0], low)
