"""What readers of vulnerability scanners' reports have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.kinds.desk import read, recognised


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("nessus", '<NessusClientData_v2><Report name="r"></Report></NessusClientData_v2>'),
        ("greenbone", "<report><report><scan_run_status>Done</scan_run_status><results/></report></report>"),
        ("qualys", "<ASSET_DATA_REPORT><HEADER/><APPENDICES/></ASSET_DATA_REPORT>"),
        ("nexpose", '<NexposeReport version="2.0"><scans/><nodes/></NexposeReport>'),
    ],
)
def test_a_report_that_names_no_host_is_not_a_clean_one(tmp_path: Path, kind: str, text: str) -> None:
    assert recognised(tmp_path, text)[0] == kind
    load = read(tmp_path, kind, text, name="r.xml")
    assert load.rows_read == 0
    assert load.incomplete == "r.xml: it names no host: nothing was looked at, or all was left out"
