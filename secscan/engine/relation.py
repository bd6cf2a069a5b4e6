"""A Frame as a DuckDB relation: each shared index once, each distinct value once, joined by position."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from secscan.engine.compile import days
from secscan.model.expr import Kind
from secscan.model.frame import Col, Frame
from secscan.model.tables import TableSpec

_serial = itertools.count()


def relation(
    connection: duckdb.DuckDBPyConnection, frame: Frame, spec: type[TableSpec], wanted: Iterable[str]
) -> duckdb.DuckDBPyRelation:
    """``row`` (0-based) and the ``wanted`` columns of a frame; columns it lacks are null.

    Text is VARCHAR, whole numbers BIGINT, dates BIGINT days since 1970, yes/no BOOLEAN. The relation lives as long
    as the connection.
    """
    groups: dict[tuple[int, int] | None, tuple[Col, list[str]]] = {}
    kinds = {name: column.kind for name, column in spec.columns().items()}
    chosen: list[str] = []
    absent: list[str] = []
    for name in dict.fromkeys(wanted):
        col = frame.columns.get(name)
        if col is None:
            absent.append(name)
            continue
        chosen.append(name)
        # Columns over one index may still differ in how many distinct values they hold.
        key = (id(col.take), len(col.values)) if col.take is not None else None
        groups.setdefault(key, (col, []))[1].append(name)
    fact: dict[str, Any] = {"row": np.arange(frame.rows, dtype=np.int32)}
    joins: list[str] = []
    columns = {name: f"CAST(NULL AS {_SQL[kinds[name]]}) AS {_quoted(name)}" for name in absent}
    serial = next(_serial)
    for number, (key, (col, names)) in enumerate(groups.items()):
        if key is None:
            fact |= {f"v_{name}": _array(kinds[name], frame.columns[name].values) for name in names}
            columns |= {
                name: f"CAST(f.{_quoted('v_' + name)} AS {_SQL[kinds[name]]}) AS {_quoted(name)}" for name in names
            }
            continue
        table = f"dim_{serial}_{number}"
        data = {f"v_{name}": _array(kinds[name], frame.columns[name].values) for name in names}
        connection.register(table, {"k": np.arange(len(col.values), dtype=np.int32), **data})
        fact[f"k{number}"] = col.take
        joins.append(f"LEFT JOIN {table} d{number} ON f.k{number} = d{number}.k")
        columns |= {
            name: f"CAST(d{number}.{_quoted('v_' + name)} AS {_SQL[kinds[name]]}) AS {_quoted(name)}" for name in names
        }
    connection.register(f"fact_{serial}", fact)
    picked = ", ".join(["f.row AS row", *(columns[name] for name in (*chosen, *absent))])
    # Only our own names stand in this text: column names come from the table's class, the rest are numbers.
    return connection.sql(f"SELECT {picked} FROM fact_{serial} f {' '.join(joins)}")  # noqa: S608


_SQL: dict[Kind, str] = {"text": "VARCHAR", "int": "BIGINT", "date": "BIGINT", "bool": "BOOLEAN"}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _array(kind: Kind, values: Sequence[Any] | NDArray[Any]) -> Any:
    """A numpy array that DuckDB reads without any other library; None becomes null."""
    if kind == "text":
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    mask = np.fromiter((v is None for v in values), dtype=bool, count=len(values))
    if kind == "date":
        plain: Iterable[int] = (0 if v is None else days(v) for v in values)
    else:
        plain = (0 if v is None else int(v) for v in values)
    data = np.fromiter(plain, dtype=np.int8 if kind == "bool" else np.int64, count=len(values))
    return np.ma.masked_array(data, mask=mask) if mask.any() else data
