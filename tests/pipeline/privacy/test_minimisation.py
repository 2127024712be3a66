"""Minimisation: of names, addresses, numbers and free texts in a file no value is found anywhere in the home."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadwerk.cli.application import run
from support.files_of_home import unnamed_files

FIRST_NAMES = ("Ines", "Beatrix", "Carlotta", "Ursina", "Giuliana", "Lucienne", "Noemi", "Zoé", "Jürgen", "Lucantonio")
SURNAMES = ("Müller", "Rossini", "Favrod", "Zbinden", "Ammann", "Kellerhals", "Bianchini", "Blanchard", "Huberli")
STREETS = ("Bahnhofstrasse", "Rue du Lac", "Via Nassa", "Seeweglein")
RAW_VALUES = (*FIRST_NAMES, *SURNAMES, *STREETS, "Rückruf", "sehr nett", "@example.ch", "079 1", "079 2")
COMMANDS = (
    ["import", "{file}", "--id", "Id", "--outcome", "Status", "--positive", "gewonnen", "--time", "Datum"],
    ["retrain"],
    ["report"],
)


def leads(count: int) -> Iterator[dict[str, object]]:
    draw = random.Random(4)
    for number in range(count):
        first, surname = draw.choice(FIRST_NAMES), draw.choice(SURNAMES)
        channel = draw.choice(("Messe", "Web", "Empfehlung"))
        yield {
            "Id": f"K{number:05d}",
            "Vorname": first,
            "Nachname": surname,
            "Kundenname": f"{first} {surname}",
            "Ansprechperson": f"{first} {surname}" if number % 3 else "",
            "Interlocuteur": surname,
            "Firma oder Person": f"{surname} {number % 40}",
            "E-Mail": f"{first}.{surname}{number}@example.ch".lower(),
            "Telefon": f"079 {draw.randint(100, 299)} {draw.randint(10, 99)} {draw.randint(10, 99)}",
            "Adresse": f"{draw.choice(STREETS)} {draw.randint(1, 99)}",
            "Notiz": f"{first} {surname} will Rückruf auf 079 123 45 10" if number % 40 == 0 else "",
            "Bemerkung": draw.choice((f"Frau {surname} war sehr nett am Telefon", f"Herr {surname} ruft an", "")),
            "Kanal": channel,
            "Betrag": draw.randint(100, 900) * 1000,
            "Status": "gewonnen" if draw.random() < (0.5 if channel == "Empfehlung" else 0.15) else "verloren",
            "Datum": f"2025-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
        }


@pytest.mark.slow
def test_no_raw_value_of_a_person_is_in_the_home(tmp_path: Path) -> None:
    file, home = tmp_path / "kunden.csv", tmp_path / "home"
    rows = [*leads(900)]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    for command in COMMANDS:
        assert run(["--home", str(home), *(part.format(file=file) for part in command)]) in (0, 3)
    written = {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert unnamed_files(home) == []
    assert any(name.suffix == ".duckdb" and b"Empfehlung" in content for name, content in written.items())
    assert [(name, raw) for name, content in written.items() for raw in RAW_VALUES if raw.encode() in content] == []
