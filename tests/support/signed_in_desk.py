"""A desk in this process with somebody signed in who has every role, and what none of its pages may ever be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

import leadwerk
from leadwerk.web.door.admission import sessions
from support.all_functions import NOW, all_functions, application_of

KEY = "a key of this test"
PEOPLE = "- {name: mila, roles: [seller, manager, operator, privacy], language: en}\n"
DAYS = {"first_day": "2026-01-05", "last_day": "2026-01-19"}
ADDRESSES = ("href", "src", "action", "formaction")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True)
class SignedInDesk:
    """The function desk as the browser of a signed-in person reaches it; `functions` has all, each under its name."""

    client: Client
    cookie: str
    functions: Client

    def send(
        self, method: str, path: str, fields: Mapping[str, str], upload: tuple[str, bytes] | None = None
    ) -> TestResponse:
        """The answer to a page's GET (fields in the query) or to its form (fields or a file in the body)."""
        headers = {"Cookie": self.cookie, "Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
        if method == "GET":
            return self.client.get(path, query_string=dict(fields), headers=headers)
        if upload is not None:
            from io import BytesIO

            name, content = upload
            return self.client.post(path, data={"file": (BytesIO(content), name)}, headers=headers)
        return self.client.post(path, data=dict(fields), headers=headers)


@contextmanager
def signed_in_desk(home: Path) -> Iterator[SignedInDesk]:
    """A desk over a simulated home whose leads are scored; its clock stands where the simulation ended."""
    with all_functions(home) as application, pytest.MonkeyPatch.context() as patch:
        (home / "people.yaml").write_text(PEOPLE, "utf-8")
        policy = Path(leadwerk.__file__).parent / "policy/defaults/mortgage.yaml"
        (home / "policy.yaml").write_text(policy.read_text("utf-8"), "utf-8")
        client = Client(application)
        for name, body in (("extract_features", DAYS), ("ingest_feedback", {}), ("score", {"rescore": True})):
            answer = client.post(f"/{name}/", json={**body, "now": NOW})
            assert answer.status_code == 200, answer.text
        offset = datetime.fromisoformat(NOW) - datetime.now(UTC)
        door = {"ACCESS": "local", "DESK_KEY": KEY, "CLOCK_OFFSET": str(offset.total_seconds())}
        for name, value in {**door, "POLICY": str(home / "policy.yaml")}.items():
            patch.setenv(f"LEADWERK_{name}", value)
        desk = application_of("desk", home)
        cookie = sessions(KEY).cookie("mila", datetime.now(UTC)).partition(";")[0]
        yield SignedInDesk(Client(desk, use_cookies=False), cookie, functions=Client(application, use_cookies=False))


@dataclass
class PageReader(HTMLParser):
    """Reads a page as a browser does: its active contents that are not our own, and the fields of its forms."""

    faults: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in ("iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")
        if tag == "script" and not attributes.get("src", "").startswith("/assets/"):
            self.faults.append("a script that is not the desk's")
        self.faults += [f"{tag} {name}" for name in attributes if name.startswith("on") or name == "srcdoc"]
        self.faults += [
            f"{tag} {name}={attributes[name][:80]}"
            for name in ADDRESSES
            if name in attributes and not is_our_address(attributes[name])
        ]
        if tag in ("input", "select", "textarea", "button") and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")


def is_our_address(address: str) -> bool:
    """Whether a link stays at the desk: a path of its own, or a place of the page.

    >>> is_our_address("/calls?list=all"), is_our_address("//evil.example"), is_our_address("javascript:lw()")
    (True, False, False)
    """
    # Browsers read a backslash as a slash, and leave out tabs and line ends.
    plain = "".join(sign for sign in address if sign > " ").replace("\\", "/")
    try:
        parts = urlsplit(plain)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not plain.startswith("//")


def faults_of(answer: TestResponse) -> list[str]:
    """What is wrong with an answer, whatever was sent; empty where it is as it should be."""
    faults = [f"status {answer.status_code}"] if answer.status_code in (500, 501, 502, 504) else []
    faults += [f"{name}: {answer.headers.get(name)}" for name, value in HEADERS.items() if name not in answer.headers]
    text, kind = answer.text, answer.headers.get("Content-Type", "")
    faults += ["a traceback"] if "Traceback (most recent" in text or '.py", line' in text else []
    location = answer.headers.get("Location", "/")
    faults += [f"leads to {location[:80]}"] if not is_our_address(location) else []
    if kind.startswith("text/html"):
        policy = answer.headers.get("Content-Security-Policy", "")
        faults += ["no content policy"] if "script-src 'self'" not in policy or "unsafe" in policy else []
        reader = PageReader()
        reader.feed(text)
        faults += reader.faults
    return faults
