"""What was deployed, as it runs: a bundle unpacked, its requirements installed, nothing of the checkout in reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leadwerk.serve import free_ports

INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Bundle:
    """The function `name`: its zip, the folder it is unpacked in and the environment that its requirements made."""

    name: str
    archive: Path
    folder: Path
    environment: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def serve(self, settings: Mapping[str, str], log: Path) -> tuple[subprocess.Popen[bytes], str]:
        """The running function and its URL; it may take a moment until it answers."""
        [port] = free_ports(1)
        command = ["-m", "functions_framework", "--target", self.name, "--source", str(self.folder / "main.py")]
        with log.open("wb") as log_file:
            process = subprocess.Popen(
                [str(self.python), *command, "--host", "127.0.0.1", "--port", str(port)],
                cwd=log.parent,
                env=clean(settings),
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,
            )
        return process, f"http://127.0.0.1:{port}"

    def run(self, script: str) -> str:
        """What a Python program prints that sees what the function sees: environment and unpacked bundle."""
        done = subprocess.run(
            [self.python, "-c", f"import sys; sys.path.insert(0, {str(self.folder)!r})\n{script}"],
            cwd=self.folder.parent,
            env=clean({}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def clean(settings: Mapping[str, str]) -> dict[str, str]:
    """This process' environment without anything that could lead back to the checkout, and `settings`."""
    foreign = ("PYTHON", "LEADWERK_", "VIRTUAL", "UV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | dict(settings)


def unpack(name: str, archive: Path, where: Path) -> Bundle:
    """The bundle in a folder under `where`, with an environment made from its requirements.txt."""
    folder, environment = where / name, where / f"{name}-environment"
    zipfile.ZipFile(archive).extractall(folder)
    install(folder / "requirements.txt", environment)
    return Bundle(name, archive, folder, environment)


def install(requirements: Path, environment: Path) -> None:
    """By uv where it is installed, which takes seconds; else by venv and pip."""
    if uv := _uv():
        commands = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(environment)],
            [uv, "pip", "install", "--quiet", "--python", str(environment / "bin" / "python"), "-r", str(requirements)],
        ]
    else:
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        commands = [[sys.executable, "-m", "venv", str(environment)], [*pip, "-r", str(requirements)]]
    for command in commands:
        done = subprocess.run(command, env=clean({}), capture_output=True, text=True, timeout=INSTALL_SECONDS)
        assert done.returncode == 0, done.stderr


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def megabytes(path: Path) -> float:
    """Size of a file or of all files in a folder, each counted once however often it is linked."""
    files = {(s.st_dev, s.st_ino): s.st_size for f in [path, *path.rglob("*")] if f.is_file() for s in [f.stat()]}
    return sum(files.values()) / 1e6
