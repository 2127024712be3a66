"""Everything that Leadwerk refuses to do, as one tree.

LeadwerkError
├── ConfigurationError          a setting is missing or wrong
│   └── PolicyError             the policy file is wrong: file, line, field, remedy
├── InputError                  a request, a form or a file is wrong: field, value, remedy
│   ├── UnknownLead             no form and no CRM record names this lead
│   ├── UnknownAccount          no lead names this account
│   ├── UnknownPerson           nothing is stored of this person
│   ├── ScoreWithheld           this lead is worked without a score, which nobody may see
│   └── AlreadyPicked           another seller holds this lead: who, until when
├── WriteConflict               retryable: an object in a store changed since it was read
│   ├── PromotionConflict       another process promoted a model in the meantime
│   └── RunInProgress           another process does the same at this moment
├── RecordFailure               our own code failed at one record, which costs this record only
├── WarehouseError
│   ├── MissingTable            a table that should be there is not
│   ├── UnsupportedSQL          outside the subset that is proven equal on both engines
│   ├── OutOfMemory             a statement takes more memory than it was given
│   └── WarehouseBusy           retryable: another process writes
├── RegistryError
│   ├── NoChampion              nothing was promoted yet
│   ├── CorruptModel            a file does not have the hash its manifest says
│   ├── ContractMismatch        the model was trained on other features than these
│   └── RegistryUnavailable     retryable: Cloud Storage did not answer
└── CRMError
    ├── CRMUnavailable          retryable: time-out, 429, 5xx, dropped connection
    └── CRMRejected             the CRM understood and said no: 4xx

Every message says what was wrong, where, and what to do. `retryable` says whether the same call may succeed later.
"""

from __future__ import annotations

import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

# What a mistake in our own code raises. Failures of the machine (OSError, MemoryError) do not belong here: they would
# meet the next record too, so they end the run instead of costing a record.
CODE_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, BufferError, LookupError, NameError, RuntimeError, TypeError,
    ValueError, msgspec.MsgspecError,
)  # fmt: skip

UNREADABLE_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What `msgspec.json.decode` raises: not JSON or of another form, not UTF-8 (or lone surrogates), nested too deep.

Code that reads on (base64, `float`, `json.loads`) adds its own errors.
"""


class LeadwerkError(Exception):
    """Base of all errors a user may see; `remedy` is the sentence that states what to do, by default the message's own.

    `texts`: message and remedy as they were given, for a reader of another language (texts/message.py); `message` and
    `remedy` themselves are English. `place`: where, in a file, if that is known.
    """

    retryable = False
    place = ""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        remedy = remedy or getattr(message, "remedy", "")
        super().__init__(f"{message} {remedy}".strip())
        self.message, self.remedy = str(message), str(remedy)
        self.texts = (message, remedy)


class ConfigurationError(LeadwerkError):
    """A setting is missing or wrong."""


class PolicyError(ConfigurationError):
    """The policy file is wrong at `file`:`line`, in `field`; `fault` is the message without that place."""

    def __init__(self, message: str, *, file: str, line: int, field: str, remedy: str = "") -> None:
        place = f"{file}:{line}: {field}"
        super().__init__(f"{place}: {message}", remedy=remedy)
        self.file, self.line, self.field, self.fault = file, line, field, message
        self.place, self.texts = place, (message, remedy)


class InputError(LeadwerkError):
    """A request, a form or a file holds in `field` a `value` that cannot be used."""

    def __init__(self, message: str, *, field: str, value: Any = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field, self.value = field, value


class UnknownLead(InputError):
    """Neither the warehouse nor the request says anything about this lead."""


class UnknownAccount(InputError):
    """No lead that is known names this account."""


class UnknownPerson(InputError):
    """Nothing is stored of this person, and nothing was erased."""


class ScoreWithheld(InputError):
    """The lead is worked without a score: of an experiment's control group, or the person objected to profiling."""


class AlreadyPicked(InputError):
    """`seller` holds the lead `until` a moment (aware, UTC), and nobody else may take or release it."""

    def __init__(
        self,
        message: str,
        *,
        field: str,
        value: Any = None,
        remedy: str = "",
        seller: str | None = None,
        until: datetime | None = None,
    ) -> None:
        super().__init__(message, field=field, value=value, remedy=remedy)
        self.seller, self.until = seller, until


class WriteConflict(LeadwerkError):
    """An object in a store changed since it was read, so nothing was written."""

    retryable = True


class PromotionConflict(WriteConflict):
    """The champion pointer moved since it was read."""


class RunInProgress(WriteConflict):
    """Another process does the same at this moment; it may be tried again when that is done."""


class RecordFailure(LeadwerkError):
    """Our own code failed at one record of several; the message names the place in the code, and no value."""

    @classmethod
    def at(cls, record: str, error: Exception) -> RecordFailure:
        """The failure of `record` (what it is, such as "Case e7") by an exception that was just caught."""
        # Only the place: the exception's own text may quote a value, and so a person.
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{record} cannot be read: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}."
        return cls(message, remedy="This is a fault of Leadwerk: report it with this sentence.")


class WarehouseError(LeadwerkError):
    """The warehouse could not do what was asked."""


class MissingTable(WarehouseError):
    """A table that should be there is not."""


class UnsupportedSQL(WarehouseError):
    """The statement leaves the subset of GoogleSQL that is proven equal on both engines."""


class OutOfMemory(WarehouseError):
    """A statement takes more memory than it was given, and cannot put all of it on disk."""


class WarehouseBusy(WarehouseError):
    """Another process holds the embedded warehouse for longer than we wait."""

    retryable = True


class RegistryError(LeadwerkError):
    """The model registry could not do what was asked."""


class NoChampion(RegistryError):
    """No model was promoted yet."""


class CorruptModel(RegistryError):
    """A model file does not have the hash that its manifest says."""


class ContractMismatch(RegistryError):
    """A model was trained on another feature contract than this code computes."""


class RegistryUnavailable(RegistryError):
    """The place where models lie did not answer, or not in time."""

    retryable = True


class CRMError(LeadwerkError):
    """The CRM did not do what was asked."""

    def __init__(self, message: str, *, status: int | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


class CRMUnavailable(CRMError):
    """A time-out, a dropped connection, 429 or 5xx; `retry_after` in seconds where the CRM said it."""

    retryable = True

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class CRMRejected(CRMError):
    """The CRM understood and refused: repeating will not help.

    `locked_out`: it refuses us, not a record: the address, the credentials or what they may do are wrong.
    """

    def __init__(self, message: str, *, status: int | None = None, remedy: str = "", locked_out: bool = False) -> None:
        super().__init__(message, status=status, remedy=remedy)
        self.locked_out = locked_out
