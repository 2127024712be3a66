"""The policy in force and all those before it, in a place where a version never changes.

    policy.yaml                 in force; replaced only on top of the generation that was read
    policies/<version>.yaml     every policy that was ever in force here; written once

A version is the hash of what a policy says, so that a text under its version can be checked against its name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from leadwerk.errors import ConfigurationError, InputError, WriteConflict
from leadwerk.policy.load import SHIPPED, parse, shipped_text
from leadwerk.policy.model import Policy
from leadwerk.registry.store import ABSENT, Store, open_store
from leadwerk.settings import Settings

ARCHIVE = "policies"
YAML = "application/yaml"
MARK = re.compile(r"\A# Draft on policy ([0-9a-f]{12}), text ([0-9a-f]{12})\b.*\n")


@dataclass(frozen=True)
class InForce:
    """A policy with its text, and the generation at which it was read (ABSENT: a shipped one, not yet copied)."""

    text: str
    policy: Policy
    generation: int

    @property
    def version(self) -> str:
        return self.policy.version


@dataclass(frozen=True)
class Draft:
    """A policy that somebody may publish; `base` is the digest of the text it was made from, if it says so."""

    text: str
    policy: Policy
    base: str | None


class PolicyStore:
    """The policy at `name` of a store, and the archive beside it; `fallback` is in force while nothing is there."""

    def __init__(self, store: Store, name: str, fallback: str = "") -> None:
        self._store, self._name, self._fallback = store, name, fallback

    def in_force(self) -> InForce:
        """What every stage reads now.

        Raises:
            PolicyError: it is wrong.
            ConfigurationError: nothing is there.
        """
        blob = self._store.read(self._name)
        text = self._fallback if blob is None else blob.data.decode("utf-8", "replace")
        if not text:
            raise ConfigurationError(f"There is no policy at {self._name}.", remedy="Put the policy's YAML file there.")
        return InForce(text, parse(text, self._name), ABSENT if blob is None else blob.generation)

    def archived(self, version: str) -> Draft:
        """A policy that was in force once.

        Raises:
            InputError: it never was here, or is not what its name says.
            PolicyError: this release no longer takes it.
        """
        blob = self._store.read(_place(version))
        if blob is None:
            raise InputError(
                f"Policy {version} was never in force here.",
                field="version",
                value=version,
                remedy="`leadwerk policy history` names those that were.",
            )
        text = blob.data.decode("utf-8", "replace")
        policy = parse(text, _place(version))
        if policy.version != version:
            raise InputError(
                f"{_place(version)} says what policy {policy.version} says: somebody wrote to the archive, or this "
                "release reads it otherwise.",
                field="version",
                value=version,
                remedy="Read the file, and publish it as a new policy if it is what you want.",
            )
        return Draft(text, policy, None)

    def replace(self, present: InForce, text: str, policy: Policy) -> None:
        """Put `text` in the place of what was read as `present`; both are in the archive before anything changes.

        Raises:
            WriteConflict: somebody else published since `present` was read.
        """
        self._keep(present.text, present.version)
        self._keep(text, policy.version)
        try:
            self._store.write(self._name, text.encode(), generation=present.generation, content_type=YAML)
        except WriteConflict as error:
            raise changed_meanwhile() from error

    def _keep(self, text: str, version: str) -> None:
        """Into the archive, unless it is there: the first text of a version stays, comments and all."""
        if self._store.read(_place(version)) is None:
            try:
                self._store.write(_place(version), text.encode(), generation=ABSENT, content_type=YAML)
            except WriteConflict:
                return  # another publisher of the same version was first


def open_policies(settings: Settings) -> PolicyStore:
    """The policies of a deployment: those of a home, of the file that LEADWERK_POLICY names, or of a bucket.

    Raises:
        ConfigurationError: LEADWERK_POLICY names a shipped policy, which nobody can replace.
    """
    place = settings.policy_place
    if place in SHIPPED:
        raise ConfigurationError(
            f"LEADWERK_POLICY names the shipped policy {place}, in whose place nothing can be published.",
            remedy=f"Unset it, or copy the policy to {settings.home / 'policy.yaml'}.",
        )
    fallback = shipped_text(settings.policy) if settings.policy in SHIPPED else ""
    if place.startswith("gs://"):
        folder, _, name = place.rpartition("/")
        return PolicyStore(open_store(folder, settings.storage_url), name)
    return PolicyStore(open_store(str(Path(place).parent)), Path(place).name, fallback)


def cached_policies(settings: Settings) -> PolicyStore | None:
    """The policies of a deployment; None where a shipped one is in force by name, beside which none is kept."""
    return None if settings.policy_place in SHIPPED else open_policies(settings)


def draft_of(present: InForce, text: str | None = None) -> str:
    """The text in force (or what was made of it) under a line that says on what it builds, to edit and to publish."""
    mark = f"# Draft on policy {present.version}, text {digest(present.text)}. Leave this line, edit what follows.\n"
    return mark + (present.text if text is None else text)


def read_draft(text: str, file: str) -> Draft:
    """A draft, or any other policy file.

    Raises:
        PolicyError: it is wrong.
    """
    mark = MARK.match(text)
    return Draft(text[mark.end() :] if mark else text, parse(text, file), mark[2] if mark else None)


def check_base(draft: Draft, present: InForce) -> None:
    """Refuse a draft that was made from another text than the one in force.

    Raises:
        WriteConflict: the policy in force changed since the draft was made.
    """
    if draft.base is not None and draft.base != digest(present.text):
        raise changed_meanwhile()


def digest(text: str) -> str:
    """Twelve hexadecimal digits of a text, comments included."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def changed_meanwhile() -> WriteConflict:
    """What is said to the second of two publishers."""
    return WriteConflict(
        "The policy in force has changed since.",
        remedy="See `leadwerk policy history`; make a new draft and put your changes into it.",
    )


def _place(version: str) -> str:
    if not re.fullmatch("[0-9a-f]{12}", version):
        raise InputError(
            f"{version!r} is no version of a policy.",
            field="version",
            value=version,
            remedy="It has twelve hexadecimal digits; see `leadwerk policy history`.",
        )
    return f"{ARCHIVE}/{version}.yaml"
