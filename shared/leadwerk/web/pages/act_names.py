"""Names of the audit trail's acts, as their readers call them."""

from __future__ import annotations

from leadwerk.report.wording import Wording
from leadwerk.texts import has


def act_name(wording: Wording, action: str) -> str:
    """The act in the reader's language; its code where it has no name, such as one of a later release."""
    key = f"page.act.{action}"
    return wording.say(key) if has(wording.language, key) else action
