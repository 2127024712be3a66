"""Option lists: cells that name several options at once, such as "Karte; Leasing"."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from leadwerk.importing.text_column import TextColumn

TAGS, LINES = "<>", "\n"
SEPARATORS = (";#", ";", "|", ",", TAGS, LINES, "/", "•", "·", "、", "\t", "#", "+", "&")
"""The surest first: SharePoint's, the usual signs, tags and lines of pages, signs that may belong to a name."""
SIGNS_OF_NAMES = frozenset("+&")
"""Müller & Co. is one name: options are what also stands alone."""
MOST_OPTIONS = 40
OPTION_LENGTH = 40  # characters
OPTION_USES = 5.0  # cells an option, on average
LISTED_SHARE = 0.1  # of the filled cells, those that name several options


@dataclass(frozen=True)
class OptionList:
    """Separator of a column of option lists, and its options, the commonest first."""

    separator: str
    options: tuple[str, ...]


def find_option_list(cells: TextColumn) -> OptionList | None:
    """The option list that a column holds; None if its cells are categories or sentences."""
    for separator in SEPARATORS:
        listed, options = _count_options(cells, separator)
        # Options combine in many ways; if there are fewer texts than parts, the sign belongs to the text.
        # Otherwise they are names of places, or sentences.
        combine = cells.distinct_filled >= len(options) and (
            separator not in SIGNS_OF_NAMES or _stand_alone(cells, options)
        )
        if combine and listed >= LISTED_SHARE * cells.filled and _are_options(options):
            return OptionList(separator, tuple(option for option, _ in options.most_common()))
    return None


def _stand_alone(cells: TextColumn, options: Counter[str]) -> bool:
    """Whether each option is some cell's only one."""
    return options.keys() <= {text for text, _ in cells.filled_texts()}


def _count_options(cells: TextColumn, separator: str) -> tuple[int, Counter[str]]:
    """Cells that name several options, and the uses of each; the count stops where there are too many to be options."""
    listed, options = 0, Counter[str]()
    for text, times in cells.filled_texts():
        parts = split_options(text, separator)
        listed += times if len(parts) > 1 else 0
        options.update(dict.fromkeys(parts, times))
        # Free text gives itself away after a few rows: the other million need not be split.
        if len(options) > MOST_OPTIONS:
            break
    return listed, options


def split_options(text: str, separator: str) -> list[str]:
    """The options that a cell lists.

    >>> split_options("Karte; Leasing;", ";"), split_options("- a\\r\\n- b", LINES), split_options("a<br/>b", TAGS)
    (['Karte', 'Leasing'], ['a', 'b'], ['a', 'b'])
    """
    pieces = re.split(r"<[^<>]*>", text) if separator == TAGS else text.split(separator)
    marks = "-*•· \t" if separator == LINES else " "
    options = (piece.strip(" \t\r\n[]{}\"'").lstrip(marks) for piece in pieces)
    return list(dict.fromkeys(option for option in options if option))


def _are_options(options: Counter[str]) -> bool:
    """Few short texts that come back: sentences with commas do not count."""
    return (
        2 <= len(options) <= MOST_OPTIONS
        and max(map(len, options)) <= OPTION_LENGTH
        and options.total() / len(options) >= OPTION_USES
        # Numbers with a comma or point in them look like lists of two options.
        and not all(option.replace(".", "").isdigit() for option in options)
    )
