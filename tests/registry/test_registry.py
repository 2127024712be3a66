import threading
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from leadwerk.errors import ConfigurationError, CorruptModel, NoChampion, PromotionConflict, RegistryError
from leadwerk.registry import FolderStore, Registry, open_registry
from support.registry_files import FILES, NOW, manifest, tried_segment
from support.strict_store import StrictStore


@pytest.fixture(params=["folder", "strict"])
def store(request, tmp_path):
    return FolderStore(tmp_path / "models") if request.param == "folder" else StrictStore()


@pytest.fixture
def registry(store):
    return Registry(store)


def test_a_saved_version_is_loaded_as_it_was(registry):
    version = registry.save(FILES, manifest())
    loaded = registry.load(version)
    assert loaded.files == FILES
    assert loaded.manifest.version == version
    assert loaded.manifest.base_rate == 0.03
    assert version.startswith("20260301T043000Z-")


def test_a_version_without_segments_is_named_as_it_was_before_there_were_any(registry):
    assert registry.save(FILES, manifest()) == "20260301T043000Z-ea9c261a5b8e"


def test_files_of_segments_and_what_was_tried_are_kept_under_the_versions_name(registry):
    segment_trials = [tried_segment("romandie", serves=True, gain=0.02), tried_segment("few")]
    version = registry.save(FILES | {"segments/romandie/model.json": b"{}"}, manifest(segments=segment_trials))
    loaded = registry.load(version)
    assert loaded.manifest.segments == segment_trials
    assert loaded.files["segments/romandie/model.json"] == b"{}"
    assert registry.versions() == [version]
    assert registry.save(FILES, manifest(segments=segment_trials[:1])) != version


def test_saving_the_same_content_twice_is_saving_it_once(registry):
    assert registry.save(FILES, manifest()) == registry.save(FILES, manifest())
    assert len(registry.versions()) == 1


def test_other_content_is_another_version(registry):
    first = registry.save(FILES, manifest())
    second = registry.save({**FILES, "calibration.json": b'{"slope":2}'}, manifest())
    third = registry.save(FILES, manifest(base_rate=0.04))
    assert set(registry.versions()) == {first, second, third}
    assert len(registry.versions()) == 3


def test_versions_stand_in_order_of_training(registry):
    late = registry.save(FILES, manifest(created_at=(NOW + timedelta(days=1)).isoformat()))
    early = registry.save(FILES, manifest())
    assert registry.versions() == [early, late]


@given(name=st.sampled_from([*FILES, "manifest.json"]), position=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_in_any_file_is_noticed(name, position, bit):
    store = StrictStore()
    registry = Registry(store)
    version = registry.save(FILES, manifest())
    content = bytearray(store.read(f"{version}/{name}").data)
    content[position % len(content)] ^= 1 << bit
    store.write(f"{version}/{name}", bytes(content))
    if name == "manifest.json" and _same(content, registry, version):
        return  # white space of the JSON is no content
    with pytest.raises(CorruptModel, match=r"damaged.*rollback"):
        registry.load(version)


def _same(content, registry, version):
    try:
        return registry.manifest(version) and msgspec.json.decode(bytes(content))["version"] == version
    except CorruptModel:
        return False


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"\xff", b"[" * 100_000, b'{"champion": 7}', b'{"champion": {"version": "v\xb2"}}', b"null"],
    ids=lambda data: str(data[:30]),
)
def test_a_damaged_pointer_is_named_and_can_be_replaced(store, registry, damaged):
    version = registry.save(FILES, manifest())
    registry.promote(version, expected=None, at=NOW, reason="first")
    store.write("champion.json", damaged)
    for ask in (registry.champion, registry.champion_files, lambda: registry.rollback(at=NOW)):
        with pytest.raises(CorruptModel, match=r"champion\.json cannot be read.*or delete it"):
            ask()


def test_a_flipped_byte_on_disk_is_noticed(tmp_path):
    registry = open_registry(str(tmp_path))
    version = registry.save(FILES, manifest())
    path = tmp_path / version / "model.ubj"
    path.write_bytes(b"\x01" + path.read_bytes()[1:])
    with pytest.raises(CorruptModel, match=r"model\.ubj"):
        registry.load(version)


def test_a_missing_file_is_noticed(tmp_path):
    registry = open_registry(str(tmp_path))
    version = registry.save(FILES, manifest())
    (tmp_path / version / "encoder.json").unlink()
    with pytest.raises(CorruptModel, match="it is missing"):
        registry.load(version)


def test_a_damaged_version_does_not_become_champion(store, registry):
    version = registry.save(FILES, manifest())
    store.write(f"{version}/model.ubj", b"other")
    with pytest.raises(CorruptModel):
        registry.promote(version, expected=None, at=NOW, reason="")
    assert registry.champion() is None


def test_a_version_that_is_not_there_is_named(registry):
    with pytest.raises(RegistryError, match=r"no model nope.*models list"):
        registry.load("nope")


def test_before_the_first_promotion_there_is_no_champion(registry):
    assert registry.champion() is None
    with pytest.raises(NoChampion, match="leadwerk retrain"):
        registry.champion_files()
    with pytest.raises(NoChampion):
        registry.rollback(at=NOW)


def versions(registry, count):
    return [registry.save(FILES, manifest(seed=seed)) for seed in range(count)]


def test_promotion_keeps_the_way_back(registry):
    a, b, c = versions(registry, 3)
    for version in (a, b, c):
        registry.promote(version, expected=registry.champion(), at=NOW, reason="better")
    assert (registry.champion().version, registry.champion().previous) == (c, (b, a))
    assert registry.rollback(at=NOW).version == b
    assert registry.rollback(at=NOW).version == a
    with pytest.raises(NoChampion, match="no champion before"):
        registry.rollback(at=NOW)
    assert registry.champion_files().version == a


def test_a_persons_name_stays_in_the_history_of_the_pointer(store, registry):
    a, b = versions(registry, 2)
    registry.promote(a, expected=None, at=NOW, reason="seen", by="Ada Keller")
    registry.promote(b, expected=registry.champion(), at=NOW, reason="better")
    pointer = msgspec.json.decode(store.read("champion.json").data)
    assert [entry.get("by") for entry in (pointer["champion"], *pointer["previous"])] == [None, "Ada Keller"]
    back = registry.rollback(at=NOW, reason="b misreads", by="Bob")
    assert (back.version, back.by, back.reason) == (a, "Bob", "b misreads")


def test_promoting_the_champion_changes_nothing(registry):
    (a,) = versions(registry, 1)
    champion = registry.promote(a, expected=None, at=NOW, reason="first")
    assert registry.promote(a, expected=champion, at=NOW + timedelta(days=1), reason="again") == champion


def test_who_decided_on_an_older_champion_does_not_promote(registry):
    a, b, c = versions(registry, 3)
    seen = registry.promote(a, expected=None, at=NOW, reason="")
    registry.promote(b, expected=seen, at=NOW, reason="")
    for stale in (seen, None):
        with pytest.raises(PromotionConflict) as conflict:
            registry.promote(c, expected=stale, at=NOW, reason="")
        assert conflict.value.retryable
    assert registry.champion().version == b


def race(registry, contenders, expected):
    """Promote all contenders at once; what each got."""
    results = {}
    start = threading.Barrier(len(contenders))

    def promote(version):
        start.wait()
        try:
            results[version] = registry.promote(version, expected=expected, at=NOW, reason="race").version
        except PromotionConflict as conflict:
            results[version] = conflict

    threads = [threading.Thread(target=promote, args=(version,)) for version in contenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("first", [True, False], ids=["no champion yet", "a champion"])
@pytest.mark.parametrize("count", [2, 8])
def test_of_retrainings_that_race_exactly_one_wins(registry, first, count):
    *contenders, present = versions(registry, count + 1)
    expected = None if first else registry.promote(present, expected=None, at=NOW, reason="")
    results = race(registry, contenders, expected)
    winners = [version for version, result in results.items() if result == version]
    assert len(winners) == 1
    assert registry.champion().version == winners[0]
    assert sum(isinstance(result, PromotionConflict) for result in results.values()) == count - 1


def test_the_precondition_holds_when_both_have_already_looked():
    both_looked = threading.Barrier(2)

    def wait_before_pointer(name):
        if name == "champion.json":
            both_looked.wait(timeout=10)

    store = StrictStore(wait_before_pointer)
    registry = Registry(store)
    results = race(registry, versions(registry, 2), None)
    assert sum(isinstance(result, PromotionConflict) for result in results.values()) == 1


def test_half_a_version_is_no_version(store, registry):
    store.write("20260301T000000Z-dead/model.ubj", b"trees")
    assert registry.versions() == []


def test_a_bucket_without_a_name_is_refused():
    with pytest.raises(ConfigurationError, match="gs://bucket/prefix"):
        open_registry("gs://")
