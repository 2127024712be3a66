"""Every sentence a user reads, in German (Swiss spelling), French, Italian and English.

A text is looked up by language and key; only the language asked for is loaded. A text with the forms `one` and `other`
(and perhaps `zero`) is chosen by the value `count`.
"""

from leadwerk.texts.catalogue import has, text
from leadwerk.texts.facts import fact, label
from leadwerk.texts.number_format import duration, money, number, percent
from leadwerk.texts.reasons import action_label, reason

__all__ = [
    "action_label",
    "duration",
    "fact",
    "has",
    "label",
    "money",
    "number",
    "percent",
    "reason",
    "text",
]
