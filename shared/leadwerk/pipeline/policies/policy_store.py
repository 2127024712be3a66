"""Policy store: the policy in force and an immutable archive of all policies before it.

    policy.yaml                 in force; replaced only on top of the generation that was read
    policies/<version>.yaml     every policy that was ever in force here; written once

A version is the hash of a policy's content, so an archived text can be checked against its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leadwerk.errors import ConfigurationError, InputError, WriteConflict
from leadwerk.policy.load import SHIPPED, parse, shipped_text
from leadwerk.policy.model import Policy
from leadwerk.registry.locations import open_store
from leadwerk.registry.store import ABSENT, Store
from leadwerk.settings import Settings
from leadwerk.texts.message import Message

ARCHIVE = "policies"
YAML = "application/yaml"
MARK = re.compile(r"\A# Draft on policy ([0-9a-f]{12}), text ([0-9a-f]{12})\b.*\n")


@dataclass(frozen=True)
class InForce:
    """A policy with its text and the generation it was read at (ABSENT: a shipped policy, not yet copied)."""

    text: str
    policy: Policy
    generation: int

    @property
    def version(self) -> str:
        return self.policy.version


@dataclass(frozen=True)
class Draft:
    """A policy to publish; `base`: digest of the text it was made from, if its first line names it."""

    text: str
    policy: Policy
    base: str | None


class PolicyStore:
    """The policy at `name` of a store, and its archive; `fallback` is in force while the store has no policy."""

    def __init__(self, store: Store, name: str, fallback: str = "") -> None:
        self._store, self._name, self._fallback = store, name, fallback

    def in_force(self) -> InForce:
        """The policy that every stage reads now.

        Raises:
            PolicyError: the policy is invalid.
            ConfigurationError: there is no policy.
        """
        blob = self._store.read(self._name)
        text = self._fallback if blob is None else blob.data.decode("utf-8", "replace")
        if not text:
            raise ConfigurationError(Message("refusal.policy.nowhere", place=self._name))
        return InForce(text, parse(text, self._name), ABSENT if blob is None else blob.generation)

    def archived(self, version: str) -> Draft:
        """A former policy.

        Raises:
            InputError: the version was never in force here, or the file's content has another version.
            PolicyError: this release no longer accepts it.
        """
        blob = self._store.read(_place(version))
        if blob is None:
            raise InputError(Message("refusal.policy.never", version=version), field="version", value=version)
        text = blob.data.decode("utf-8", "replace")
        policy = parse(text, _place(version))
        # The name is the hash of the content: an edited file would be published under a false name.
        if policy.version != version:
            raise InputError(
                Message("refusal.policy.edited", place=_place(version), version=policy.version),
                field="version",
                value=version,
            )
        return Draft(text, policy, None)

    def replace(self, present: InForce, text: str, policy: Policy) -> None:
        """Replace `present` by `text`; both are archived before anything changes.

        Raises:
            WriteConflict: another publication happened since `present` was read.
        """
        # Archived before anything changes: a crash in between leaves a copy too many, never one too few.
        self._keep(present.text, present.version)
        self._keep(text, policy.version)
        try:
            self._store.write(self._name, text.encode(), generation=present.generation, content_type=YAML)
        except WriteConflict as error:
            raise changed_meanwhile() from error

    def archive(self) -> dict[str, str]:
        """Texts of all policies that were in force, by version."""
        names = [name for name in self._store.names(f"{ARCHIVE}/") if name.endswith(".yaml")]
        blobs = [(name, self._store.read(name)) for name in names]
        texts = {name: blob.data.decode("utf-8", "replace") for name, blob in blobs if blob is not None}
        return {name.removeprefix(f"{ARCHIVE}/").removesuffix(".yaml"): text for name, text in texts.items()}

    def take_over(self, text: str, archive: Mapping[str, str]) -> None:
        """Put the policy and the archive of another deployment in their places; again it changes nothing.

        Raises:
            PolicyError: this release does not accept the policy.
        """
        # Parsed first: a policy that this release refuses must not replace the one in force.
        parse(text, self._name)
        for version, archived in archive.items():
            self._keep(archived, version)
        self._store.write(self._name, text.encode(), content_type=YAML)

    def _keep(self, text: str, version: str) -> None:
        """Archive a text unless its version is archived: the first text of a version stays, with its comments."""
        if self._store.read(_place(version)) is None:
            try:
                self._store.write(_place(version), text.encode(), generation=ABSENT, content_type=YAML)
            except WriteConflict:
                # Another publisher of the same version was first.
                return


def open_policies(settings: Settings) -> PolicyStore:
    """The policy store of a deployment: a home, the file named by LEADWERK_POLICY, or a bucket.

    Raises:
        ConfigurationError: LEADWERK_POLICY names a shipped policy, which cannot be replaced.
    """
    place = settings.policy_place
    if place in SHIPPED:
        raise ConfigurationError(
            Message("refusal.policy.shipped", policy=place),
            remedy=Message("refusal.policy.shipped.remedy", path=settings.home / "policy.yaml"),
        )
    fallback = shipped_text(settings.policy) if settings.policy in SHIPPED else ""
    if place.startswith("gs://"):
        folder, _, name = place.rpartition("/")
        return PolicyStore(open_store(folder, settings.storage_url), name)
    return PolicyStore(open_store(str(Path(place).parent)), Path(place).name, fallback)


def shipped_in_force(settings: Settings) -> InForce | None:
    """The shipped policy that LEADWERK_POLICY names, which cannot be replaced; None if it names none."""
    if settings.policy_place not in SHIPPED:
        return None
    text = shipped_text(settings.policy_place)
    return InForce(text, parse(text, settings.policy_place), ABSENT)


def cached_policies(settings: Settings) -> PolicyStore | None:
    """The policy store of a deployment; None if LEADWERK_POLICY names a shipped policy, which has no archive."""
    return None if settings.policy_place in SHIPPED else open_policies(settings)


def draft_of(present: InForce, text: str | None = None) -> str:
    """A draft to edit and publish: the text in force (or `text`) under a line that names the text it was made from."""
    mark = f"# Draft on policy {present.version}, text {digest(present.text)}. Leave this line, edit what follows.\n"
    return mark + (present.text if text is None else text)


def read_draft(text: str, file: str) -> Draft:
    """Parse a draft or any other policy file.

    Raises:
        PolicyError: the policy is invalid.
    """
    mark = MARK.match(text)
    return Draft(text[mark.end() :] if mark else text, parse(text, file), mark[2] if mark else None)


def check_base(draft: Draft, present: InForce) -> None:
    """Refuse a draft that was made from a text other than the one in force.

    Raises:
        WriteConflict: the policy in force changed since the draft was made.
    """
    if draft.base is not None and draft.base != digest(present.text):
        raise changed_meanwhile()


def digest(text: str) -> str:
    """Twelve hexadecimal digits of a text, comments included."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def changed_meanwhile() -> WriteConflict:
    """The error for the second of two concurrent publishers."""
    return WriteConflict(Message("refusal.policy.changed"))


def _place(version: str) -> str:
    if not re.fullmatch("[0-9a-f]{12}", version):
        raise InputError(Message("refusal.policy.version", version=version), field="version", value=version)
    return f"{ARCHIVE}/{version}.yaml"
