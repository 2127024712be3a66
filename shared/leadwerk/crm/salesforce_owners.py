"""Users of Salesforce who may own leads: people, not the platform's own programs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leadwerk.crm.port import Owner
from leadwerk.crm.soql import Ask, answer_of, quoted

USERS_AT_ONCE = 2000


class _Role(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""


class _User(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str
    email: str | None = None
    is_active: bool = True
    language_locale_key: str | None = None
    user_role: _Role | None = None


class _UsersAnswer(msgspec.Struct, frozen=True):
    records: list[_User]


def read_owners(ask: Ask) -> Sequence[Owner]:
    """All users of people, those who left as well; a role is the nearest that Salesforce has to a team."""
    owners: list[Owner] = []
    last_id = ""
    while True:
        query = (
            "SELECT Id, Name, Email, IsActive, LanguageLocaleKey, UserRole.Name FROM User"  # noqa: S608  quoted
            f" WHERE UserType = 'Standard' AND Id > {quoted(last_id)} ORDER BY Id LIMIT {USERS_AT_ONCE}"
        )
        users = answer_of(ask, query).decoded(_UsersAnswer).records
        for user in users:
            language = user.language_locale_key.partition("_")[0] if user.language_locale_key else None
            team = user.user_role.name if user.user_role else None
            owners.append(Owner(user.id, user.name, user.email, team, language, user.is_active))
        if len(users) < USERS_AT_ONCE:
            return owners
        last_id = users[-1].id
