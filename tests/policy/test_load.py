"""Loading a policy: shipped or own, versioned by content, listing every error."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.features.contract import contract, groups
from leadwerk.policy.load import version
from leadwerk.policy.validation import RESERVED_NAMES

DEFAULTS = Path(policy.__file__).parent / "defaults"


@pytest.mark.parametrize("name", policy.SHIPPED)
def test_shipped_policies_are_right(name: str) -> None:
    assert policy.errors(name) == []
    assert policy.load(name).name == name


@pytest.mark.parametrize("name", policy.SHIPPED)
def test_shipped_policies_spell_out_every_section(name: str) -> None:
    document = yaml.safe_load((DEFAULTS / f"{name}.yaml").read_text("utf-8"))
    optional = {
        "calculator",
        "version",
        "drift",
        "experiment",
        "workflows",
    }  # only who has a calculator says what it sends
    assert set(policy.Policy.__struct_fields__) - set(document) <= optional


@pytest.mark.parametrize("name", policy.SHIPPED)
def test_shipped_policies_label_everything_in_every_language(name: str) -> None:
    loaded = policy.load(name)
    parts: tuple[Any, ...] = (*loaded.signals, *loaded.attributes, *loaded.actions)
    assert [part for part in parts if not part.labels] == []


def test_names_of_feature_groups_are_reserved() -> None:
    bare = msgspec.structs.replace(policy.load("mortgage"), signals=(), attributes=())
    assert set(groups(contract(bare))) - {"calculator"} <= RESERVED_NAMES


def test_german_labels_are_spelt_the_swiss_way() -> None:
    assert all("ß" not in (DEFAULTS / f"{name}.yaml").read_text("utf-8") for name in policy.SHIPPED)


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    mine.write_bytes((DEFAULTS / "mortgage.yaml").read_bytes())
    assert policy.load(mine) == policy.load(str(mine)) == policy.load("mortgage")


def test_version_is_of_the_content_not_of_comments_and_layout() -> None:
    text = (DEFAULTS / "mortgage.yaml").read_text("utf-8")
    rewritten = yaml.safe_dump(yaml.safe_load(text), allow_unicode=True, default_flow_style=True)
    assert policy.parse(rewritten).version == policy.load("mortgage").version


def test_version_follows_every_change_of_content() -> None:
    loaded = policy.load("mortgage")
    changed = msgspec.structs.replace(loaded, horizon_days=31)
    assert version(changed) != version(loaded) == loaded.version


def test_order_of_fields_does_not_change_the_version_but_order_of_signals_does() -> None:
    document = yaml.safe_load((DEFAULTS / "mortgage.yaml").read_text("utf-8"))
    fields = list(document.items())
    random.Random(1).shuffle(fields)
    assert policy.parse(yaml.safe_dump(dict(fields))).version == policy.load("mortgage").version
    document["signals"].reverse()
    assert policy.parse(yaml.safe_dump(document)).version != policy.load("mortgage").version


def test_what_is_written_as_yaml_is_loaded_again() -> None:
    loaded = policy.load("b2b_swiss")
    document = msgspec.to_builtins(loaded)
    del document["version"]
    assert policy.parse(yaml.safe_dump(document, allow_unicode=True)) == loaded


def test_defaults_of_the_shape_go_together() -> None:
    minimal = yaml.safe_load((DEFAULTS / "mortgage.yaml").read_text("utf-8"))
    required = {field.name for field in msgspec.structs.fields(policy.Policy) if field.required}
    assert policy.parse(yaml.safe_dump({name: minimal[name] for name in required})).bands.hot == 70


@pytest.mark.parametrize("source", ["no/such/file.yaml", "mortgag", "", "/", "\0"])
def test_a_path_that_is_no_file_is_refused_with_the_shipped_names(source: str) -> None:
    with pytest.raises(PolicyError, match="mortgage, b2b_swiss"):
        policy.load(source)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00name")
    assert [error.field for error in policy.errors(tmp_path / "p.yaml")] == ["policy"]


def test_all_errors_are_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    text = (DEFAULTS / "mortgage.yaml").read_text("utf-8")
    mine.write_text(text.replace("horizon_days: 30", "horizon_day: 30").replace("hot: 70", "hot: 700"), "utf-8")
    errors = policy.errors(mine)
    assert [error.field for error in errors] == ["horizon_day", "bands.hot"]
    with pytest.raises(PolicyError, match=r"horizon_day: this.*Did you mean `horizon_days`\?.*1 more error") as caught:
        policy.load(mine)
    assert str(caught.value).count("horizon_day:") == 1


@given(st.text(max_size=200))
def test_no_text_brings_a_traceback(text: str) -> None:
    with pytest.raises(PolicyError):
        policy.parse(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(field=st.sampled_from(sorted(policy.Policy.__struct_fields__)), value=values)
def test_no_value_brings_a_traceback(field: str, value: object) -> None:
    document = yaml.safe_load((DEFAULTS / "mortgage.yaml").read_text("utf-8"))
    text = yaml.safe_dump({**document, field: value}, allow_unicode=True, sort_keys=False)
    try:
        policy.parse(text)
    except PolicyError as error:
        assert error.remedy and error.line >= 1


def test_a_policy_may_be_asked_for_by_many_threads_from_the_first_moment_on() -> None:
    """msgspec looks at a type when it is first used; two threads at that at once used to end the process."""
    code = (
        "import threading\n"
        "from leadwerk.policy.load import load\n"
        "start = threading.Barrier(16)\n"
        "found = []\n"
        "def ask(name):\n"
        "    start.wait()\n"
        "    found.append(load(name))\n"
        "threads = [threading.Thread(target=ask, args=(name,)) for name in ('mortgage', 'b2b_swiss') * 8]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "print(len(found), len({id(policy) for policy in found}))\n"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.split()) == (0, ["16", "2"]), done.stderr[-500:]
