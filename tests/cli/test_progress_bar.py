"""The progress bar of a step: percent and time left by an explicit clock, on terminals only and never beside JSON."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from leadwerk.catalogue.languages import Language
from leadwerk.cli.progress_bar import Pace, progress_text, working
from leadwerk.cli.speech import Speech
from leadwerk.progress import part_of
from leadwerk.texts.counted_progress import watched
from leadwerk.texts.message import Message


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def printed(
    reports: list[tuple[float, str, float]],
    *,
    as_json: bool = False,
    is_terminal: bool = True,
    language: Language = "en",
) -> str:
    """What a step leaves on the terminal which says such a thing and share after so many seconds."""
    stream, clock = StringIO(), Clock()
    console = Console(file=stream, force_terminal=is_terminal, width=100, color_system=None)
    with working(Speech(language), "retrain.running", as_json=as_json, console=console, clock=clock) as progress:
        for seconds, doing, done in reports:
            clock.now = 1000.0 + seconds
            progress(doing, done)
    return stream.getvalue()


def test_a_long_step_shows_percent_and_the_time_that_is_left() -> None:
    output = printed([(1, "reading", 0.0), (10, "fitting", 0.25), (30, "comparing", 0.75)])
    assert "Training: reading" in output
    assert "Training: fitting" in output and "25 %, 30 s left" in output
    assert "Training: comparing" in output and "75 %, 10 s left" in output


def test_before_two_seconds_nothing_is_estimated() -> None:
    output = printed([(1.9, "fitting", 0.5)])
    assert "50 %" in output and "left" not in output


def test_a_step_is_shown_in_the_readers_language() -> None:
    output = printed([(10, Message("progress.comparing"), 0.25)], language="it")
    assert "Addestramento: confronto dei candidati" in output
    assert "25 %, ancora 30 s" in output


@pytest.mark.parametrize("options", [{"as_json": True}, {"is_terminal": False}])
def test_a_file_a_pipe_and_json_get_no_bar(options: dict[str, bool]) -> None:
    assert printed([(10, "fitting", 0.25)], **options) == ""


def test_the_time_left_counts_down_between_two_reports() -> None:
    pace = Pace(0.0)
    pace.report(0.5, 60.0)
    assert [pace.seconds_left(at) for at in (60.0, 90.0, 150.0)] == [60.0, 30.0, 0.0]


def test_what_is_done_stays_done_and_is_never_more_than_all() -> None:
    pace = Pace(0.0)
    for done in (0.5, 0.2, 1.7):
        pace.report(done, 10.0)
        assert pace.done == max(0.5, min(done, 1.0))


def test_a_users_text_cannot_steer_the_terminal() -> None:
    assert "\x1b[2J" not in printed([(10, "file \x1b[2J.csv", 0.25)])


def test_markup_in_a_users_text_is_shown_as_it_stands() -> None:
    assert "leads[red].csv" in printed([(10, "leads[red].csv", 0.25)])


def test_parts_of_a_step_add_up_to_the_whole() -> None:
    shares: list[float] = []
    whole = lambda doing, done: shares.append(done)  # noqa: E731
    for at in range(2):
        list(watched(["ab", "cd"], 4, "leads", part_of(whole, at / 2, (at + 1) / 2)))
    assert shares == [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("done", [0.001, 0.999, 0.994999])
def test_percent_are_full_ones(done: float) -> None:
    assert progress_text(Speech("en"), done, None) == f"{int(done * 100)} %"
