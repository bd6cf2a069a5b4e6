"""Reads what ``secscan collect`` wrote: one asset, its packages and its listening ports.

A row is the asset, a package or a port. The words go the same way as those of a CSV, so the same rules hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.doors import json
from secscan.doors.terminal import safe
from secscan.model.raw import Refusal
from secscan.sources import looks, objects, values
from secscan.sources.collect import SCHEMA
from secscan.sources.reader import Found, Job
from secscan.sources.templates import REQUIRED

_EXTRA: Final = {"kernel": "kernel", "id": "machine_id"}


class Collected:
    """Reads ``secscan.collect/1``."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not the JSON of 'secscan collect'")
        document = json.loads(job.data, job.shown)
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise job.refuse(
                f"has the schema {values.shown(str(schema))}, not '{SCHEMA}'", "run 'secscan collect' again"
            )
        asset = document.get("asset")
        if not isinstance(asset, dict) or not isinstance(asset.get("asset_tag"), str):
            raise job.refuse("has no asset with an asset_tag")
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        lines = json.places(job.data)
        parts = [self._assets(document, asset, job, lines.get(("asset",), [1]))]
        parts += [
            self._list(document, asset["asset_tag"], name, job, lines.get((name,), []))
            for name in ("software", "services")
        ]
        said = document.get("warnings")
        warnings = [
            f"{job.shown}: {safe(text, 200)}"
            for text in (said if isinstance(said, list) else ())
            if isinstance(text, str)
        ]
        unknown = [name for name in ("software", "services") if document.get(name) is None]
        lacking = f"{job.shown}: the machine could not list its {' and '.join(unknown)}" if unknown else None
        return replace(_joined(parts, warnings), incomplete=lacking)

    def _assets(self, document: Mapping[str, Any], asset: Mapping[str, Any], job: Job, lines: Sequence[int]) -> Found:
        machine = document.get("machine")
        facts = {
            ours: machine[name] for name, ours in _EXTRA.items() if isinstance(machine, dict) and machine.get(name)
        }
        return objects.built("assets", [{**asset, **facts}], lines, job, REQUIRED["assets"])

    def _list(self, document: Mapping[str, Any], tag: str, name: str, job: Job, lines: Sequence[int]) -> Found:
        rows = document.get(name)
        if rows is None:
            return Found(rows_read=0, rows_loaded=0)
        if not isinstance(rows, list) or len(rows) > job.limits.rows:
            raise job.refuse(f"'{name}' is not a list of at most {job.limits.rows:,}")
        good = [({**row, "asset_tag": tag}, at) for row, at in _placed(rows, lines) if isinstance(row, dict)]
        bad = [
            Refusal(line=at, column=None, reason=f"an entry of '{name}' is not an object", asset_tag=tag, raw=repr(row)[:4000])
            for row, at in _placed(rows, lines) if not isinstance(row, dict)
        ]  # fmt: skip
        found = objects.built(name, [row for row, _ in good], [at for _, at in good], job, REQUIRED[name])
        return replace(found, rows_read=found.rows_read + len(bad), refused=[*found.refused, *bad])


def _placed(rows: Sequence[Any], lines: Sequence[int]) -> Sequence[tuple[Any, int]]:
    objects = iter(lines)
    return [(row, next(objects, 0) if isinstance(row, dict) else 0) for row in rows]


def _joined(parts: Sequence[Found], warnings: Sequence[str]) -> Found:
    return Found(
        rows_read=sum(part.rows_read for part in parts),
        rows_loaded=sum(part.rows_loaded for part in parts),
        refused=[refusal for part in parts for refusal in part.refused],
        warnings=[*warnings, *(text for part in parts for text in part.warnings)],
        tables={name: table for part in parts for name, table in part.tables.items()},
    )
