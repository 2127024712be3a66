"""Ten simulated years of a sales team with every swing at once: a fixed threshold, a hasty one, and ours.

The years are those of the property test (tests/support/selling_year.py): Poisson arrivals, seasons of ± 25 %, a month
with twice the leads, one without any, holidays. `python -m benchmarks.thresholds PICTURE` draws the first of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.figure import Figure
from leadwerk.policy.load import load
from tests.support.selling_year import Decide, Diary, Year, at_fifty, carefully, hastily, live, policy_of

YEARS = 10
WAYS: dict[str, Decide] = {"fixed at 50": at_fifty, "jumps daily": hastily, "ours": carefully}
BEYOND = 0.25
POLICY = policy_of(load("b2b_swiss"))


def year(seed: int, **changes: object) -> Year:
    """The year of a seed; months of the swings come from it too."""
    swings = {"season": 0.25, "doubled": 2 + seed % 4, "empty": 7 + seed % 3, "holidays": True}
    return Year(seed=seed, **{**swings, **changes})  # type: ignore[arg-type]


def run() -> Iterable[Figure]:
    """Figures of each way; of too small a team, and of the constant load."""
    for name, way in WAYS.items():
        yield from _figures(name, [live(POLICY, year(seed), way) for seed in range(YEARS)])
    shorter = msgspec.structs.replace(POLICY.capacity, look_back_days=14)
    sooner = msgspec.structs.replace(POLICY, capacity=shorter)
    yield from _figures("ours, look-back of 14 days", [live(sooner, year(seed)) for seed in range(YEARS)])
    for name in ("fixed at 50", "ours"):
        weeks = [live(POLICY, year(seed, load=1.5), WAYS[name]).weeks() for seed in range(YEARS)]
        yield _share(f"{name}, half as many leads again: leads without time", [beyond for beyond, _ in weeks])
    calm = [live(POLICY, Year(seed=seed)) for seed in range(YEARS)]
    yield Figure.of(
        "thresholds, ours, constant load: turns a year and seller pool", [*map(_turns, calm)], unit="", target="≤ 1"
    )


def _figures(name: str, diaries: list[Diary]) -> Iterable[Figure]:
    step, turns = ("≤ 1", "≤ 8") if name.startswith("ours") else ("", "")
    steps = [float(np.abs(np.diff(diary.hot, axis=0)).max()) for diary in diaries]
    weeks = [diary.weeks() for diary in diaries]
    # Weeks that exceed the time by a quarter: less than that a team absorbs.
    floods = [float((beyond > BEYOND).sum()) for beyond, _ in weeks]
    yield Figure.of(f"thresholds, {name}: largest step in a day", steps, unit="points", target=step)
    yield Figure.of(f"thresholds, {name}: turns a year and seller pool", [*map(_turns, diaries)], unit="", target=turns)
    yield Figure.of(f"thresholds, {name}: weeks over time by > 25 %", floods, unit="")
    yield _share(f"{name}: leads without time", [beyond for beyond, _ in weeks])
    yield _share(f"{name}: time without leads", [idle for _, idle in weeks])


def _share(name: str, weeks: list[np.ndarray]) -> Figure:
    return Figure.of(f"thresholds, {name}", [100 * float(year.mean()) for year in weeks], unit="% of the time")


def _turns(diary: Diary) -> float:
    return float(np.mean(diary.turns()))


def draw(file: Path) -> None:
    """The first year: load, time, and the thresholds that follow."""
    from matplotlib.figure import Figure as Picture

    diary, hasty = live(POLICY, year(0)), live(POLICY, year(0), hastily)
    picture = Picture(figsize=(8, 5), layout="constrained", dpi=130)
    upper, lower = picture.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    upper.plot(hasty.everybody, color="#9ca3af", linewidth=0.9, label="what each day would want")
    upper.plot(diary.everybody, color="#dc2626", linewidth=2, label="threshold")
    upper.set_ylabel("HOT from (points)")
    upper.set_ylim(38, 62)
    upper.legend(frameon=False, loc="lower left")
    weekly = [np.sum(diary.called[day : day + 7]) for day in range(0, 364, 7)]
    lower.bar(range(3, 367, 7), weekly, width=6, color="#2563eb", label="HOT leads a week")
    lower.axhline(diary.capacity.sum() / 4, color="#059669", linestyle="--", label="time for")
    lower.set_xlabel("day")
    lower.legend(frameon=False, loc="upper right")
    picture.savefig(file)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
