"""Units of columns of numbers: what a file learned from states, and how the numbers of a later file follow from it."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from leadwerk.errors import InputError
from leadwerk.importing.number_column import numbers_of
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.amount import CURRENCIES, PERCENT, DecimalMark
from leadwerk.lead.stated_unit import SECONDS, conversion, stated_unit
from leadwerk.texts.message import Message

_SAMPLE = 200
_WITHOUT_UNIT = ""


class ColumnUnit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The unit that most numbers of a column state, empty for none.

    `is_multiplied`: most have a word such as Mio. behind. `is_share`: none has a unit, and all lie within -1 and 1.
    """

    name: str = _WITHOUT_UNIT
    is_multiplied: bool = False
    is_share: bool = False


def unit_of_column(column: TextColumn, decimal: DecimalMark | None) -> ColumnUnit:
    """The unit of a column, by its commonest numbers."""
    texts = [text for text in column.commonest(_SAMPLE) if any(sign in "123456789" for sign in text)]
    units = [stated_unit(text) for text in texts]
    ((name, times),) = Counter(unit.name for unit in units).most_common(1) or ((_WITHOUT_UNIT, 0),)
    name = name if times > len(units) / 2 else _WITHOUT_UNIT
    numbers = numbers_of(column, decimal)[~column.missing]
    numbers = numbers[~np.isnan(numbers)]
    is_share = not name and bool(np.any(numbers % 1) and np.all(np.abs(numbers) <= 1))
    return ColumnUnit(
        name=name, is_multiplied=sum(unit.is_multiplied for unit in units) > len(units) / 2, is_share=is_share
    )


def unit_factor(title: str, learned: ColumnUnit, present: ColumnUnit) -> float:
    """By what the numbers of a later file are to be multiplied to be those that were learned from.

    Raises:
        InputError: the two units do not convert, or the later file leaves out a unit that changes the numbers.
    """
    factor = _factor(learned, present)
    if factor is None:
        raise unit_refusal(title, learned, present)
    return factor


def unit_refusal(title: str, learned: ColumnUnit, present: ColumnUnit) -> InputError:
    """A column whose numbers are no continuation of those that were learned from."""
    return InputError(
        Message("import.unit", column=title, learned=_in_words(learned), present=_in_words(present)),
        field=title,
        remedy=Message("import.unit.remedy"),
    )


def _factor(learned: ColumnUnit, present: ColumnUnit) -> float | None:
    if PERCENT in (learned.name, present.name) and _WITHOUT_UNIT in (learned.name, present.name):
        return _percent_factor(learned, present)
    # 12:38 and 758 may be the same; whether 12 are minutes or seconds nothing says.
    if (learned.name == SECONDS) != (present.name == SECONDS):
        return None
    if learned.is_multiplied and not (present.is_multiplied or present.name):
        return None
    if _WITHOUT_UNIT in (learned.name, present.name):
        return 1.0
    return conversion(learned.name, present.name)


def _percent_factor(learned: ColumnUnit, present: ColumnUnit) -> float:
    """65 % is read as .65: a column without the sign holds either shares, or 65."""
    if learned.is_share or present.is_share:
        return 1.0
    return 0.01 if learned.name == PERCENT else 100.0


def _in_words(unit: ColumnUnit) -> str:
    if unit.is_multiplied:
        return Message("import.unit.multiplied")
    if unit.name == SECONDS:
        return Message("import.unit.duration")
    return unit.name.upper() if unit.name in CURRENCIES else unit.name or Message("import.unit.none")
