"""The same record on PostgreSQL: a server of our own on a local socket, where one is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from secscan.history import Anchor, Store
from secscan.model.errors import Busy, StorageError
from tests.history.made import DAY, finding, run


def _missing() -> str | None:
    """Why no server can be started here; None: one can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        return "no PostgreSQL server is installed (initdb, pg_ctl)"
    if os.geteuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        return "PostgreSQL does not run as root, and there is no user 'postgres'"
    return None


pytestmark = pytest.mark.skipif(_missing() is not None, reason=str(_missing()))


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """The folder with the server's socket; nothing listens on the network."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = None
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(folder, user)

    def call(*argv: str) -> None:
        subprocess.run(argv, check=True, capture_output=True, timeout=120, user=user, cwd=folder)

    data = folder / "data"
    call("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    call("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield folder
    finally:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def url(server: Path, request: pytest.FixtureRequest) -> str:
    """A fresh database, in a locale whose order of text is not that of its bytes."""
    import psycopg

    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
    return f"postgresql://postgres@/{name}?host={quote(str(server))}"


def test_the_clocks_are_the_same_on_both(url: str, tmp_path: Path) -> None:
    weeks = [[finding(a) for a in "aBcDé"], [finding(a) for a in "aB"], [finding(a) for a in "aBcD_"]]
    with Store.open(url, create=True) as server, Store.open(tmp_path / "history.db", create=True) as file:
        for number, found in enumerate(weeks):
            told = run(found, DAY + timedelta(days=number), closing=lambda f: f.asset != "c")
            assert server.record(told) == file.record(told)
        assert server.runs() == file.runs()
        assert server.open_findings() == file.open_findings()
        assert server.closed_findings() == file.closed_findings()
        assert server.findings_at("2026-03-02-0600") == file.findings_at("2026-03-02-0600")
        assert server.rollups() == file.rollups()
        assert server.accepted() == file.accepted()
        assert server.trends() == file.trends()
        assert server.lives(finding("D").fingerprint) == file.lives(finding("D").fingerprint)
        head = server.runs()[-1]
        told = server.verify(full=True, anchors=[Anchor(run_id=head.run_id, digest=head.digest)])
        assert told.ok and told.anchored and told.runs == 3


def test_an_edit_is_found(url: str) -> None:
    import psycopg

    with Store.open(url, create=True) as store:
        store.record(run([finding()]))
    for table, column in (("life", "title"), ("run", "tool_version"), ("measure", "mark"), ("change", "status")):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"UPDATE {table} SET {column} = 'x'")
        with Store.open(url, create=False) as store:
            told = store.verify()
            assert not told.ok and told.first_bad is not None
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("UPDATE life SET title = %s", [finding().title])


def test_no_record_is_made_unless_asked(url: str) -> None:
    with pytest.raises(StorageError, match="no record yet"), Store.open(url, create=False):
        pass


def test_a_second_writer_waits_and_then_says_busy(url: str) -> None:
    import psycopg

    with Store.open(url, create=True) as store, psycopg.connect(url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(1936024435)")
        with (
            Store.open(url, create=False, wait_seconds=0.3) as other,
            pytest.raises(Busy, match="another run is writing"),
        ):
            other.record(run([finding()]))
        holder.rollback()
        store.record(run([finding()]))
        assert len(store.runs()) == 1


def test_a_run_recorded_meanwhile_is_not_overwritten(url: str) -> None:
    def keep(_: object) -> str:
        with Store.open(url, create=False) as other:
            other.record(run([finding("srv-02")]))
        return ""

    with Store.open(url, create=True) as store:
        with pytest.raises(Busy, match="meanwhile"):
            store.record(run([finding()]), keep)
        assert [c.finding.asset for c in store.open_findings()] == ["srv-02"]


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StorageError) as caught, Store.open("postgresql://u:hunter2@127.0.0.1:1/x", create=True):
        pass
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


def test_text_that_no_database_takes_is_kept_escaped(url: str) -> None:
    with Store.open(url, create=True) as store:
        store.record(run([finding(title="nul \0 and \ud800 and \U0001f40d", evidence={"a": "\0"})]))
        assert store.open_findings()[0].finding.title == "nul \\x00 and \\ud800 and \U0001f40d"
        assert store.verify(full=True).ok
