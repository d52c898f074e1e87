"""What is remembered of tensors is what they say now."""

import copy

import torch
from torch import Tensor, nn

from woodshed.nn.remembering import UntilChanged


def test_it_is_worked_out_once_while_nothing_changes() -> None:
    numbers, times = torch.arange(4.0), []
    sums = UntilChanged()
    for _ in range(3):
        assert sums.of("sum", [numbers], lambda: times.append(1) or float(numbers.sum())) == 6.0
    assert len(times) == 1


def test_names_and_tensors_are_told_apart() -> None:
    kept, one, other = UntilChanged(), torch.ones(2), torch.ones(2)
    assert kept.of("sum", [one], lambda: "of one") == "of one"
    assert kept.of("most", [one], lambda: "most of one") == "most of one"
    assert kept.of("sum", [other], lambda: "of other") == "of other", "equal, but another tensor"
    assert kept.of("sum", [other, one], lambda: "of both") == "of both"
    assert kept.of("sum", [other], lambda: "again") == "again"


def test_what_is_written_loaded_moved_or_copied_is_looked_at_anew() -> None:
    class Kept(nn.Module):
        numbers: Tensor

        def __init__(self, value: float) -> None:
            super().__init__()
            self.register_buffer("numbers", torch.full((3,), value))
            self.remembered = UntilChanged()

        def total(self) -> float:
            return self.remembered.of("total", [self.numbers], lambda: float(self.numbers.sum()))

    made = Kept(1.0)
    assert made.total() == 3.0
    made.load_state_dict(Kept(2.0).state_dict())
    assert made.total() == 6.0
    made.load_state_dict(Kept(3.0).state_dict(), assign=True)
    assert made.total() == 9.0
    made.numbers[made.numbers > 0] = 4.0
    assert made.total() == 12.0
    other = copy.deepcopy(made)
    other.numbers.add_(1.0)
    assert (made.double().total(), other.total()) == (12.0, 15.0)


def test_what_does_not_tell_when_it_changes_is_looked_at_every_time() -> None:
    kept = UntilChanged()
    with torch.inference_mode():
        numbers = torch.ones(3)
        assert kept.of("sum", [numbers], lambda: float(numbers.sum())) == 3.0
        numbers[0] = 5.0
        assert kept.of("sum", [numbers], lambda: float(numbers.sum())) == 7.0


def test_what_is_found_without_gradients_serves_training() -> None:
    weight, kept = torch.ones(2, requires_grad=True), UntilChanged()
    known = torch.tensor([2.0, 3.0])
    with torch.inference_mode():
        kept.of("twice", [known], lambda: 2 * known)
    (weight * kept.of("twice", [known], lambda: 2 * known)).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [4.0, 6.0]
