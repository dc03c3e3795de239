"""Results: what a gate found, as sentences and as the table that the Dagster UI shows.

Belongs here: wording. Does not belong here: deciding (engine.py) or Dagster (checks.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ExpectationResult:
    """How one expectation came out; `reason` is set where counted rows do not say what is wrong."""

    sentence: str
    success: bool
    rows: int
    failing: int = 0
    samples: tuple[str, ...] = ()
    reason: str = ""

    @property
    def text(self) -> str:
        """The sentence with what was found."""
        if self.success:
            return f"{self.sentence} ({self.rows:,} rows)"
        shown = f": {', '.join(self.samples)}" if self.samples else ""
        more = ", …" if self.samples and self.failing > len(self.samples) else ""
        return f"{self.sentence} ({self.reason or f'{self.found}{shown}{more}'})"

    @property
    def found(self) -> str:
        """What was found, in numbers."""
        return f"{self.failing:,} of {self.rows:,} rows fail"


@dataclass(frozen=True)
class SuiteResult:
    """How the suite of one table came out; `note` says why nothing was checked where that is so."""

    label: str
    rows: int
    results: tuple[ExpectationResult, ...]
    note: str = ""

    @property
    def success(self) -> bool:
        """Whether every expectation holds."""
        return all(result.success for result in self.results)

    @property
    def failures(self) -> list[str]:
        """One sentence per failed expectation, such as
        `raw/shop/orders: order ids are unique (2 of 41,203 rows fail: 10412, 10413)`.
        """
        return [f"{self.label}: {result.text}" for result in self.results if not result.success]


def findings(suites: Sequence[SuiteResult]) -> list[str]:
    """One sentence per failed expectation without anything of a row, for who has no business to see those."""
    return [
        f"{suite.label}: {result.sentence} ({result.found if result.failing else 'it does not hold'})"
        for suite in suites
        for result in suite.results
        if not result.success
    ]


def markdown(suites: Sequence[SuiteResult]) -> str:
    """The results as a Markdown table, failures first."""
    lines = ["| expectation | result | rows | failing | found |", "|---|---|---:|---:|---|"]
    results = [result for suite in suites for result in suite.results]
    for result in sorted(results, key=lambda result: result.success):
        found = result.reason or ", ".join(result.samples)
        cells = [
            result.sentence,
            "passed" if result.success else "**failed**",
            f"{result.rows:,}",
            f"{result.failing:,}" if result.failing and not result.success else "",
            "" if result.success else found,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    notes = [f"{suite.label}: {suite.note}" for suite in suites if suite.note]
    return "\n".join([*lines, "", *notes]).rstrip()
