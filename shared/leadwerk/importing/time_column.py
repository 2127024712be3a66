"""Columns of times: day or month first, epochs, spreadsheets' serial numbers; and their moments in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.timestamps import HOURS_A_DAY, DateOrder, parse_moment

TimeForm = Literal["text", "seconds", "milliseconds", "microseconds", "nanoseconds", "serial"]
Moments = NDArray[np.datetime64]

_CLOCK = (
    r"(?:[Tt ,]+(?P<h>\d{1,2}):(?P<i>\d{2})(?::(?P<s>\d{2}))?(?:[.,]\d+)?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?P<zone>[Zz]|UTC|[+-]\d{2}(?::?\d{2})?))?)?$"
)
_PLAIN = r"^[12]\d{3}-[01]\d-[0-3]\d(?:[ T][0-2]\d:[0-5]\d:[0-5]\d)?$"
_YEAR_FIRST = r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _CLOCK
_ORDERED = {
    "dmy": r"^(?P<d>\d{1,2})[./-](?P<m>\d{1,2})[./-](?P<y>\d{4})" + _CLOCK,
    "mdy": r"^(?P<m>\d{1,2})[./-](?P<d>\d{1,2})[./-](?P<y>\d{4})" + _CLOCK,
}
_CLOCK_IN_FRONT = r"(?:\d{1,2}[:.]\d{2}(?::\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?(?: Uhr)?,?\s+)?"
_PARTS = (
    rf"^{_CLOCK_IN_FRONT}"
    r"(?:[^\W\d_]{2,10}[.,]{1,2}\s*)?"
    r"(?P<first>\d{1,2})\s?(?P<sign>[./-])\s?(?P<second>\d{1,2})\s?[./-]\s?(?P<third>\d{2,4})(?:\D|$)"
)
_LIKE_A_DATE = r"\d\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}"
_DIGITS = r"^\d+(?:[.,]\d+)?$"
_SERIAL_ORIGIN = np.datetime64("1899-12-30T00:00:00", "us")
_MANY = 8
"""This many dates of a year have, by chance, one day above the 12th with a probability above 99 %."""
_FEW_YEARS, _LONGEST_MONTH = 5, 31
_SERIALS = (20_000.0, 80_000.0)  # 1954 to 2119
_EPOCHS: tuple[tuple[TimeForm, float, float], ...] = (
    ("seconds", 1e8, 1_000_000),
    ("milliseconds", 1e11, 1_000),
    ("microseconds", 1e14, 1),
    ("nanoseconds", 1e17, 0.001),
)
# Numbers in these ranges mean 1973 to 2128, whatever the unit.
_EPOCH_SPAN = 50.0
_WALL_SECONDS = (-62_000_000_000, 253_000_000_000)  # years 6 to 9987
_FIRST_MOMENT, _LAST_MOMENT = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59", "us")
NOT_A_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class OrderEvidence:
    """Rows that can only be read day first or month first, rows that can be both, and an example of these."""

    day_first: int = 0
    month_first: int = 0
    unclear: int = 0
    dotted: int = 0
    example: str = ""
    year_first: str = ""
    """An example of a date whose year of two digits seems to stand in front: 25-01-31."""
    converted: tuple[str, str] | None = None
    """Examples of dates that a spreadsheet of the other order took for its own, and of those that it could not."""

    @property
    def certain(self) -> DateOrder | None:
        """The order that the column itself proves. Dates with points are written day first everywhere."""
        if self.day_first and not self.month_first:
            return "dmy"
        if self.month_first and not self.day_first:
            return "mdy"
        return "dmy" if self.dotted and not self.month_first else None

    @property
    def is_unclear(self) -> bool:
        """Whether dates depend on the order, and the column does not prove it."""
        return bool(self.unclear + self.day_first + self.month_first) and self.certain is None


def order_evidence(column: TextColumn) -> OrderEvidence:
    """Evidence of all values of a column for the order of day and month."""
    if not pc.any(pc.match_substring_regex(column.trimmed, _LIKE_A_DATE)).as_py():
        return OrderEvidence()
    parts = pc.extract_regex(column.trimmed, _PARTS)
    is_shaped = np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False), dtype=bool)
    if not is_shaped.any():
        return OrderEvidence()
    rows, counts = np.flatnonzero(is_shaped), column.counts[is_shaped]
    first, second, third = (_whole(pc.struct_field(parts, name), rows) for name in ("first", "second", "third"))
    signs = np.asarray(pc.equal(pc.struct_field(parts, "sign"), ".").to_numpy(zero_copy_only=False)[rows], dtype=bool)
    both = (first <= 12) & (second <= 12) & (first != second)
    example = column.trimmed[int(rows[np.argmax(both)])].as_py() if both.any() else ""
    beyond = rows[(first > 12) ^ (second > 12)]
    converted = None if both.any() or len(beyond) < _MANY else _converted(column, beyond)
    return OrderEvidence(
        int(counts[(first > 12) & (second <= 12)].sum()),
        int(counts[(second > 12) & (first <= 12)].sum()),
        int(counts[both].sum()),
        int(counts[signs].sum()),
        example,
        column.trimmed[int(rows[0])].as_py() if _is_year_first(first, third) else "",
        converted,
    )


def _is_year_first(first: NDArray[np.int64], third: NDArray[np.int64]) -> bool:
    """Whether the numbers in front look like a few years, and those behind like days: 25-01-06 … 26-12-31."""
    days = np.unique(third)
    return len(days) >= _MANY and days[0] >= 1 and days[-1] <= _LONGEST_MONTH and int(np.ptp(first)) < _FEW_YEARS


def _converted(column: TextColumn, beyond: NDArray[np.intp]) -> tuple[str, str] | None:
    """Examples where every date that can be read in both orders is a real date, and every other one stayed a text.

    An American spreadsheet takes 06.01.2025 for 1 June, and leaves 13.01.2025 alone.
    """
    parts = pc.extract_regex(column.trimmed, r"^\d{4}-\d{2}-(?P<day>\d{2})\b")
    rows = np.flatnonzero(np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False), dtype=bool))
    if len(rows) < _MANY or _whole(pc.struct_field(parts, "day"), rows).max() > 12:
        return None
    return column.trimmed[int(rows[0])].as_py(), column.trimmed[int(beyond[0])].as_py()


def _whole(texts: pa.StringArray, rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Whole numbers of some of the texts; empty ones are 0."""
    part = pc.take(texts, pa.array(rows))
    filled = pc.if_else(pc.equal(pc.fill_null(part, ""), ""), "0", part)
    return np.asarray(pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def form_of(column: TextColumn) -> TimeForm | None:
    """How the numbers of a column of times count; text where they are dates; None where numbers are no times."""
    numeric = np.asarray(pc.match_substring_regex(column.trimmed, _DIGITS).to_numpy(zero_copy_only=False), dtype=bool)
    numeric &= ~column.missing
    if not numeric.any() or column.counts[numeric].sum() < 0.5 * column.filled:
        return "text"
    numbers = _floats(column, numeric)
    # Digits of a date, not a count of seconds.
    if np.all((numbers >= 1e7) & (numbers < 1e8)) or np.all((numbers >= 1.9e13) & (numbers < 2.2e13)):
        return "text"  # 20260131, 20260131174500
    # The median: one typing error among a million times must not decide what all of them count.
    middle = float(np.median(numbers))
    if _SERIALS[0] <= middle <= _SERIALS[1]:
        return "serial"
    return next((form for form, least, _ in _EPOCHS if least <= middle < least * _EPOCH_SPAN), None)


def _floats(column: TextColumn, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    texts = pc.replace_substring(pc.take(column.trimmed, pa.array(np.flatnonzero(which))), ",", ".")
    return np.asarray(pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def moments_of(column: TextColumn, form: TimeForm, order: DateOrder, zone: str) -> Moments:
    """The moment (UTC) of each different cell, NaT where a cell holds no time; without an offset `zone` applies."""
    result = np.full(len(column.distinct), NOT_A_TIME, dtype="datetime64[us]")
    todo = ~column.missing
    if form != "text":
        todo &= ~_counted(result, column, form, zone)
    if todo.any():
        todo &= ~_plain(result, column, todo, zone)
    for pattern in (_YEAR_FIRST, _ORDERED[order]):
        if todo.any():
            todo &= ~_shaped(result, column, pattern, todo, zone)
    rows = np.flatnonzero(todo)
    for at, text in zip(rows, pc.take(column.trimmed, pa.array(rows)).to_pylist(), strict=True):
        result[at] = _careful(text, order, zone)
    return result


def _counted(result: Moments, column: TextColumn, form: TimeForm, zone: str) -> NDArray[np.bool_]:
    numeric = np.asarray(pc.match_substring_regex(column.trimmed, _DIGITS).to_numpy(zero_copy_only=False), dtype=bool)
    numeric &= ~column.missing
    numbers = _floats(column, numeric)
    if form == "serial":
        fits = (numbers >= 1) & (numbers <= 2_900_000)
        seconds = np.round(np.where(fits, numbers, 0) * 86_400).astype(np.int64)
        local = _SERIAL_ORIGIN + (seconds * 1_000_000).astype("timedelta64[us]")
        moments = in_utc(local, zone)
    else:
        least, factor = next((least, factor) for name, least, factor in _EPOCHS if name == form)
        fits = (numbers >= 0) & (numbers < least * 2_500)
        moments = (np.where(fits, numbers, 0) * factor).astype(np.int64).astype("datetime64[us]")
    moments[~fits] = NOT_A_TIME
    result[numeric] = moments
    return numeric


def _plain(result: Moments, column: TextColumn, todo: NDArray[np.bool_], zone: str) -> NDArray[np.bool_]:
    """Read the cells that are dates and times as databases write them, by Arrow; returns which they were."""
    is_plain = np.asarray(pc.match_substring_regex(column.trimmed, _PLAIN).to_numpy(zero_copy_only=False), dtype=bool)
    is_plain &= todo
    texts = pc.take(column.trimmed, pa.array(np.flatnonzero(is_plain)))
    try:
        local = pc.cast(texts, pa.timestamp("us")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # one of them does not exist, such as 31 February: the patterns find out which
        return np.zeros(len(is_plain), dtype=bool)
    result[is_plain] = in_utc(local, zone)
    return is_plain


def _shaped(result: Moments, column: TextColumn, pattern: str, todo: NDArray[np.bool_], zone: str) -> NDArray[np.bool_]:
    """Read the cells of one shape; returns which they were."""
    parts = pc.extract_regex(column.trimmed, pattern)
    is_shaped = np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False), dtype=bool) & todo
    rows = np.flatnonzero(is_shaped)
    if len(rows):
        year, month, day, hour, minute, second = (
            _whole(pc.struct_field(parts, name), rows) for name in ("y", "m", "d", "h", "i", "s")
        )
        half = pc.utf8_lower(pc.take(pc.struct_field(parts, "half"), pa.array(rows))).to_numpy(zero_copy_only=False)
        has_half = (half == "a") | (half == "p")
        # 24:00 is the midnight that ends the day.
        is_midnight = (hour == HOURS_A_DAY) & (minute == 0) & (second == 0)
        exists = (month >= 1) & (month <= 12) & (day >= 1) & (minute < 60) & (second < 60) & (year >= 1)
        exists &= (hour < HOURS_A_DAY) | is_midnight
        exists &= ~has_half | ((hour >= 1) & (hour <= 12))
        hour = np.where(has_half, hour % 12 + np.where(half == "p", 12, 0), hour)
        # A day too many runs into the next month, and is found out by that; NumPy would else raise for the whole
        # column.
        months = ((year - 1970) * 12 + np.where(exists, month, 1) - 1).astype("datetime64[M]")
        days = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
        exists &= days.astype("datetime64[M]") == months
        seconds = hour * 3600 + minute * 60 + second
        local = days.astype("datetime64[us]") + (seconds * 1_000_000).astype("timedelta64[us]")
        local[~exists] = NOT_A_TIME
        zones = pc.take(pc.struct_field(parts, "zone"), pa.array(rows))
        result[rows] = _in_stated_zones(local, zones, zone)
    return is_shaped


def _in_stated_zones(local: Moments, zones: pa.StringArray, zone: str) -> Moments:
    """Moments of times with the offset that stands behind them, or of `zone` where none does."""
    stated = np.asarray(pc.not_equal(pc.fill_null(zones, ""), "").to_numpy(zero_copy_only=False), dtype=bool)
    if not stated.any():
        return in_utc(local, zone)
    moments = np.where(stated, local, in_utc(local, zone))
    encoded = zones.dictionary_encode()
    ahead = np.array([_seconds_ahead(text or "") for text in encoded.dictionary.to_pylist()], np.int64)
    codes = np.asarray(encoded.indices.fill_null(0))
    moments -= np.where(stated, ahead[codes] * 1_000_000, 0).astype("timedelta64[us]")
    moments[stated & ((moments < _FIRST_MOMENT) | (moments > _LAST_MOMENT))] = NOT_A_TIME
    return moments


def _seconds_ahead(offset: str) -> int:
    """Seconds ahead of UTC of an offset such as +02:00; 0 for Z."""
    if offset[:1] not in ("+", "-"):
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if offset[0] == "-" else seconds


def in_utc(local: Moments, zone: str) -> Moments:
    """Times on a wall in `zone` as moments; clock changes come on quarters of an hour."""
    if zone == "UTC":
        return local
    # The zone is asked once a quarter of an hour, not once a row: today's zones change on its boundaries.
    quarters, where = np.unique(local.astype("datetime64[m]").astype(np.int64) // 15, return_inverse=True)
    offsets = np.fromiter((_offset(quarter * 900, ZoneInfo(zone)) for quarter in quarters.tolist()), np.int64)
    return np.asarray(local - (offsets[where] * 1_000_000).astype("timedelta64[us]"))


def in_zone(moments: Moments, zone: str) -> Moments:
    """Moments (UTC) as clocks on a wall in `zone` show them."""
    if zone == "UTC":
        return moments
    quarters, where = np.unique(moments.astype("datetime64[m]").astype(np.int64) // 15, return_inverse=True)
    clock = ZoneInfo(zone)
    offsets = (datetime.fromtimestamp(quarter * 900, clock).utcoffset() for quarter in quarters.tolist())
    seconds = np.fromiter((int(offset.total_seconds()) if offset else 0 for offset in offsets), np.int64)
    return np.asarray(moments + (seconds[where] * 1_000_000).astype("timedelta64[us]"))


def _offset(wall_seconds: int, zone: ZoneInfo) -> int:
    """Seconds by which a clock on a wall is ahead of UTC."""
    if not _WALL_SECONDS[0] < wall_seconds < _WALL_SECONDS[1]:
        return 0
    offset = datetime.fromtimestamp(wall_seconds, UTC).replace(tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _careful(text: str, order: DateOrder, zone: str) -> np.datetime64:
    try:
        return np.datetime64(parse_moment(text, zone, order=order).replace(tzinfo=None), "us")
    except InputError:
        return NOT_A_TIME
