"""Counts of counts, with how sure one can be of them."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Share:
    """How many of how many, with the exact 95 % interval of the share.

    References
    ----------
    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), pp. 404-413.

    Examples
    --------
    >>> share = Share(0, 100)
    >>> share.share, round(share.high, 3)
    (0.0, 0.036)
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share itself; NaN of nothing."""
        return self.count / self.of if self.of else float("nan")

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return float(stats.beta.ppf(0.025, self.count, self.of - self.count + 1)) if self.count else 0.0

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return float(stats.beta.ppf(0.975, self.count + 1, self.of - self.count)) if self.count < self.of else 1.0
