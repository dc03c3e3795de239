"""What is simulated and when: the settings, and business days as UTC instants.

Does not belong here: anything about people, products or orders.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

HOUR = 3_600
DAY = 86_400
# The share of purchases before 07:00, which is where the local and the UTC day differ.
NIGHT_SHARE = 0.08
NIGHT_ENDS = 7 * HOUR
# Purchases end this long after midnight, so that what follows within minutes is still on the same local
# day, also
# on the day of 23 hours.
EVENING_ENDS = 22 * HOUR


class Simulation(BaseModel):
    """The `simulation:` block of a source: the seed, how many people join from start to end, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    customers: int = Field(default=5_000, ge=1)
    start: date
    end: date

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Simulation:
        if self.end < self.start:
            raise ValueError(f"the simulation ends on {self.end}, before it starts on {self.start}")
        return self


class Clock:
    """Business days of a shop, numbered from the first simulated one, as UTC instants in seconds."""

    def __init__(self, start: date, until: date, time_zone: str) -> None:
        self.start = start
        self.last_day = (until - start).days
        self._zone = ZoneInfo(time_zone)
        self._midnights: dict[int, int] = {}
        self.cutoff = self.midnight(self.last_day + 1)

    def date_of(self, day: int) -> date:
        """The date of a business day."""
        return self.start + timedelta(days=day)

    def midnight(self, day: int) -> int:
        """The instant at which a business day begins."""
        if day not in self._midnights:
            local = datetime.combine(self.date_of(day), time(), self._zone)
            self._midnights[day] = int(local.timestamp())
        return self._midnights[day]

    def instant(self, moment: float) -> int:
        """The instant of a moment in days (7.25: a quarter through the eighth day); keeps their order."""
        day = int(moment // 1)
        share = moment - day
        if share < NIGHT_SHARE:
            seconds = share / NIGHT_SHARE * NIGHT_ENDS
        else:
            seconds = NIGHT_ENDS + (share - NIGHT_SHARE) / (1 - NIGHT_SHARE) * (EVENING_ENDS - NIGHT_ENDS)
        return self.midnight(day) + int(seconds)


@cache
def _utc_date(day: int) -> str:
    return str(date(1970, 1, 1) + timedelta(days=day))


def utc_text(instant: int | None, separator: str = " ", suffix: str = "") -> str | None:
    """An instant as ISO text in UTC with seconds."""
    if instant is None:
        return None
    day, seconds = divmod(instant, DAY)
    return f"{_utc_date(day)}{separator}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{suffix}"
