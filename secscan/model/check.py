"""A loaded check: its sentence, its texts and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from secscan.model.added import Origin
from secscan.model.expr import Expr
from secscan.model.tables import TableSpec


class Params:
    """What policy sets for one control: the check's numbers, zones and windows, and ``today``."""

    def __init__(self, today: date, values: Mapping[str, Any]) -> None:
        self.today = today
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the check declares no parameter '{name}'") from None


Judge = Callable[[Any, Params], Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """What ``@check`` recorded, plus what the loader knows of the file."""

    id: str
    says: str
    unknown_says: str
    fix: str
    table: type[TableSpec]
    judge: Judge
    unknown_when: Judge | None = None
    about: Judge | None = None
    """Rows that pass and that this says no of are not counted: the check does not speak about them."""
    due: Judge | None = None
    shows: tuple[str, ...] = ()
    """Columns that stand in the evidence beside those that the rule reads."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Defaults; policy may set any of them and no other."""
    looser: Mapping[str, str] = field(default_factory=dict)
    """Parameter -> 'higher', 'lower', 'more' or 'fewer': which way asks for less."""
    title: str = ""
    doc: str = ""
    file: Path = Path()
    shown_file: str = ""
    line: int = 0
    sha256: str = ""
    origin: Origin | None = None
    """The package that it came with; None: it is shipped, or from a folder that somebody named."""

    @property
    def named(self) -> str:
        """Its file, and the package that brought it."""
        return f"{self.shown_file} of {self.origin}" if self.origin else self.shown_file

    @property
    def cases_file(self) -> Path:
        return self.file.with_suffix(".cases.yaml")

    @property
    def shown_cases(self) -> str:
        return PurePosixPath(self.shown_file).with_suffix(".cases.yaml").as_posix()
