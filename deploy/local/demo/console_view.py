"""What a person sees while the demonstration runs: a calm view in a terminal, else plain lines."""

import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from shared.kernel.listing import listing

SHOWN = 14
NOTHING = "Nobody has written yet."
SHADES = {
    r"(?m)^ *[\d.]+ s": "dim",
    r"(?m)(?<= s  ).*: it is solved$": "green",
    r"(?m)(?<= s  ).*: it is not solved.*$": "yellow",
}
"""How lines look in a terminal: what customers say of our work is what to watch."""
COLUMNS = ("arrived", "acknowledged", "offered", "accepted", "resolved", "confirmed", "refuted")


@dataclass
class ConsoleView:
    """Collects what happens; `say` one line, `count` a step. Cheap enough to call from anywhere."""

    seconds: float
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))
    counts: Counter[str] = field(default_factory=Counter)
    addresses: dict[str, str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _live: Live | None = None

    def begin(self) -> None:
        """Start the clock, and the live view where there is a terminal to draw it in."""
        self._began = time.monotonic()
        if sys.stdout.isatty():
            self._live = Live(self, console=Console(), refresh_per_second=4, transient=True)
            self._live.start()

    def end(self) -> None:
        """Stop the live view; what follows is plain."""
        if self._live:
            self._live.stop()
            self._live = None

    def count(self, step: str) -> None:
        """One more contact came this far."""
        self.counts[step] += 1

    def say(self, line: str) -> None:
        """Something happened that a person may want to see."""
        line = f"{self.elapsed:5.1f} s  {line}"
        self.lines.append(line)
        if self._live is None:
            print(line, flush=True)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def __rich__(self) -> Group:
        steps = Table(box=None, padding=(0, 3, 0, 0))
        for column in COLUMNS:
            steps.add_column(column, justify="right", style="bold", header_style="dim")
        steps.add_row(*(str(self.counts[column]) for column in COLUMNS))
        left = (
            f"{max(0.0, self.seconds - self.elapsed):.0f} s left" if self.seconds else "Ctrl-C ends"
        )
        where = "   ".join(f"{name} {url}" for name, url in self.addresses.items())
        happened = Text(listing(self.lines, nothing=NOTHING), overflow="ellipsis", no_wrap=True)
        for words, style in SHADES.items():
            happened.highlight_regex(words, style)
        return Group(
            Text(f"Rapport, live. {left}", style="bold"),
            *([Text(where, style="dim")] if where else []),
            Text(""),
            steps,
            Text(""),
            happened,
        )
