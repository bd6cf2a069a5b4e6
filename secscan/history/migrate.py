"""Brings an older record up to date: forward only, after a copy that was read back, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from secscan.history import schema
from secscan.history.backup import copy
from secscan.history.base import Base
from secscan.model.errors import StorageError

SCRIPTS: Final = Path(__file__).parent / "migrations"


def upgrade(base: Base, found: str | None, scripts: Path = SCRIPTS, head: str = schema.HEAD) -> None:
    """The record has the schema ``head``. An existing file is copied beside itself first.

    Raises StorageError for a schema that this version does not know: it is newer, and is left as it is.
    """
    if found is not None:
        known = {script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions()}
        if found not in known:
            raise StorageError(
                f"{base.where}: was written by a newer secscan (schema {found}; this one knows {head}); use that version"
            )
        if base.path is not None:
            copy(base, _beside(base.path, head))
    with base.writing() as connection:
        run(connection, scripts, head)


def run(connection: Connection, scripts: Path = SCRIPTS, head: str = schema.HEAD) -> None:
    """The migrations up to ``head`` have run, in the caller's transaction."""
    config = _config(scripts)
    config.attributes["connection"] = connection
    command.upgrade(config, head)


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def _beside(path: Path, head: str) -> Path:
    """A name for the copy that nothing has yet."""
    first = path.with_name(f"{path.stem}-before-{head}{path.suffix}")
    number, found = 1, first
    while found.exists():
        number += 1
        found = first.with_name(f"{first.stem}-{number}{first.suffix}")
    return found
