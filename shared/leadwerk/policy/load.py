"""Loading a policy: file → data → shape → rules that hold between fields → version."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from pathlib import Path

import msgspec

from leadwerk.errors import PolicyError
from leadwerk.policy.enrichment import Enrichment
from leadwerk.policy.model import Policy
from leadwerk.policy.validation import problems
from leadwerk.policy.workflows import Workflows
from leadwerk.policy.yaml_document import Document, read
from leadwerk.texts.message import Message

SHIPPED = ("mortgage", "b2b_swiss")

_DEFAULTS = Path(__file__).parent / "defaults"
_VERSION_DIGITS = 12
_UNUSED_SECTIONS = (
    b',"workflows":' + msgspec.json.encode(Workflows(), order="deterministic"),
    b'"enrichment":' + msgspec.json.encode(Enrichment(), order="deterministic") + b",",
)
_parsing = threading.Lock()


def load(source: str | Path) -> Policy:
    """The policy in the file `source`, or the shipped one of that name.

    Raises:
        PolicyError: the first thing that is wrong with it, in the order of the file.
    """
    text, file = _text(source)
    return parse(text, file)


def parse(text: str, file: str = "policy.yaml") -> Policy:
    """The policy that `text` (YAML) says; `file` is what errors call it. The same text is parsed once a process.

    Raises:
        PolicyError: the first thing that is wrong with it, in the order of the file.
    """
    # One thread at a time: msgspec looks at a type when it is first used, and two threads at that crash the process.
    with _parsing:
        return _parsed(text, file)


@lru_cache(maxsize=8)
def _parsed(text: str, file: str) -> Policy:
    # YAML is read into positions and values, so that an error of meaning can name its line too.
    document = read(text, file)
    try:
        policy = msgspec.convert(document.data, Policy)
    except msgspec.ValidationError:
        # msgspec stops at the first fault and names no line; the slower check finds all of them with theirs.
        raise _first(_shape_errors(document)) from None
    rule_errors = _rule_errors(document, policy)
    if rule_errors:
        raise _first(rule_errors)
    return msgspec.structs.replace(policy, version=version(policy))


def errors(source: str | Path) -> list[PolicyError]:
    """Everything that can be seen to be wrong with a policy, in the order of the file; empty if nothing is."""
    try:
        document = read(*_text(source))
    except PolicyError as error:
        return [error]
    shape_errors = _shape_errors(document)
    if not shape_errors:
        shape_errors = _rule_errors(document, msgspec.convert(document.data, Policy))
    return sorted(shape_errors, key=lambda error: error.line)


def shipped_text(name: str) -> str:
    """The YAML of a shipped policy, comments included."""
    return _text(name)[0]


def version(policy: Policy) -> str:
    """Twelve hexadecimal digits of the SHA-256 of the content: comments and layout do not change it.

    >>> len(version(load("mortgage")))
    12
    """
    # The version is the hash of the meaning: comments, spaces and the order of fields do not change it.
    content = msgspec.json.encode(msgspec.structs.replace(policy, version=""), order="deterministic")
    # A section that came later and is not used is left out, so that a new release does not rescore every lead.
    for section in _UNUSED_SECTIONS:
        content = content.replace(section, b"")
    return hashlib.sha256(content).hexdigest()[:_VERSION_DIGITS]


def _text(source: str | Path) -> tuple[str, str]:
    # A shipped name wins over a file of that name, so that a stray file cannot change a demo.
    shipped = str(source) in SHIPPED
    path = _DEFAULTS / f"{source}.yaml" if shipped else Path(source)
    try:
        return path.read_text(encoding="utf-8"), path.name if shipped else str(source)
    except FileNotFoundError:
        raise _unreadable(source, Message("policy.file.missing")) from None
    except UnicodeDecodeError:
        raise _unreadable(source, Message("policy.file.encoding")) from None
    except (OSError, ValueError) as error:
        raise _unreadable(source, Message("policy.file.unreadable", error=type(error).__name__)) from None


def _unreadable(source: str | Path, message: str) -> PolicyError:
    remedy = Message("policy.file.remedy", shipped=", ".join(SHIPPED))
    return PolicyError(message, file=str(source), line=1, field="policy", remedy=remedy)


def _shape_errors(document: Document) -> list[PolicyError]:
    # Needed only to explain a refusal: msgspec.inspect costs more than the whole happy path.
    from leadwerk.policy.schema_errors import violations

    return [document.error(*problem) for problem in violations(document.data)]


def _rule_errors(document: Document, policy: Policy) -> list[PolicyError]:
    return [document.error(*problem) for problem in problems(policy)]


def _first(problems: list[PolicyError]) -> PolicyError:
    first, *rest = sorted(problems, key=lambda error: error.line)
    if rest:
        fault, remedy = first.texts
        more = Message("policy.more", count=len(rest), remedy=remedy)
        return PolicyError(fault, file=first.file, line=first.line, field=first.field, remedy=more)
    return first
