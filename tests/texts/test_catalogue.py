"""The four language files say the same things, in the way of each language."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import leadwerk
from leadwerk import texts
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.errors import ConfigurationError
from leadwerk.texts.catalogue import Entry, entries

OTHERS = [language for language in LANGUAGES if language != "de"]


def forms(entry: Entry) -> dict[str, str]:
    return {"": entry} if isinstance(entry, str) else entry


def placeholders(entry: Entry) -> set[str]:
    return {name for form in forms(entry).values() for _, name, _, _ in string.Formatter().parse(form) if name}


def everything(language: str) -> list[str]:
    return [form for entry in entries(language).values() for form in forms(entry).values()]


@pytest.mark.parametrize("language", OTHERS)
def test_all_languages_have_the_same_keys(language: str) -> None:
    assert entries(language).keys() ^ entries("de").keys() == set()


def key_with_own_remedy(node: ast.AST) -> str | None:
    """The key in `Problem.of(path, key, …)` or `SomeError(Message(key), …)`, which take the text `key.remedy` where no
    other remedy is given.
    """
    if not isinstance(node, ast.Call) or "remedy" in {keyword.arg for keyword in node.keywords}:
        return None
    if ast.unparse(node.func) == "Problem.of":
        key = node.args[1]
    elif node.args and isinstance(node.args[0], ast.Call) and ast.unparse(node.args[0].func) == "Message":
        key = node.args[0].args[0]
    else:
        return None
    return str(key.value) if isinstance(key, ast.Constant) else None


def keys_in_code() -> Iterator[str]:
    """Patterns of all strings in the package that may be the key of a text, of those put together (f"a.{b}") too."""
    package = Path(leadwerk.__file__).parent
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                yield "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            elif (key := key_with_own_remedy(node)) is not None:
                yield re.escape(f"{key}.remedy")
    for file in package.rglob("*.html"):
        yield from map(re.escape, re.findall(r't\("([^"]+)"', file.read_text()))


@pytest.mark.slow
def test_every_text_is_asked_for_by_the_code() -> None:
    key_asked_for = re.compile("|".join({key for key in keys_in_code() if re.match(r"[a-z_]+\\\.\S", key)}))
    assert [key for key in entries("de") if not key_asked_for.fullmatch(key)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_all_languages_have_the_same_places_for_values(language: str) -> None:
    german = entries("de")
    assert {key: placeholders(entry) for key, entry in entries(language).items()} == {
        key: placeholders(entry) for key, entry in german.items()
    }


@pytest.mark.parametrize("language", OTHERS)
def test_what_has_a_plural_has_it_everywhere(language: str) -> None:
    german = entries("de")
    assert [key for key, entry in entries(language).items() if set(forms(entry)) != set(forms(german[key]))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_one_and_other(language: str) -> None:
    counted = [entry for entry in entries(language).values() if isinstance(entry, dict)]
    assert counted
    assert all({"one", "other"} <= set(entry) <= {"zero", "one", "other"} for entry in counted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_badly_spaced(language: str) -> None:
    assert [text for text in everything(language) if not text.strip() or text != text.strip() or "  " in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_are_only_put_in_by_name(language: str) -> None:
    assert [text for text in everything(language) if re.search(r"\{(?![a-z_]+\})|(?<!\w)\}", text)] == []


def test_german_is_spelt_the_swiss_way() -> None:
    assert [text for text in everything("de") if "ß" in text] == []


def test_french_keeps_its_spaces_before_double_signs() -> None:
    assert [text for text in everything("fr") if re.search(r"[^\u00a0\u202f\s\d/][:;?!](?:\s|$)| [:;?!%]", text)] == []


@pytest.mark.parametrize("language", ["fr", "it"])
def test_apostrophes_are_typographic(language: str) -> None:
    assert [text for text in everything(language) if "'" in text] == []


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("de", 0, "0 Minuten"),
        ("de", 1, "1 Minute"),
        ("de", 2, "2 Minuten"),
        ("fr", 0, "0 minute"),
        ("fr", 1, "1 minute"),
        ("fr", 2, "2 minutes"),
        ("it", 1, "1 minuto"),
        ("it", 0, "0 minuti"),
        ("en", 1, "1 minute"),
        ("en", 0, "0 minutes"),
    ],
)
def test_plural_follows_the_language(language: str, count: int, expected: str) -> None:
    assert texts.text(language, "duration.minutes", count=count) == expected


def test_zero_has_its_own_words_where_they_exist() -> None:
    assert texts.text("de", "fact.recency", count=0) == "heute auf der Website"


def test_braces_in_a_value_are_left_alone() -> None:
    assert texts.text("en", "fact.value", label="{x}", value="{0.__class__}") == "{x}: {0.__class__}"


@pytest.mark.parametrize("language", ["", "es", "DE", "../de"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(ConfigurationError, match="de, fr, it, en"):
        texts.text(language, "cluster.HOT")


def test_an_unknown_key_or_a_missing_value_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"'cluster.LUKEWARM'"):
        texts.text("de", "cluster.LUKEWARM")
    with pytest.raises(ConfigurationError, match=r"'label'"):
        texts.text("de", "fact.value", value=1)
    with pytest.raises(ConfigurationError, match=r"'count'"):
        texts.text("de", "duration.minutes")


def test_only_the_language_asked_for_is_loaded() -> None:
    code = (
        "from leadwerk.texts import catalogue as c; c.text('fr', 'cluster.HOT'); print(c.entries.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_policy_lead_and_texts_load_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); from leadwerk import lead, policy, texts;"
        "policy.load('mortgage'); print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if not name.startswith(("_", "cython"))}
    assert loaded - set(sys.stdlib_module_names) <= {"leadwerk", "msgspec", "yaml", "typing_extensions"}
    assert loaded & {"difflib", "asyncio", "socket", "http"} == set()
