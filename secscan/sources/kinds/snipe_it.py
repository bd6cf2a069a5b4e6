"""Snipe-IT: the asset report and the list of assets, by their headings in any of its exports, and the JSON of its API.

A register of things: it knows no software, and most often no operating system. The council's own tag calls an asset.
Whoever has it, and every licence with its keys, is never read.
"""

from __future__ import annotations

from typing import Any, Final

from secscan.doors import json
from secscan.sources import looks, objects
from secscan.sources.headed import Headed, Headings, Known, OneOf, headings_of, part_of
from secscan.sources.hosts import GONE, sort_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_TAG: Final[Headings] = ("Asset Tag", "asset_tag")
_STATUS: Final[Headings] = ("Status", "Status Label", "status_label.name")
_MARKS: Final = frozenset(
    (
        "model_no.", "model_number", "checked_out_to", "checked_out", "checkout_type", "order_number", "supplier", "asset_eol_date", "eol",
        "eol_date", "default_location", "warranty", "warranty_expires", "last_audit", "next_audit_date", "expected_checkin",
        "expected_checkin_date", "last_checkout", "employee_no.", "employee_number", "purchase_cost", "asset_notes", "model_notes",
        "requestable", "byod", "book_value", "depreciation",
    )
)  # fmt: skip
"""Headings, folded, that stand beside an asset's tag in its exports."""
_OWN: Final = frozenset(
    ("checkout_type", "asset_eol_date", "asset_notes", "model_no.", "expected_checkin", "next_audit_date")
)
_ASSETS: Final = Headed(
    what="a Snipe-IT list of assets",
    needs=(_TAG, ("Model", "Asset Model", "Model Name", "model.name", "Serial", "Serial Number", "Category", "category.name")),
    dates=None,
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": _TAG, "asset_tag": _TAG, "hostname": ("Hostname", "custom_fields.Hostname.value", "Asset Name", "Name", "Item Name"),
                "serial": ("Serial", "Serial Number"),
                "mac": ("MAC Address", "custom_fields.MAC Address.value"),
                "ip": ("IP Address", "custom_fields.IP Address.value"),
                "os": ("Operating System", "OS", "custom_fields.Operating System.value", "custom_fields.OS.value"),
                "os_version": ("OS Version", "custom_fields.OS Version.value"),
                "type": ("Category", "category.name"),
            },
            turns={"type": sort_of},
            facts=(
                *_STATUS, "status_label.status_type", "status_label.status_meta", "Company", "company.name", "Category", "category.name",
                "Manufacturer", "manufacturer.name", "Model", "model.name", "Asset Model", "Model Number", "Model No.", "model_number",
                "Asset EOL Date", "EOL", "EOL Date", "Location", "location.name",
            ),
        ),
    ),
    state=_STATUS,
    ended=GONE | {"broken - not fixable", "broken"},
)  # fmt: skip
_TABLES: Final = OneOf(
    of=(_ASSETS,),
    known=(
        Known(
            needs=(("Licensed To Name", "Licensed to Email", "License Name", "License"), ("Seats", "Total", "Product Key", "Expiration Date")),
            without=_TAG,
            why="is Snipe-IT's list of licences, which says of no asset what runs on it",
            hint="export the assets: Reports, Custom Asset Report",
        ),
    ),
)  # fmt: skip


class SnipeIt:
    """Reads the assets."""

    def read(self, job: Job) -> Found:
        if looks.like(job.data).kind != "json":
            return _TABLES.read(job)
        document = json.loads(job.data, job.shown)
        rows = document.get("rows") if isinstance(document, dict) else None
        if not isinstance(rows, list) or len(rows) > job.limits.rows or not all(isinstance(row, dict) for row in rows):
            raise job.refuse(f"has no list of at most {job.limits.rows:,} assets under 'rows', as Snipe-IT's API has")
        found = _ASSETS.of(objects.table(rows, json.places(job.data).get(("rows",), []), job, _ASSETS.wants), job)
        return objects.page(found, document.get("total"), job)


def _fits(sample: Sample) -> str | None:
    headings = headings_of(sample, _TABLES)
    if _is_api(sample.document):
        return "certain: assets of Snipe-IT's API, by their asset_tag and status_label"
    if _ASSETS.heads(headings):
        marks = sorted(headings & _MARKS) + [one for one in headings if one.startswith("checked_out_to:")][:1]
        if len(marks) < 2:
            return None
        surely = "certain" if headings & _OWN or len(marks) > 3 else "likely"
        return f"{surely}: {_ASSETS.what}, by its columns {', '.join(marks[:4])}"
    return "likely: Snipe-IT's list of licences" if _TABLES.heads(headings) and "licensed_to_name" in headings else None


def _is_api(document: Any) -> bool:
    rows = document.get("rows") if isinstance(document, dict) else None
    return (
        isinstance(rows, list)
        and bool(rows)
        and isinstance(rows[0], dict)
        and {"asset_tag", "status_label"} <= rows[0].keys()
    )


KINDS: Final = (Kind(name="snipe-it", reader=SnipeIt(), tables=frozenset({"assets"}), row="asset", fits=_fits),)
