"""The page of a file that a person brought: nasty files are understood or asked about, in words of the page."""

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from leadwerk import settings
from leadwerk.policy.people import Person
from leadwerk.texts.catalogue import entries
from leadwerk.web.door.admission import Visitor
from leadwerk.web.pages import start
from leadwerk.web.pages.site import FreeForm
from leadwerk.web.pages.start_fixes import FIXES
from leadwerk.web.pages.upload import UploadForm
from leadwerk.web.pages.visit import Visit
from support.homes import close_files
from support.workbooks import workbook

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
TITLES = ["Lead-Nr", "Quelle", "Ort", "Besuche", "Status", "Erstellt am"]
OF_COMMANDS = {"import.use.row_number", "import.use.contact", "import.use.no_age"}
"""Texts that the table of `leadwerk import` has, and the page says otherwise (page.start.use)."""


def rows(count: int = 120) -> list[list[str]]:
    chance = random.Random(3)
    return [
        [f"L{at:04}", chance.choice(["Web", "Messe"]), chance.choice(["Zürich", "Genève"]), str(chance.randrange(20)),
         "Gewonnen" if at % 3 else "Verloren", f"{at % 27 + 1:02}.{at % 12 + 1:02}.2025"]
        for at in range(count)
    ]  # fmt: skip


def table(lines: list[list[str]], separator: str = ",") -> str:
    return "\n".join(separator.join(line) for line in lines) + "\n"


def with_dates(pattern: str) -> list[list[str]]:
    chance = random.Random(5)
    return [[*row[:5], pattern.format(chance.randrange(1, 13), chance.randrange(1, 13))] for row in rows()]


@dataclass(frozen=True)
class Newcomer:
    """A manager at the desk of an empty home."""

    visit: Visit

    def bring(self, name: str, content: bytes) -> str:
        """Address of the page of a file."""
        return start.upload(self.visit, UploadForm(name, content)).headers["Location"]

    def page(self, address: str, **fields: str) -> str:
        """The text of the page of a file, with its form's fields."""
        answer = start.show_file(self.visit, FreeForm(fields), address.rpartition("/")[2])
        return text_of(answer.body)

    def leads(self) -> int:
        return start.progress(self.visit).leads


def text_of(body: bytes) -> str:
    [main] = re.findall(r"<main.*</main>", body.decode(), re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomer]:
    home = tmp_path / "home"
    home.mkdir()
    for name, value in {"HOME": str(home), "ACCESS": "local", "ENGINE": "duckdb", "DESK_KEY": "k"}.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    eva = Person(email="", name="eva", roles=("manager",), language="en")
    visit = Visit(Visitor(eva), NOW, "/start", {}, {}, settings.read())
    yield Newcomer(visit)
    close_files()


UNDERSTOOD = {
    "semicolons in cp1252": table([TITLES, *rows()], ";").encode("cp1252"),
    "UTF-16 with tabs": table([TITLES, *rows()], "\t").encode("utf-16"),
    "no column of ids": table([row[1:] for row in [TITLES, *rows()]]).encode(),
    "a lead twice": table([TITLES, *rows(), *rows(20)]).encode(),
}


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_a_file_is_understood(newcomer: Newcomer, name: str) -> None:
    page = newcomer.page(newcomer.bring(f"{name}.csv", UNDERSTOOD[name]))
    assert "Understood" in page
    assert "Zürich" in page
    assert "Leads 120 Won 80 Lost 40 Open 0" in page
    assert ("20 rows tell more of leads that other rows name" in page) == (name == "a lead twice")


ASKED = {
    "dates that can be read twice": (
        table([TITLES, *with_dates("{:02}/{:02}/2025")]).encode(),
        "Choose it under “How the file is read”, in “Order of dates”",
    ),
    "no success": (
        table([TITLES, *([*row[:4], ("Absage", "Abschlag")[len(row[3]) % 2], row[5]] for row in rows())]).encode(),
        "Mark it in the table of values.",
    ),
    "times that are not yet": (
        table([TITLES, *([*row[:5], row[5].replace("2025", "2031")] for row in rows())]).encode(),
        "Most often: Erstellt am: the time is in the future (such as '01.01.2031' on line 2). Correct the file, or",
    ),
    "titles alone": (table([TITLES]).encode(), "has a header and no rows"),
    "a PDF": (b"%PDF-1.7 nothing", "Export the table as CSV or Excel file."),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_file_that_is_not_clear_is_asked_about_in_words_of_the_page(newcomer: Newcomer, name: str) -> None:
    content, question = ASKED[name]
    address = newcomer.bring(f"{name}.csv", content)
    page = newcomer.page(address)
    assert question in page
    assert "Check again" in page
    assert "--" not in page, "no option of a command that the reader does not use"
    assert str(newcomer.visit.config.home) not in page, "no path of this machine"
    assert "Import " not in page.partition("Check again")[2]
    assert newcomer.leads() == 0


def test_a_small_workbook_that_would_fill_the_memory_is_refused(newcomer: Newcomer, tmp_path: Path) -> None:
    book = workbook(tmp_path / "x.xlsx", {"a": [["Lead", "Status"], ["1", "won"]]})
    far = tmp_path / "far.xlsx"
    with zipfile.ZipFile(book) as archive, zipfile.ZipFile(far, "w") as target:
        for name in archive.namelist():
            part = archive.read(name)
            if name.endswith("sheet1.xml"):
                part = part.replace(
                    b"</sheetData>", b'<row r="99999"><c s="1" r="XFD99999"><v>1</v></c></row></sheetData>'
                )
            target.writestr(name, part)
    page = newcomer.page(newcomer.bring("far.xlsx", far.read_bytes()))
    assert "it is a workbook of 1,638,383,616 cells, with the empty ones between" in page


def test_every_text_that_names_options_has_one_of_the_page() -> None:
    texts = entries("en")
    naming = {key for key, text in texts.items() if key.startswith("import.") and re.search(r"--[a-z]", str(text))}
    assert naming - OF_COMMANDS == set(FIXES)
    assert not [
        key for key, text in texts.items() if key.startswith("page.start.") and re.search(r"--[a-z]", str(text))
    ]
