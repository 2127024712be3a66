"""Terraform reference: writes the tables of files, variables and outputs into terraform/README.md from the .tf files.

python -m tools.terraform_reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "terraform"
README = FOLDER / "README.md"
BLOCK = re.compile(r'^(variable|output) "(\w+)" (\{.*?^\})', re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"\A# (.*?[.])(?:\s|\Z)", re.DOTALL)


def updated(text: str) -> str:
    """The README with its generated parts brought up to date; what stands outside of the marks is left alone."""
    parts = {"files": _files(), "variables": _variables(), "outputs": _outputs()}
    for name, rows in parts.items():
        # Marks in the page, not a template: people edit the prose around the tables in place.
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + begin + "".join(f"{row}\n" for row in rows) + end + after
    return text


def _files() -> Iterator[str]:
    yield from ("| file | holds |", "|---|---|")
    for file in sorted(FOLDER.glob("*.tf")):
        heading = HEADING.match(re.sub(r"\n# ", " ", file.read_text("utf-8")))
        yield f"| `{file.name}` | {heading[1] if heading else ''} |"


def _variables() -> Iterator[str]:
    yield from ("| variable | type | default | meaning |", "|---|---|---|---|")
    for _, name, block in BLOCK.findall((FOLDER / "variables.tf").read_text("utf-8")):
        default = _value(block, "default")
        default_text = f"`{default}`" if default else "required"
        yield f"| `{name}` | `{_value(block, 'type')}` | {default_text} | {_description(block)} |"


def _outputs() -> Iterator[str]:
    yield from ("| output | meaning |", "|---|---|")
    for _, name, block in BLOCK.findall((FOLDER / "outputs.tf").read_text("utf-8")):
        yield f"| `{name}` | {_description(block)} |"


def _value(block: str, attribute: str) -> str:
    """What stands behind `attribute =`, on one line; empty if it is not there.

    >>> _value('{\\n  type = object({\\n    a = string\\n    b = number\\n  })\\n  default = null\\n}', "type")
    'object({ a = string, b = number })'
    """
    attribute_match = re.search(rf"^  {attribute}\s+= (.*(?:\n    .*)*(?:\n  [\])}}]+)?)", block, re.MULTILINE)
    if not attribute_match:
        return ""
    first, *rest = (" ".join(line.split()) for line in attribute_match[1].splitlines())
    return f"{first} {', '.join(rest[:-1])} {rest[-1]}" if rest else first


def _description(block: str) -> str:
    return _value(block, "description").strip('"')


if __name__ == "__main__":
    README.write_text(updated(README.read_text("utf-8")), "utf-8")
