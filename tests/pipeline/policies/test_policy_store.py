"""Publishing and reverting: nobody's change is lost, and every version can be had again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.errors import ConfigurationError, InputError, PolicyError, WriteConflict
from leadwerk.pipeline import wiring
from leadwerk.pipeline.policies import publishing
from leadwerk.pipeline.policies.policy_store import PolicyStore, check_base, draft_of, open_policies, read_draft
from leadwerk.pipeline.policies.publishing import publication_note
from leadwerk.policy.load import shipped_text
from leadwerk.settings import Settings, read
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.examples import examples
from support.homes import home_warehouse
from support.strict_storage import strict_storage

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MORTGAGE = shipped_text("mortgage")


def settings_of(home: Path, **other: str) -> Settings:
    return read({"LEADWERK_HOME": str(home)} | {f"LEADWERK_{name}": value for name, value in other.items()})


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """Google's client against a server that holds preconditions as strictly as Cloud Storage does."""
    with strict_storage() as (url, _):
        yield url


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> PolicyStore:
    if request.param == "folder":
        return open_policies(settings_of(tmp_path))
    url, folder = request.getfixturevalue("storage"), tmp_path.name
    cloud = settings_of(tmp_path, POLICY=f"gs://private/{folder}/policy.yaml", STORAGE_URL=url)
    wiring.reports(settings_of(tmp_path, REPORTS=f"gs://private/{folder}", STORAGE_URL=url)).write(
        "policy.yaml", MORTGAGE.encode()
    )
    return open_policies(cloud)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return home_warehouse(tmp_path / "data")


def hot(text: str, points: int) -> str:
    changed = text.replace("bands: {hot: 70,", f"bands: {{hot: {points},")
    assert changed != text or points == 70
    return changed


def put(place: PolicyStore, warehouse: DuckDBWarehouse, points: int, minutes: int = 0) -> str:
    present = place.in_force()
    draft = read_draft(hot(draft_of(present), points) if present.text == MORTGAGE else hot(MORTGAGE, points), "d.yaml")
    decided = publication_note("Ada", f"hot from {points}", NOW + minutes * MINUTE)
    return publishing.publish(place, warehouse, draft, present, decided).to_version


def test_a_published_policy_is_in_force_and_the_former_one_can_be_had_again(
    place: PolicyStore, warehouse: DuckDBWarehouse
) -> None:
    former = place.in_force()
    version = put(place, warehouse, 72)
    assert place.in_force().version == version
    assert "# Draft on" not in place.in_force().text
    assert place.archived(former.version).text == MORTGAGE
    back = publishing.revert(place, warehouse, None, publication_note("Bob", "too few calls", NOW + MINUTE))
    assert (back.kind, back.to_version) == ("revert", former.version)
    assert place.in_force().text == MORTGAGE
    changes = publishing.history(warehouse, NOW + MINUTE)
    assert [(row.kind, row.author, row.from_version, row.to_version) for row in changes] == [
        ("revert", "Bob", version, former.version),
        ("publish", "Ada", former.version, version),
    ]


def test_a_draft_of_a_policy_that_has_changed_since_is_refused(place: PolicyStore, warehouse: DuckDBWarehouse) -> None:
    draft = read_draft(hot(draft_of(place.in_force()), 75), "draft.yaml")
    version = put(place, warehouse, 72)
    with pytest.raises(WriteConflict, match="has changed since"):
        check_base(draft, place.in_force())
    with pytest.raises(WriteConflict, match="make a new draft"):
        publishing.publish(place, warehouse, draft, place.in_force(), publication_note("Bob", "mine", NOW))
    assert place.in_force().version == version
    assert len(publishing.history(warehouse, NOW)) == 1


def test_of_publishers_at_once_one_wins(place: PolicyStore, warehouse: DuckDBWarehouse) -> None:
    present, start = place.in_force(), Barrier(4)

    def attempt(points: int) -> str | None:
        draft = read_draft(hot(draft_of(present), points), "draft.yaml")
        start.wait()
        try:
            place.replace(present, draft.text, draft.policy)
        except WriteConflict:
            return None
        return draft.policy.version

    with ThreadPoolExecutor(4) as pool:
        winners = [version for version in pool.map(attempt, (61, 62, 63, 64)) if version]
    assert winners == [place.in_force().version]


def test_what_is_in_force_is_not_published_twice(place: PolicyStore, warehouse: DuckDBWarehouse) -> None:
    put(place, warehouse, 72)
    with pytest.raises(InputError, match="which is in force"):
        publishing.publish(
            place,
            warehouse,
            read_draft(place.in_force().text, "d"),
            place.in_force(),
            publication_note("Ada", "again", NOW),
        )


def test_a_publisher_that_died_before_writing_it_down_is_made_good(
    place: PolicyStore, warehouse: DuckDBWarehouse
) -> None:
    first, changed = put(place, warehouse, 72), read_draft(hot(MORTGAGE, 75), "d.yaml")
    place.replace(place.in_force(), changed.text, changed.policy)  # and then the power fails
    assert publishing.unrecorded_changes(warehouse, place.in_force(), NOW) == first
    row = publishing.publish(
        place, warehouse, changed, place.in_force(), publication_note("Ada", "once more", NOW + MINUTE)
    )
    assert (row.from_version, row.to_version) == (first, changed.policy.version)
    assert publishing.unrecorded_changes(warehouse, place.in_force(), NOW + MINUTE) is None


@examples(12, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(61, 79), min_size=1, max_size=5))
def test_whatever_was_published_reverting_gives_the_version_before(
    tmp_path_factory: pytest.TempPathFactory, thresholds: list[int]
) -> None:
    home = tmp_path_factory.mktemp("home")
    place, warehouse = open_policies(settings_of(home)), home_warehouse(home / "data")
    versions = [place.in_force().version]
    for minute, points in enumerate(thresholds):
        if hot(MORTGAGE, points) != place.in_force().text and points != 70:
            versions.append(put(place, warehouse, points, minute))
    if len(versions) == 1:
        with pytest.raises(InputError, match="Nothing was published before"):
            publishing.revert(place, warehouse, None, publication_note("Bob", "back", NOW + 9 * MINUTE))
        return
    publishing.revert(place, warehouse, None, publication_note("Bob", "back", NOW + 9 * MINUTE))
    assert place.in_force().version == versions[-2]
    for version in versions:
        assert place.archived(version).policy.version == version


def test_an_archive_that_somebody_wrote_to_is_not_put_in_force(tmp_path: Path, warehouse: DuckDBWarehouse) -> None:
    place = open_policies(settings_of(tmp_path))
    former = place.in_force().version
    put(place, warehouse, 72)
    (tmp_path / "policies" / f"{former}.yaml").write_text(hot(MORTGAGE, 61), encoding="utf-8")
    with pytest.raises(InputError, match="the archive was edited"):
        publishing.revert(place, warehouse, former, publication_note("Bob", "back", NOW))


@pytest.mark.parametrize(
    ("version", "complaint"),
    [("0" * 12, "never in force"), ("../x", "not a policy version"), ("A" * 12, "not a policy version")],
)
def test_a_version_that_never_was_is_not_found(
    tmp_path: Path, warehouse: DuckDBWarehouse, version: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        publishing.revert(
            open_policies(settings_of(tmp_path)), warehouse, version, publication_note("Bob", "back", NOW)
        )


def test_in_the_place_of_a_shipped_policy_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="shipped policy b2b_swiss"):
        open_policies(settings_of(tmp_path, POLICY="b2b_swiss"))


def test_a_wrong_draft_and_an_anonymous_author_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="horizon_dais"):
        read_draft(MORTGAGE.replace("horizon_days", "horizon_dais"), "draft.yaml")
    with pytest.raises(InputError, match="--by is empty"):
        publication_note(" ", "because", NOW)


def test_an_empty_place_in_a_bucket_is_told(tmp_path: Path, storage: str) -> None:
    cloud = settings_of(tmp_path, POLICY="gs://private/nowhere/policy.yaml", STORAGE_URL=storage)
    with pytest.raises(ConfigurationError, match=r"There is no policy at policy\.yaml"):
        open_policies(cloud).in_force()
