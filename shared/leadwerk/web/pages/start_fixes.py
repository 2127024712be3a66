"""Questions and remedies of a file's import as its page says them: by fields of its form, not a command's options."""

from __future__ import annotations

from collections.abc import Mapping

from leadwerk.errors import LeadwerkError
from leadwerk.texts.message import Message

FIXES: Mapping[str, str] = {
    "import.no_sheet.remedy": "sheet",
    "import.several_sheets.remedy": "sheet",
    "import.no_column.remedy": "columns",
    "import.positive.remedy": "values",
    "import.open.remedy": "values",
    "import.lost.remedy": "values",
    "import.outcome.unclear.remedy": "values",
    "import.outcome.unnamed.remedy": "values",
    "import.outcome.many.remedy": "outcome",
    "import.question.decimal": "decimal",
    "import.question.order": "order",
    "import.no_time.remedy": "time",
    "import.contact_ids.remedy": "ids",
    "import.losses.remedy": "losses",
    "import.losses.accept": "accept",
    "import.home.edited.remedy": "policy",
    "import.home.lacks.remedy": "policy",
    "import.home.zeros.remedy": "zeros",
}
"""By key of a text that names options of the command line: the end of the key of the page's own text."""


def page_texts(problem: LeadwerkError) -> tuple[str, str]:
    """What is wrong or asked, and what to do on the page."""
    fault, remedy = problem.texts
    return _on_page(fault), _on_page(remedy)


def _on_page(text: str) -> str:
    if not isinstance(text, Message):
        return text
    values = {name: _on_page(value) if isinstance(value, str) else value for name, value in text.values.items()}
    fix = FIXES.get(text.key)
    return Message(f"page.start.fix.{fix}" if fix else text.key, **values)
