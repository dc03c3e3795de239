"""How far a long step is, told every few seconds: what is done of how much, and how fast.

Who takes its time says what it counts; how the lines are shown stands in progress.py.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

EVERY_SECONDS = 5


@dataclass
class Pace:
    """Counts units of work, and says every few seconds how many are done; of a step that is done before, nothing.

    say      takes a line
    what     what is being done, such as `dbt`
    unit     what is counted, such as `models and tests`
    total    how many there are; None where that is not known
    measure  where the count is not told by `advance`: a function that has it
    """

    say: Callable[[str], None]
    what: str
    unit: str
    total: int | None = None
    measure: Callable[[], int] | None = None
    done: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def advance(self, by: int = 1) -> None:
        """So many more are done."""
        self.done += by

    def __enter__(self) -> "Pace":
        started = time.monotonic()

        def tell() -> None:
            while not self._over.wait(EVERY_SECONDS):
                self.say(self.line(time.monotonic() - started))

        self._thread = threading.Thread(target=tell, name="pace", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def line(self, seconds: float) -> str:
        """What is said after so many seconds."""
        done = self.measure() if self.measure else self.done
        of = f" of {self.total:,}" if self.total is not None else ""
        rate = done / seconds
        fast = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
        return f"{self.what}: {done:,}{of} {self.unit} after {seconds:.0f} s, {fast} a second"
