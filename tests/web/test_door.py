"""The door: cross-site requests, identity-aware proxy's assertions, local sessions, people and their roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk import settings
from leadwerk.errors import ConfigurationError
from leadwerk.policy.people import local_people, parse_people
from leadwerk.policy.selling import Seller
from leadwerk.settings import link_key
from leadwerk.web.door.admission import admit
from leadwerk.web.door.iap import AssertionVerifier
from leadwerk.web.door.origin import check_origin
from leadwerk.web.door.public_keys import KeysUnavailable
from leadwerk.web.door.session import LIFETIME, LocalSessions
from leadwerk.web.problem_document import CrossSiteRequest, Forbidden, NotSignedIn
from support.identity_proxy import AUDIENCE, Proxy

NOW = datetime(2026, 6, 15, 8, tzinfo=UTC)
PEOPLE = """
- {email: Anna@Example.ch, name: anna, roles: [seller], language: de}
- {email: gone@example.ch, name: gone, roles: []}
"""


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Cookie": "a=b"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://desk.example", "Host": "desk.example", "Cookie": "a=b"},
        {"Authorization": "Bearer token"},
        {},
    ],
)
def test_our_own_pages_and_programs_may_post(headers: Mapping[str, str]) -> None:
    check_origin("POST", headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer token"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://desk.example", "Host": "desk.example"},
        {"Origin": "https://evil.example", "Host": "desk.example"},
        {"Origin": "null", "Host": "desk.example"},
        {"Cookie": "leadwerk=session"},
    ],
)
def test_a_page_of_another_site_may_not_post_but_may_link(headers: Mapping[str, str]) -> None:
    with pytest.raises(CrossSiteRequest):
        check_origin("POST", headers)
    check_origin("GET", headers)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_a_verified_assertion_names_the_person(proxy: Proxy) -> None:
    assert AssertionVerifier(AUDIENCE, proxy.url).email(proxy.headers()) == "anna@example.ch"


@pytest.mark.parametrize(
    "claims", [{"aud": "/projects/2/other"}, {"iss": "https://evil.example"}, {"iat": 1, "exp": 600}, {"email": None}]
)
def test_an_assertion_for_another_service_or_time_is_refused(proxy: Proxy, claims: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        AssertionVerifier(AUDIENCE, proxy.url).email(proxy.headers(**claims))


def test_a_forged_assertion_and_the_unsigned_header_are_refused(proxy: Proxy) -> None:
    verifier = AssertionVerifier(AUDIENCE, proxy.url)
    forged = proxy.headers(signer=proxy.new_key("one", published=False))
    for headers in (forged, {}, {"X-Goog-Authenticated-User-Email": "accounts.google.com:anna@example.ch"}):
        with pytest.raises(NotSignedIn):
            verifier.email(headers)


def test_keys_that_cannot_be_read_are_a_failure_to_retry(proxy: Proxy) -> None:
    with pytest.raises(KeysUnavailable) as refused:
        AssertionVerifier(AUDIENCE, "http://127.0.0.1:9/").email(proxy.headers())
    assert refused.value.retryable


def configured(home: Path, **values: str) -> settings.Settings:
    return settings.read({"LEADWERK_HOME": str(home), **{f"LEADWERK_{name}": value for name, value in values.items()}})


def test_the_proxy_lets_in_the_people_of_the_desk_only(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(PEOPLE)
    config = configured(tmp_path, ACCESS="iap", IAP_AUDIENCE=AUDIENCE, IAP_KEYS_URL=proxy.url)
    assert admit(config, proxy.headers()).person.name == "anna"
    for stranger in ("eva@example.ch", "gone@example.ch"):
        with pytest.raises(Forbidden, match=stranger):
            admit(config, proxy.headers(stranger))


def test_a_person_may_do_what_a_role_allows(tmp_path: Path) -> None:
    sessions_config = configured(tmp_path, ACCESS="local", DESK_KEY="roles", POLICY="b2b_swiss")
    from leadwerk.web.door.admission import sessions

    cookie = sessions("roles").cookie("manager", datetime.now(UTC)).partition(";")[0]
    visitor = admit(sessions_config, {"Host": "127.0.0.1:8080", "Cookie": cookie})
    visitor.check(("manager",))
    with pytest.raises(Forbidden, match="manager"):
        visitor.check(("seller",))


def test_a_local_desk_answers_to_this_machine_and_a_session_only(tmp_path: Path) -> None:
    config = configured(tmp_path, ACCESS="local", DESK_KEY="local", DESK_TOKEN="token", POLICY="b2b_swiss")
    with pytest.raises(NotSignedIn):
        admit(config, {"Host": "localhost:8080"})
    with pytest.raises(Forbidden, match="this machine"):
        admit(config, {"Host": "evil.example:8080", "Authorization": "Bearer token"})
    assert admit(config, {"Host": "localhost:8080", "Authorization": "Bearer token"}).is_program


def test_a_link_opens_the_desk_once() -> None:
    sessions = LocalSessions.of("key")
    link = link_key("key")
    assert sessions.is_unused(link)
    assert [sessions.use(link), sessions.use(link), sessions.use("other")] == [True, False, False]
    assert sessions.use(sessions.new_link_key())


def test_a_session_ends_and_cannot_be_forged() -> None:
    sessions = LocalSessions.of("key")
    header = sessions.cookie("anna", NOW)
    assert all(part in header for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"))
    cookie = header.partition(";")[0]
    assert sessions.name_of({"Cookie": cookie}, NOW) == "anna"
    assert sessions.name_of({"Cookie": cookie}, NOW + LIFETIME + timedelta(seconds=1)) is None
    assert LocalSessions.of("another start").name_of({"Cookie": cookie}, NOW) is None
    for damaged in ("leadwerk=", "leadwerk=a.b", cookie[:-2], cookie.replace("=", "=x", 1), "leadwerk=é.é"):
        assert sessions.name_of({"Cookie": damaged}, NOW) is None


def test_people_are_read_with_their_mistakes_named() -> None:
    assert [person.name for person in parse_people(PEOPLE, "people.yaml")] == ["anna", "gone"]
    for text in ("- {name: anna}", "- {name: a, roles: [boss]}", "a: [", PEOPLE + "- {name: anna, roles: []}"):
        with pytest.raises(ConfigurationError, match=r"people\.yaml"):
            parse_people(text, "people.yaml")


def test_a_laptop_without_people_has_the_policys_sellers_and_a_manager() -> None:
    people = local_people((Seller(name="anna", hours_per_week=20),))
    assert [(person.name, person.roles[0]) for person in people] == [("anna", "seller"), ("manager", "manager")]


@pytest.mark.parametrize(
    "values", [{"ACCESS": "local"}, {"ACCESS": "iap"}, {"ACCESS": "all"}, {"CLOCK_OFFSET": "soon"}]
)
def test_a_door_that_is_set_up_half_stays_shut(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        configured(tmp_path, **values)


def test_a_local_door_and_another_clock_are_refused_in_the_cloud(tmp_path: Path) -> None:
    cloud = {"ENGINE": "bigquery", "PROJECT": "p", "GA4_DATASET": "g"}
    for values in ({"ACCESS": "local", "DESK_KEY": "k"}, {"CLOCK_OFFSET": "-60"}):
        with pytest.raises(ConfigurationError, match="laptop"):
            configured(tmp_path, **cloud, **values)
