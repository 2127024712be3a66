"""The progress bar of a step: percent and time left, on a terminal only, and never beside JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress as RichProgress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from leadwerk.cli.console import err, printable
from leadwerk.cli.speech import Speech
from leadwerk.progress import Progress, silent
from leadwerk.texts.message import in_language

SETTLING_SECONDS = 2.0
"""Before that an estimate of the time left would jump, and most steps are over."""
Clock = Callable[[], float]


@contextmanager
def working(
    speech: Speech, key: str, *, as_json: bool, console: Console = err, clock: Clock = time.monotonic, **values: str
) -> Iterator[Progress]:
    """Show what is going on, the text of `key`; the yielded function says how far it is."""
    if as_json or not console.is_terminal:
        yield silent
        return
    pace, what = Pace(clock()), speech.say(key, **values)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), _Left(pace, clock, speech))
    with RichProgress(*columns, console=console, transient=True, get_time=clock) as bar:
        task = bar.add_task(what, total=None)

        def tell(doing: str, done: float) -> None:
            pace.report(done, clock())
            # Without a total the bar only moves to and fro: nothing is done yet, so nothing can be estimated.
            text = printable(f"{what}: {in_language(doing, speech.language)}")
            bar.update(task, description=text, total=1 if done else None, completed=done, refresh=True)

        yield tell


@dataclass
class Pace:
    """How fast a step goes: when it `began`, and the share that was done when it last said so; seconds of one clock."""

    began: float
    done: float = 0.0
    reported: float = field(init=False)

    def __post_init__(self) -> None:
        self.reported = self.began

    def report(self, done: float, at: float) -> None:
        """So much is done at a moment; what was done before stays done."""
        self.done, self.reported = max(self.done, min(done, 1.0)), at

    def seconds_left(self, at: float) -> float | None:
        """Time left if the rest goes as fast as what is done; None while there is nothing to go by.

        >>> pace = Pace(100.0)
        >>> pace.report(0.25, 110.0)
        >>> pace.seconds_left(110.0), pace.seconds_left(115.0), pace.seconds_left(200.0)
        (30.0, 25.0, 0.0)
        """
        if not self.done or at - self.began < SETTLING_SECONDS:
            return None
        whole = (self.reported - self.began) / self.done
        return max(self.began + whole - at, 0.0)


class _Left(ProgressColumn):
    """Percent done, and the time left."""

    max_refresh = None

    def __init__(self, pace: Pace, clock: Clock, speech: Speech) -> None:
        self.pace, self.clock, self.speech = pace, clock, speech
        super().__init__()

    def render(self, task: Task) -> Text:
        """The text of this moment."""
        return Text(progress_text(self.speech, self.pace.done, self.pace.seconds_left(self.clock())))


def progress_text(speech: Speech, done: float, seconds_left: float | None) -> str:
    """Percent and time left as a person reads them.

    >>> english = Speech("en")
    >>> progress_text(english, 0.0, None), progress_text(english, 0.999, 0.4), progress_text(english, 0.1, 5000)
    ('', '99 %, 1 s left', '10 %, 1 h 23 min left')
    """
    if not done:
        return ""
    percent = int(done * 100)
    if seconds_left is None:
        return f"{percent} %"
    return speech.say("progress.left", percent=percent, time=duration(seconds_left))


def duration(seconds: float) -> str:
    """A time in its two largest units, at least a second.

    >>> duration(0), duration(59.6), duration(3600)
    ('1 s', '1 min 0 s', '1 h 0 min')
    """
    whole = max(round(seconds), 1)
    minutes, rest = divmod(whole, 60)
    hours, of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {of_hour} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
