"""One SQLite file for catalogue and ledger: engine, transactions, schema version and migrations.

Tables register themselves on ``METADATA``; a change of any table raises ``SCHEMA_VERSION`` and adds a function to
``MIGRATIONS``. WAL mode lets one process write while others read; ``writing`` takes the lock at its start, so two
processes queue up instead of failing half-way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, exc

from woodshed.base.errors import DiskProblem, LibraryError
from woodshed.base.files import disk_errors_named, printable

SCHEMA_VERSION = 1
METADATA = sa.MetaData()
# from version -> what brings a file of that version to the next one
MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {}


def open_store(path: Path) -> sa.Engine:
    """Open (or make) the library file and bring its schema up to date.

    Raises
    ------
    LibraryError
        If the file is damaged, is no library, or was written by a newer Woodshed.
    """
    with disk_errors_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 60.0}, poolclass=sa.NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # type: ignore[attr-defined]  # transactions are begun below, explicitly
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    try:
        with writing(engine) as connection:
            _bring_up_to_date(connection, path)
    except exc.DatabaseError as error:
        raise LibraryError(
            f"{printable(path)} cannot be opened as a library ({error.__cause__ or error})",
            cause="the file is damaged or is something else, or the disk refuses",
            way_out="restore it from a backup or point --workspace at another folder",
        ) from error
    return engine


@contextlib.contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One write transaction; the lock is taken at the start and all of it lands, or nothing.

    Raises
    ------
    DiskProblem
        If the disk is full or refuses; what landed before still stands.
    """
    with engine.connect() as connection, _refusals_named(engine):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(exc.OperationalError):  # a full disk may have ended the transaction already
                connection.exec_driver_sql("ROLLBACK")
            raise


@contextlib.contextmanager
def _refusals_named(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except exc.OperationalError as error:
        said = str(error.orig)
        if not any(words in said for words in ("is full", "readonly", "I/O error", "unable to open")):
            raise
        raise DiskProblem(
            f"{printable(engine.url.database or 'the library')} could not be written ({said})",
            cause="the disk is full, read-only or gone",
            way_out="free some space and do it again; what was reported before is kept",
        ) from error


@contextlib.contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One consistent view of the file."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def _bring_up_to_date(connection: sa.Connection, path: Path) -> None:
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)
    if found > SCHEMA_VERSION:
        raise LibraryError(
            f"{printable(path)} has schema version {found}; this Woodshed knows up to {SCHEMA_VERSION}",
            cause="it was written by a newer Woodshed",
            way_out="upgrade Woodshed, or use another workspace",
        )
    if not found:
        _refuse_foreign(connection, path)
    if found:
        for version in range(found, SCHEMA_VERSION):
            MIGRATIONS[version](connection)
    METADATA.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")


def _refuse_foreign(connection: sa.Connection, path: Path) -> None:
    """A file without our version number may be new, but not somebody else's."""
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'table'").scalar()
    if tables:
        raise LibraryError(
            f"{printable(path)} is a database of another program",
            cause="the path of another file was given",
            way_out="point --workspace at a folder of its own",
        )
