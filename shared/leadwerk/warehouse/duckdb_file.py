"""The file warehouse.duckdb: opened for each use, or kept open between the requests of a process that answers them.

DuckDB lets one process write. Who finds the file taken notes that it waits, in the folder `waiting`; who keeps the file
open without using it looks there a hundred times a second, and lets go.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from leadwerk.errors import WarehouseBusy, WarehouseError
from leadwerk.private_files import private_folder
from leadwerk.texts.message import Message
from leadwerk.warehouse.create_tables import create_tables
from leadwerk.warehouse.duckdb_values import FULL, NO_ROOM, delete_leftovers, literal

WAIT_SECONDS = 30.0
# Seconds between two attempts at the lock.
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.05
IDLE_SECONDS = 2.0
"""For so long an unused file stays open: a SQL client, which notes nothing, gets it after that."""
LOOK_SECONDS = 0.01
EXPORT = "ga4"  # as which the export is attached
HEADER_BYTES = 3 * 4096
DAMAGED = Message("refusal.warehouse.damaged")
_KEPT_OPEN: weakref.WeakSet[DuckDBFile] = weakref.WeakSet()
TAKEN_BY = ("Could not set lock on file", "different configuration than existing connections")  # a process, a thread


class DuckDBFile:
    """Connections to the warehouse of `home`. Threads take turns."""

    def __init__(self, home: Path, wait_seconds: float = WAIT_SECONDS) -> None:
        self.home, self._wait_seconds = home, wait_seconds
        self._turn = threading.RLock()
        self._in_use: duckdb.DuckDBPyConnection | None = None
        self._idle: duckdb.DuckDBPyConnection | None = None
        self._used_at = 0.0
        self._tables_exist = False
        self._last_step: Callable[[duckdb.DuckDBPyConnection], None] | None = None
        self.exported: list[str] | None = None  # tables of the export, which cannot change while it is attached
        self.stays_open = False
        self.for_few_rows = False

    @property
    def is_free(self) -> bool:
        """Whether no unit of work is open: within one, other threads wait until it ends."""
        return self._in_use is None

    @property
    def rows_folder(self) -> Path:
        """Where rows lie that are being appended."""
        return self.home / "appending"

    @property
    def export_file(self) -> Path:
        """The file that stands in for the GA4 export."""
        return self.home / "ga4.duckdb"

    @contextmanager
    def connection(self, *, writing: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection of the unit of work around, or one of its own."""
        with self._turn:
            if self._in_use is not None:
                yield self._in_use
                return
            connection = self._take(writing)
            with ExitStack() as broken:
                # After an error nobody knows what state the connection is in.
                broken.callback(connection.close)
                yield connection
                last_step, self._last_step = self._last_step, None
                if last_step is None:
                    broken.pop_all()
                    self._give_back(connection)
                    return
                last_step(connection)

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        """One connection for all that is within, and no other process in between."""
        # Nested units join the outer one: DuckDB allows one writing connection, and it would wait for itself.
        with self.connection(writing=True) as connection:
            outer, self._in_use = self._in_use, connection
            try:
                yield
            finally:
                self._in_use = outer

    def _take(self, writing: bool) -> duckdb.DuckDBPyConnection:
        connection, self._idle = self._idle, None
        self.exported = self._last_step = None
        return connection or self._open(writing or self.stays_open)

    def _give_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        if not self.stays_open or self._somebody_waits():
            connection.close()
            return
        # Who writes the export would wait for it for as long as it is attached.
        if self.exported is not None:
            connection.execute(f"DETACH {EXPORT}")
        self._idle, self._used_at = connection, time.monotonic()
        _KEPT_OPEN.add(self)
        if not any(thread.name == self._watch_name for thread in threading.enumerate()):
            threading.Thread(target=self._watch, name=self._watch_name, daemon=True).start()

    @property
    def _watch_name(self) -> str:
        return f"leadwerk-duckdb-{id(self)}"

    def _watch(self) -> None:
        """Close the idle connection when another process waits, or after IDLE_SECONDS without use."""
        while True:
            time.sleep(LOOK_SECONDS)
            if not self._turn.acquire(blocking=False):
                continue  # in use
            try:
                unused = time.monotonic() - self._used_at
                if self._idle is None or unused > IDLE_SECONDS or self._somebody_waits():
                    self.let_go()
                    return
            finally:
                self._turn.release()

    def close_after(self, last_step: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        """Run `last_step` when the unit of work in use has ended, and close its connection, even if the file stays open
        else; after an error it is not run."""
        self._last_step = last_step

    def let_go(self) -> None:
        """Close the connection that is kept open."""
        with self._turn:
            connection, self._idle = self._idle, None
            if connection is not None:
                connection.close()

    def _open(self, writing: bool) -> duckdb.DuckDBPyConnection:
        file = self.home / "warehouse.duckdb"
        # A home may be deleted while the process lives, as the demo does.
        self._tables_exist = self._tables_exist and file.exists()
        if not self._tables_exist:
            private_folder(self.home)
        # Readers share the file among processes; only a writer needs it alone.
        read_only = self._tables_exist and not writing
        is_new = not file.exists()
        try:
            connection = self.patiently(lambda: duckdb.connect(str(file), read_only=read_only), file)
        except WarehouseError:
            # On a full disk a new file is cut off within its headers: it holds nothing, and could never be opened.
            if is_new and file.exists() and file.stat().st_size < HEADER_BYTES:
                file.unlink()
            raise
        if not read_only:
            delete_leftovers(self.rows_folder)
            delete_leftovers(Path(f"{file}.tmp"))  # where DuckDB puts what memory has no room for
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        # A request's statements touch few rows in a hundred steps, which more threads only slow down.
        connection.execute("SET threads = 1" if self.for_few_rows else "RESET threads")
        # Before any statement runs: SQL of a policy or file must not read other files of this machine.
        _confine(connection, self.export_file, self.rows_folder)
        if not self._tables_exist:
            try:
                create_tables(connection)
            except duckdb.Error as error:
                raise WarehouseError(failed("create_tables", error), remedy=_remedy(error)) from error
            self._tables_exist = True
        return connection

    def patiently(self, attempt: Callable[[], duckdb.DuckDBPyConnection], file: Path) -> duckdb.DuckDBPyConnection:
        """What `attempt` opens, as soon as no other process holds it.

        Raises:
            WarehouseBusy: another process held it all the time.
            WarehouseError: the file cannot be opened.
        """
        until = time.monotonic() + self._wait_seconds
        pause = FIRST_PAUSE
        with ExitStack() as waiting:
            while True:
                try:
                    return attempt()
                except duckdb.Error as error:
                    self._check_busy(error, file, is_last=time.monotonic() + pause > until)
                if pause == FIRST_PAUSE:
                    waiting.enter_context(self._noted())
                time.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)

    def _check_busy(self, error: duckdb.Error, file: Path, *, is_last: bool) -> None:
        # DuckDB has no error of its own for a file that another process holds: only the message tells.
        if not any(message in str(error) for message in TAKEN_BY):
            message = Message("refusal.warehouse.open", file=file, error=error)
            raise WarehouseError(message, remedy=_remedy(error)) from error
        if is_last:
            message = Message("refusal.warehouse.taken", file=file, seconds=f"{self._wait_seconds:.0f}")
            raise WarehouseBusy(message, remedy=Message("refusal.warehouse.taken.remedy")) from error

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note for other processes that this thread waits."""
        note = self._waiting / f"{os.getpid()}-{threading.get_ident()}"
        private_folder(self._waiting)
        note.touch()
        try:
            yield
        finally:
            note.unlink(missing_ok=True)

    def _somebody_waits(self) -> bool:
        """Whether there is a note of somebody who may still be waiting; one who was killed left it behind."""
        earliest = time.time() - self._wait_seconds
        try:
            with os.scandir(self._waiting) as notes:
                return any(note.stat().st_mtime > earliest for note in notes)
        except FileNotFoundError:  # nobody ever waited, or one stopped just now
            return False

    @property
    def _waiting(self) -> Path:
        return self.home / "waiting"


@atexit.register
def _let_go_of_all() -> None:
    """Close what is kept open: a process that ends kills the threads that watch it, at worst within DuckDB."""
    for file in list(_KEPT_OPEN):
        file.let_go()


def _confine(connection: duckdb.DuckDBPyConnection, export: Path, rows: Path) -> None:
    """Let statements reach only `export` and files in the folder `rows`: a home and its views may come from elsewhere.

    DuckDB sets this once for all connections of a process to the same file.
    """
    files, folders = literal([str(export), f"{export}.wal"]), literal([str(rows)])
    with _confining:
        # The setting belongs to the database instance, which a second connection of this process shares.
        is_open = connection.execute("SELECT current_setting('enable_external_access')").fetchone()
        if is_open == (True,):
            allowed = f"SET allowed_paths = {files}; SET allowed_directories = {folders}"
            connection.execute(f"{allowed}; SET enable_external_access = false")


_confining = threading.Lock()


def failed(name: str, error: duckdb.Error) -> Message:
    """What a user reads of a statement that DuckDB refused; the reason stands as DuckDB writes it."""
    return Message("refusal.warehouse.failed", statement=name, engine="DuckDB", error=error)


def _remedy(error: duckdb.Error) -> Message:
    """What to do where a file cannot be opened or laid out: a full disk looks like a damaged file at first."""
    return NO_ROOM if FULL.search(str(error)) else DAMAGED
