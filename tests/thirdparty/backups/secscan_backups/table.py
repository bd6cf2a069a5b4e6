"""The table of backups: what the backup tool exports, and whether the asset holds a database."""

from __future__ import annotations

from typing import Final

from secscan.api import Col, Frame, Table, Tables, TableSpec, any3, day, text, yes_no

DATABASES: Final = frozenset({"mariadb", "mssqlserver", "mysql", "oracle-database", "postgresql"})
"""Products of the catalogue."""


class Backups(TableSpec):
    """One backup job of an asset; one row of nulls for an asset that no list of backups names."""

    table = "backups"
    subject = ("job",)
    fed_by = frozenset({"assets", "backups", "software"})
    nothing = "backup"

    job = text("the job's name in the backup tool")
    succeeded_on = day("the last day on which it succeeded")
    restored_on = day("the last day on which a restore from it was tried")
    offline = yes_no("a copy is kept where nothing on the network can reach it")
    holds_database = yes_no("a database server is installed on the asset; null where its software is not known")


def build(tables: Tables) -> Frame:
    """The rows as read, and beside them what the installs say."""
    jobs, installs = tables["backups"], tables["installs"]
    found: dict[tuple[str, str], list[bool | None]] = {}
    of_installs = (installs.columns[name] for name in ("council", "asset", "product"))
    for council, asset, product in zip(*of_installs, strict=True):
        found.setdefault((council, asset), []).append(None if product is None else product in DATABASES)
    of_jobs = (jobs.columns[name] for name in ("council", "asset"))
    return jobs.with_columns({"holds_database": Col([any3(found[who]) for who in zip(*of_jobs, strict=True)])})


TABLE = Table(
    spec=Backups,
    reads=("job", "succeeded_on", "restored_on", "offline"),
    needs=("job",),
    build=build,
)
