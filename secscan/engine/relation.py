"""Columns of values as a DuckDB relation, without any other library."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np

from secscan.engine.compile import days
from secscan.model.expr import Kind

_serial = itertools.count()
_SQL: dict[Kind, str] = {"text": "VARCHAR", "int": "BIGINT", "date": "BIGINT", "bool": "BOOLEAN"}


def relation(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, tuple[Kind, Sequence[Any]]], rows: int
) -> duckdb.DuckDBPyRelation:
    """``row`` (0-based) and the columns, each its kind and a value a row.

    Text is VARCHAR, whole numbers BIGINT, dates BIGINT days since 1970, yes/no BOOLEAN. The relation lives as long
    as the connection.
    """
    data: dict[str, Any] = {"row": np.arange(rows, dtype=np.int32)}
    data |= {f"v_{name}": _array(kind, values) for name, (kind, values) in columns.items()}
    table = f"rows_{next(_serial)}"
    connection.register(table, data)
    casts = (f"CAST({_quoted('v_' + name)} AS {_SQL[kind]}) AS {_quoted(name)}" for name, (kind, _) in columns.items())
    # Only our own names stand in this text: column names come from the table's class, the rest are numbers.
    return connection.sql(f"SELECT {', '.join(['row', *casts])} FROM {table}")  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _array(kind: Kind, values: Sequence[Any]) -> Any:
    """A numpy array that DuckDB reads as it is; None becomes null."""
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
