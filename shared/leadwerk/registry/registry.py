"""Model versions that never change, and the pointer to the one that scores.

    models/<version>/model.ubj, encoder.json, calibration.json, …, manifest.json     written once, the manifest last
    champion.json                                                                    written under a generation

A version exists when its manifest does; the manifest's own hash is part of the version's name, so that a changed
manifest is noticed like any other file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from leadwerk.errors import NoChampion, PromotionConflict, RegistryError, WriteConflict
from leadwerk.registry import erasure_marks
from leadwerk.registry.champion_pointer import (
    POINTER,
    Champion,
    Pointer,
    Promotion,
    StoodDown,
    champion_of,
    check_present,
    history_of,
    promoted_meanwhile,
    read_pointer,
)
from leadwerk.registry.erasure_marks import ErasureMark
from leadwerk.registry.field_decisions import FieldDecisions
from leadwerk.registry.manifest import Manifest, ModelFiles, corrupt, parse, sha256, verify
from leadwerk.registry.store import ABSENT, Blob, Store
from leadwerk.texts.message import Message, stored

MEASURED = ("metrics", "profile", "split", "segments")
MANIFEST = "manifest.json"
STAGE_MODEL = "stage_model.json"


class StageModels:
    """The newest stage model of a deployment, as JSON."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> bytes | None:
        """The newest; None before the first."""
        blob = self._store.read(STAGE_MODEL)
        return None if blob is None else blob.data

    def replace(self, data: bytes) -> None:
        """Put a model in place of the present one.

        Raises:
            WriteConflict: another training wrote in the same moment.
        """
        blob = self._store.read(STAGE_MODEL)
        if blob is None or blob.data != data:
            self._store.write(STAGE_MODEL, data, generation=ABSENT if blob is None else blob.generation)


class Registry:
    """Model versions over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, files: Mapping[str, bytes], manifest: Manifest) -> str:
        """Store a model version and return its name: the time of training and the hash of everything in it.

        Saving the same content twice is saving it once. Raises RegistryError if the name is taken by other content.
        """
        # Hashes enter the manifest before the version is named: the name covers every byte.
        manifest = msgspec.structs.replace(manifest, files={name: sha256(files[name]) for name in sorted(files)})
        version = _version(manifest)
        data = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, version=version)), indent=1)
        # The manifest last: a version without one does not exist, so a crash leaves nothing half saved.
        for name, content in {**files, MANIFEST: data}.items():
            self._write_once(f"{version}/{name}", content)
        return version

    def load(self, version: str) -> ModelFiles:
        """All files of a version, each checked against its hash.

        Raises:
            RegistryError: there is no such version.
            CorruptModel: a file is missing or is not what was saved.
        """
        manifest = self.manifest(version)
        files = {}
        for name in manifest.files:
            blob = self._store.read(f"{version}/{name}")
            if blob is None:
                raise corrupt(version, name, Message("refusal.model.damaged.missing"))
            files[name] = blob.data
        verify(version, files, manifest.files)
        return ModelFiles(version, manifest, files)

    def manifest(self, version: str) -> Manifest:
        """The manifest of a version, without loading its files.

        Raises:
            RegistryError: there is no such version.
            CorruptModel: the manifest is not the one that was saved.
        """
        blob = self._store.read(f"{version}/{MANIFEST}") if version else None
        if blob is None:
            raise RegistryError(Message("refusal.model.unknown", version=version))
        manifest = parse(blob.data, version)
        # The name is a hash of the content: a manifest copied under another name is found out.
        if manifest.version != version or _named(manifest) != version:
            raise corrupt(version, MANIFEST, Message("refusal.model.damaged.name"))
        return manifest

    def versions(self) -> list[str]:
        """All model versions, the oldest first."""
        return [name.removesuffix(f"/{MANIFEST}") for name in self._store.names() if name.endswith(f"/{MANIFEST}")]

    def trained_between(self, first: datetime, last: datetime) -> list[str]:
        """Versions whose training lies between two moments (aware): they may have learned from a row of then."""
        return [
            version
            for version in self.versions()
            if first <= datetime.fromisoformat(self.manifest(version).created_at) <= last
        ]

    def mark_erasure(self, version: str, erasure: ErasureMark) -> None:
        """Note beside a version that a person was erased whose data was there when it was trained."""
        erasure_marks.mark(self._store, version, erasure)

    def erasures_since(self, version: str) -> tuple[ErasureMark, ...]:
        """The erasures of persons whose data was there when the version was trained, the oldest first."""
        return erasure_marks.marks_of(self._store, version)

    def field_decisions(self) -> FieldDecisions:
        """What people decided about fields that may know the outcome."""
        return FieldDecisions(self._store)

    def stage_models(self) -> StageModels:
        """The model of the chances to reach the next stage."""
        return StageModels(self._store)

    def champion(self) -> Champion | None:
        """The version that scores now, or None: before the first promotion, and while the champion has stood down."""
        blob = self._store.read(POINTER)
        return None if blob is None else champion_of(blob)

    def stood_down(self) -> StoodDown | None:
        """The champion that stepped back last, while there is no successor."""
        blob = self._store.read(POINTER)
        return None if blob is None else read_pointer(blob).stood_down

    def champion_files(self) -> ModelFiles:
        """The champion's files.

        Raises:
            NoChampion: nothing was promoted yet.
            CorruptModel: a file is not what was saved.
        """
        return self.load(self._present().version)

    def promote(self, version: str, *, expected: Champion | None, at: datetime, reason: str, by: str = "") -> Champion:
        """Make `version` champion in place of `expected`, the champion on which the decision was made.

        None expects no champion. Promoting the present champion changes nothing. Raises PromotionConflict if the
        pointer moved since `expected` was read, RegistryError if the version is not there, CorruptModel if it is
        damaged.
        """
        # Promoting the champion again is no new promotion, so a repeated run adds no history.
        if expected is not None and expected.version == version:
            return expected
        # Verified before the pointer moves: a damaged file must never become the champion.
        self.load(version)
        blob = self._store.read(POINTER)
        check_present(blob, expected)
        history = () if blob is None else history_of(blob)
        if expected is None:  # a champion that returns is not its own predecessor
            history = tuple(entry for entry in history if entry.version != version)
        pointer = Pointer(Promotion(version, at.isoformat(), str(reason), by, stored(reason)), history)
        return self._point(pointer, ABSENT if blob is None else blob.generation)

    def stand_down(self, *, expected: Champion, at: datetime, reason: str) -> StoodDown:
        """Demote `expected`, the champion on which the decision was made, without a successor; `rollback` undoes it.

        Again with the same moment it changes nothing. Raises PromotionConflict if the pointer moved since `expected`
        was read.
        """
        blob = self._read_pointer()
        decided = StoodDown(expected.version, at.isoformat(), str(reason), stored(reason))
        # A run that died after writing and comes again must not fail on its own change.
        if read_pointer(blob).stood_down == decided:
            return decided
        check_present(blob, expected)
        self._write(Pointer(None, history_of(blob), decided), blob.generation)
        return decided

    def rollback(self, *, at: datetime, reason: str = "rollback", by: str = "") -> Champion:
        """Make the champion before the present one champion again; going back twice goes back further.

        Where the champion has stood down, it comes back.

        Raises:
            NoChampion: there is no champion, or none before it.
            PromotionConflict: the pointer moved meanwhile.
        """
        blob = self._read_pointer()
        present, previous = read_pointer(blob).champion, read_pointer(blob).previous
        if not previous:
            named = present.version if present else "the one that stood down"
            raise NoChampion(Message("refusal.model.before", version=named))
        # A rollback happens in an emergency: it must not lead to a damaged version.
        self.load(previous[0].version)
        promotion = Promotion(previous[0].version, at.isoformat(), reason, by)
        return self._point(Pointer(promotion, previous[1:]), blob.generation)

    def _present(self) -> Champion:
        champion = self.champion()
        if champion is not None:
            return champion
        if demotion := self.stood_down():
            raise NoChampion(
                Message(
                    "refusal.model.stood_down",
                    version=demotion.version,
                    day=demotion.stood_down_at[:10],
                    reason=demotion.why(),
                )
            )
        raise NoChampion(Message("refusal.model.none"), remedy=Message("doctor.champion.none.remedy"))

    def _read_pointer(self) -> Blob:
        blob = self._store.read(POINTER)
        if blob is None:
            raise NoChampion(Message("refusal.model.none"), remedy=Message("doctor.run.retrain"))
        return blob

    def _point(self, pointer: Pointer, generation: int) -> Champion:
        self._write(pointer, generation)
        champion = champion_of(self._read_pointer())
        if champion is None:
            raise PromotionConflict(Message("refusal.promotion.stepped_back"))
        return champion

    def _write(self, pointer: Pointer, generation: int) -> None:
        data = msgspec.json.format(msgspec.json.encode(pointer), indent=1)
        try:
            self._store.write(POINTER, data, generation=generation, content_type="application/json")
        except WriteConflict as error:
            raise promoted_meanwhile() from error

    def _write_once(self, name: str, data: bytes) -> None:
        try:
            self._store.write(name, data, generation=ABSENT)
        except WriteConflict as error:
            # The same bytes are there: an earlier attempt got so far.
            present = self._store.read(name)
            if present is None or present.data != data:
                raise RegistryError(Message("refusal.store.other_content", place=name)) from error


def _version(manifest: Manifest) -> str:
    """The second of training and 12 hex digits over all that the manifest says, hashes of the files included."""
    moment = datetime.fromisoformat(manifest.created_at).strftime("%Y%m%dT%H%M%SZ")
    # Deterministic order: the same model gets the same name on every machine. Measured parts enter as mappings, which
    # are sorted: a name must not follow from the order of a struct's fields.
    measured = {name: msgspec.to_builtins(getattr(manifest, name)) for name in MEASURED if getattr(manifest, name)}
    content = msgspec.json.encode(msgspec.structs.replace(manifest, version="", **measured), order="deterministic")
    return f"{moment}-{sha256(content)[:12]}"


def _named(manifest: Manifest) -> str | None:
    """The version of a manifest read from a store; None without a valid training moment."""
    try:
        return _version(manifest)
    except ValueError:
        return None
