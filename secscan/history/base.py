"""The way to the database: opened safely, one transaction at a time, every failure in one line with what to do."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    Table,
    Update,
    column,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from secscan.doors import files
from secscan.history import schema, sqlite
from secscan.history.sqlite import damaged
from secscan.model.errors import Busy, IntegrityError, SecscanError, StorageError

WAIT_SECONDS: Final = 5.0
_WRITES: Final = "secscan_writes"
_LOCK: Final = 0x73656373
"""The advisory lock that writers of a PostgreSQL record take in turn."""
_PRAGMAS: Final = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
)


@dataclass(frozen=True, slots=True)
class Base:
    """An open database. ``where`` is what people are told: a path, or a URL without its password."""

    engine: Engine
    where: str
    path: Path | None
    wait_seconds: float

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the record."""
        with guarded(self.where), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes exist together at the end, or not at all. Raises Busy while another writes."""
        with guarded(self.where):
            if self.path is not None:
                with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
                    yield connection
                return
            with self.engine.connect() as connection:
                _take_turn(connection, self.wait_seconds, self.where)
                with connection.begin():
                    if not _have_turn(connection):
                        raise Busy(f"{self.where}: another run is writing; try again")
                    yield connection

    def close(self) -> None:
        self.engine.dispose()


def attach(at: Path | str, *, create: bool, wait_seconds: float = WAIT_SECONDS) -> Base:
    """The database at a path (SQLite) or URL, made where it is not there and ``create`` says so.

    Raises StorageError, IntegrityError or Busy; a file that is there is never replaced.
    """
    if isinstance(at, str) and "://" in at:
        try:
            url = make_url(at)
        except ArgumentError:
            raise StorageError("the address of the record is not a database URL like postgresql://host/name") from None
        if url.get_backend_name() != "sqlite":
            return _attach_server(url, create=create, wait_seconds=wait_seconds)
        if not url.database or url.database == ":memory:":
            raise StorageError(f"{at}: the record needs a file")
        at = url.database
    path = Path(at)
    return _attach_file(path, create=create, wait_seconds=wait_seconds)


def bulk(connection: Connection, into: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows, each a tuple in the order of the table's columns, are inserted in one statement."""
    names = [c.name for c in into.columns]
    many(connection, insert(into), names, rows)


def many(
    connection: Connection, statement: Insert | Update, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """The statement is carried out once for each row; ``names`` are the parameters that its values are for."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        return
    # The driver takes tuples as they are: half the time of a dictionary a row.
    compiled: Any = statement.compile(dialect=connection.dialect)
    order = [names.index(name) for name in compiled.positiontup]
    ready = rows if order == list(range(len(names))) else [tuple([row[at] for at in order]) for row in rows]
    connection.exec_driver_sql(str(compiled), list(ready))


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Whatever a database says is wrong becomes one of our errors; ours pass as they are."""
    try:
        yield
    except SecscanError:
        raise
    except DBAPIError as error:
        raise _ours(where, error.orig or error) from None
    except sqlite3.Error as error:
        raise _ours(where, error) from None
    except UnicodeDecodeError:
        raise damaged(where, "text in it is not UTF-8") from None
    except SQLAlchemyError as error:
        raise StorageError(f"{where}: {_first_line(error)}") from None
    except OSError as error:
        raise StorageError(f"{where}: {error.strerror or error}") from None


def _ours(where: str, error: BaseException) -> SecscanError:
    says = _first_line(error)
    if isinstance(error, sqlite3.Error):
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Busy(f"{where}: another program holds the record; try again when it is done")
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return StorageError(f"{where}: cannot be written or read ({says}); is the disk full? nothing was changed")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            return StorageError(
                f"{where}: cannot be opened for writing ({says}); check who owns the file and its folder"
            )
        return damaged(where, says)
    state = str(getattr(error, "sqlstate", None) or "")
    if state in ("40001", "40P01", "55P03", "23505"):
        return Busy(f"{where}: another run was recorded at the same time; try again")
    return StorageError(f"{where}: the database server says: {says}")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _attach_file(path: Path, *, create: bool, wait_seconds: float) -> Base:
    missing = not path.exists() and not path.is_symlink()
    if missing and not create:
        raise StorageError(f"{path}: there is no record yet; run 'secscan scan' first")
    if create:
        files.make_folder(path.parent)
    sqlite.refuse_odd_folder(path.parent)
    with guarded(str(path)):
        if create:
            sqlite.sweep(path)
        if missing:
            _make_file(path, wait_seconds)
    sqlite.refuse_odd_file(path)
    base = _file_base(path, wait_seconds)
    try:
        with guarded(base.where):
            _settle_schema(base, create=False)
    except BaseException:
        base.close()
        raise
    return base


def _make_file(path: Path, wait_seconds: float) -> None:
    """An empty record is at ``path``, whole from the first moment: it is made aside and linked into its place."""
    aside = sqlite.aside(path)
    try:
        files.write(aside, b"")
        base = _file_base(aside, wait_seconds)
        try:
            _settle_schema(base, create=True)
        finally:
            base.close()
        sqlite.take_place(aside, path)
    finally:
        with suppress(OSError):
            aside.unlink()


def _file_base(path: Path, wait_seconds: float) -> Base:
    # mode=rw: a file that vanished meanwhile is an error, never a new empty database.
    address = URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query={"mode": "rw", "uri": "true"})
    engine = create_engine(address, connect_args={"timeout": wait_seconds})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return Base(engine, str(path), path, wait_seconds)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by us, below
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise StorageError(f"the record is in journal mode {mode}, which another program set and still holds")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _attach_server(url: URL, *, create: bool, wait_seconds: float) -> Base:
    if url.get_backend_name() != "postgresql":
        raise StorageError(f"the record can be kept in SQLite or PostgreSQL, not in {url.get_backend_name()}")
    where = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="REPEATABLE READ")
    except (ImportError, NoSuchModuleError):
        raise StorageError("PostgreSQL needs its driver: pip install 'secscan[postgresql]'") from None
    base = Base(engine, where, None, wait_seconds)
    try:
        with guarded(where):
            _settle_schema(base, create=create)
    except BaseException:
        base.close()
        raise
    return base


def _settle_schema(base: Base, *, create: bool) -> None:
    """The schema is the newest this version knows. Raises StorageError for a newer one or a database of others."""
    with base.reading() as connection:
        found = _revision(connection)
        names = set(inspect(connection).get_table_names())
        ours = (
            base.path is None or connection.exec_driver_sql("PRAGMA application_id").scalar() == schema.APPLICATION_ID
        )
    if found == schema.HEAD and ours:
        return
    if found is None and not names & set(schema.metadata.tables):
        if base.path is not None and (names or not create):
            raise StorageError(f"{base.where}: is a database, but not a record of ours; {sqlite.RESTORE}")
        if not create:
            raise StorageError(f"{base.where}: there is no record yet; run 'secscan scan' first")
    elif found is None or not ours:
        raise damaged(base.where, "its mark or version is missing")
    from secscan.history import migrate

    migrate.upgrade(base, found)


def _revision(connection: Connection) -> str | None:
    """The schema version that the database says it has."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    stamped: Sequence[Any] = (
        connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalars().all()
    )
    return str(stamped[0]) if len(stamped) == 1 else None


def _take_turn(connection: Connection, seconds: float, where: str) -> None:
    """Waits until no other writer holds the advisory lock. Raises Busy when that takes too long."""
    until = time.monotonic() + seconds
    while True:
        with connection.begin():
            if _have_turn(connection):
                return
        if time.monotonic() > until:
            raise Busy(f"{where}: another run is writing; try again when it is done")
        time.sleep(0.05)


def _have_turn(connection: Connection) -> bool:
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar())


__all__ = ["Base", "IntegrityError", "attach", "bulk", "guarded"]
