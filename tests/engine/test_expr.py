"""The closed language: one meaning on DuckDB, on Polars and in the slow witness; nonsense refused before any data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.api import Fixes, Installs, Params, days_after, due_on, earlier_of, later_of, when
from secscan.engine.compile import compile_, days
from secscan.engine.reference import answer
from secscan.engine.relation import relation
from secscan.model import expr as e
from secscan.model.expr import Expr, ExprError

DAY = date(2026, 3, 1)
WORDS = ["critical", "high", "low", ""]
ROW = st.fixed_dictionaries(
    {
        "severity": st.none() | st.sampled_from(WORDS),
        "product_or_name": st.none() | st.sampled_from(WORDS),
        "cvss3": st.none() | st.integers(0, 100),
        "released_on": st.none() | st.dates(DAY - timedelta(days=60), DAY + timedelta(days=60)),
        "missing": st.none() | st.booleans(),
        "exploited": st.none() | st.booleans(),
    }
)


def _refs() -> Fixes:
    return Fixes()


def _bools() -> st.SearchStrategy[Expr]:
    fix = _refs()
    texts = st.sampled_from([fix.severity, fix.product_or_name])
    ints = st.sampled_from([fix.cvss3, fix.cvss3 + 3, fix.cvss3 * 2 - 1])
    shift = st.integers(-40, 40)
    dates = st.builds(days_after, st.just(fix.released_on), shift) | st.just(
        due_on(fix.released_on, fix.severity, {"critical": 14, "low": 90}, otherwise=7)
    )
    pair = st.tuples(dates, dates)
    dates = dates | pair.map(lambda p: later_of(*p)) | pair.map(lambda p: earlier_of(*p))
    day = st.dates(DAY - timedelta(days=60), DAY + timedelta(days=60))
    ops = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    leaf = (
        st.sampled_from([fix.missing, fix.exploited])
        | st.builds(lambda t, w: t == w, texts, st.sampled_from(WORDS))
        | st.builds(lambda t, ws: t.is_in(ws), texts, st.lists(st.sampled_from(WORDS), max_size=3))
        | st.builds(lambda t: t.is_missing(), texts | ints | dates)
        | st.builds(e._compare, ops, dates, day)
        | st.builds(e._compare, ops, ints, st.integers(0, 100))
    )

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        return (
            st.builds(lambda a, b: a & b, inner, inner)
            | st.builds(lambda a, b: a | b, inner, inner)
            | st.builds(lambda a: ~a, inner)
            | st.builds(lambda c, a, b: when(c).then(a).otherwise(b), inner, inner, inner)
        )

    return st.recursive(leaf, grow, max_leaves=8)


def _duck(rows: list[dict[str, Any]], expression: Expr) -> list[bool | None]:
    kinds = Fixes.columns()
    columns = {name: (kinds[name].kind, [r[name] for r in rows]) for name in rows[0]}
    with duckdb.connect() as connection:
        table = relation(connection, columns, len(rows))
        native: Any = nw.from_native(table).select(nw.col("row"), v=compile_(expression)).to_native()
        return [v for _, v in sorted(native.fetchall())]


def _polars(rows: list[dict[str, Any]], expression: Expr) -> list[bool | None]:
    kinds = {"text": pl.String, "int": pl.Int64, "date": pl.Int64, "bool": pl.Boolean}
    columns = Fixes.columns()
    data = {
        name: pl.Series(
            [days(r[name]) if isinstance(r[name], date) else r[name] for r in rows], dtype=kinds[columns[name].kind]
        )
        for name in rows[0]
    }
    native: Any = nw.from_native(pl.DataFrame(data).lazy()).select(v=compile_(expression)).to_native()
    return native.collect()["v"].to_list()


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6), expression=_bools())
def test_duckdb_polars_and_the_witness_agree_null_for_null(rows: list[dict[str, Any]], expression: Expr) -> None:
    expected = [answer(expression, row) for row in rows]
    assert _duck(rows, expression) == expected
    assert _polars(rows, expression) == expected


def test_the_comparison_above_can_fail() -> None:
    """The mutant: an 'or' read as an 'and' must be told apart, or the property proves nothing."""
    fix = _refs()
    rows = [{"missing": True, "exploited": None}]
    assert _duck(rows, fix.missing | fix.exploited) != [answer(fix.missing & fix.exploited, rows[0])]


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda i: i.eol_on < 3,
        lambda i: i.name < DAY,
        lambda i: i.recognised & i.name,
        lambda i: i.name == None,  # noqa: E711
        lambda i: i.recognised and i.recognised,
        lambda i: i.name.is_in("abc"),
        lambda i: i.name.is_in([1]),
        lambda i: i.eol_on + i.eol_on,
        lambda i: when(i.recognised).then(1).otherwise("x"),
        lambda i: i.recognised < True,
        lambda i: list(i.name),
        lambda i: i.name == 1.5,
    ],
)
def test_what_cannot_mean_anything_is_refused_before_data(nonsense: Any) -> None:
    with pytest.raises((ExprError, TypeError)):
        nonsense(Installs())


def test_a_misspelt_column_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ExprError, match="no column 'eol_om'; did you mean 'eol_on'"):
        _ = Installs().eol_om


def test_columns_read_are_the_evidence_in_order() -> None:
    install = Installs()
    _ = (install.support == "dated") & (later_of(install.eol_on, install.entitled_until) < DAY)
    assert tuple(install.read) == ("support", "eol_on", "entitled_until")


def test_params_know_only_what_the_check_declares() -> None:
    with pytest.raises(AttributeError, match="no parameter 'graze_days'"):
        _ = Params(DAY, {"grace_days": 0}).graze_days


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 20000))
def test_days_after_is_the_calendar(day: date, count: int) -> None:
    found = answer(days_after(Installs().eol_on, count), {"eol_on": day})
    assert found == day + timedelta(days=count)
