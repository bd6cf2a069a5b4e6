"""The table of exceptions: what the council accepted, a row each, for the controls that look after the decisions themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.policy import Policy
from secscan.model.tables import TableSpec


def attach(estate: Estate, policy: Policy) -> Estate:
    """The estate with the frame ``exceptions``: one row for each exception, its asset as the register has it.

    A council without exceptions has no rows. An asset that no register knows stays as it was written.
    """
    held = policy.exceptions
    assets = estate.frames["assets"]
    rows = {
        (council, str(asset).casefold()): row
        for row, (council, asset) in enumerate(zip(assets.columns["council"], assets.columns["asset"], strict=True))
    }
    take = np.array([rows.get((e.council, e.asset.casefold()), -1) for e in held], dtype=np.int32)
    known = [None if row < 0 else assets.get("asset", row) for row in take.tolist()]
    own: dict[str, list[Any]] = {
        "council": [e.council for e in held],
        "asset": [asset or e.asset for asset, e in zip(known, held, strict=True)],
        "exception": [e.id for e in held],
        "control": [e.control for e in held],
        "accepts": [e.subject for e in held],
        "starts": [e.starts for e in held],
        "until": [e.until for e in held],
        "risk_owner": [e.owner for e in held],
        "approver": [e.approver for e in held],
        "reason": [e.reason for e in held],
        "renewed": [e.renewed for e in held],
    }
    shared = [name for name in TableSpec.columns() if name in assets.columns and name not in own]
    written = Col([estate.files.code(e.place.file, e.place.line) for e in held])
    frame = Frame(
        "exceptions", len(held),
        {**{name: assets.columns[name].over(take) for name in shared}, **{name: Col(v) for name, v in own.items()}},
        {**{name: assets.places[name].over(take) for name in shared if name in assets.places}, "": written},
    )  # fmt: skip
    return replace(estate, frames={**estate.frames, "exceptions": frame})
