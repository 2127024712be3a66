"""Samples by the hash of a lead: the same leads in every statement, in every run, and on both engines."""

from __future__ import annotations

DIGITS = 8
ABOVE_ALL = "g"
"""Greater than every text of hexadecimal digits."""


def hash_limit(share: float) -> str:
    """The text below which that share (0 to 1) of all hashes lies, in hexadecimal digits as TO_HEX(MD5(…)) writes them.

    >>> hash_limit(0.5), hash_limit(1)
    ('80000000', 'g')
    """
    return ABOVE_ALL if share >= 1 else f"{int(share * 16**DIGITS):0{DIGITS}x}"
