"""What goes wrong with real exports, month by month: each a line of the story, and told by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from secscan.workspace.sample.text import Sheet, quoted

Fault = tuple[str, str, str]
"""What, where (a row, counted from the end where negative) and with which value: ``set:COLUMN`` puts it into a cell."""

FAULTS: Final[dict[tuple[str, int], Sequence[Fault]]] = {
    ("alderbeck-register", 1): (("set:ip", "60", "10.4.300.7"), ("twice", "71", "ADC-COPY01"), ("blank", "", "3")),
    ("alderbeck-register", 2): (("set:asset_tag", "133", ""), ("set:last_seen", "210", "31/02/2026")),
    ("alderbeck-register", 3): (("set:encrypted", "140", "maybe"), ("extra", "88", "see note")),
    ("alderbeck-register", 4): (("set:council", "150", "brackenford"), ("set:ip", "151", "dhcp")),
    ("alderbeck-register", 6): (("short", "200", "9"), ("set:last_seen", "95", "2026-13-05")),
    ("alderbeck-register", 8): (("twice", "180", "ADC-COPY02"), ("set:definitions_on", "190", "30/02/2026")),
    ("alderbeck-register", 10): (("set:council", "166", "corvale"), ("set:hostname", "167", "")),
    ("alderbeck-register", 12): (("set:ip", "102", "10.4.300.7"), ("blank", "", "2")),
    ("alderbeck-software", 2): (("extra", "500", "x64"), ("set:install_date", "777", "29/02/2023")),
    ("alderbeck-software", 5): (("set:name", "1200", ""), ("set:name", "1201", "")),
    ("alderbeck-software", 9): (("short", "3000", "2"), ("set:asset_tag", "3100", "")),
    ("alderbeck-services", 3): (("header only", "", ""),),
    ("alderbeck-services", 7): (("set:port", "40", "70000"), ("set:proto", "41", "")),
    ("alderbeck-fixes", 4): (("set:released_on", "300", "31/09/2026"), ("set:cvss3", "301", "11.5")),
    ("alderbeck-fixes", 9): (("set:missing", "250", "perhaps"),),
    ("brackenford-register", 2): (("blank", "", "4"), ("set:Last check-in", "77", "30/02/2026")),
    ("brackenford-register", 3): (("set:IPv4 address", "50", "10.40.1"), ("set:Drive encryption", "91", "?")),
    ("brackenford-register", 5): (("half", "", ""),),
    ("brackenford-register", 7): (("twice", "66", "BBC-COPY"), ("extra", "67", "moved")),
    ("brackenford-register", 9): (("short", "120", "6"), ("blank", "", "2")),
    ("brackenford-software", 4): (("extra", "900", "(32-bit)"), ("set:DisplayName", "901", "")),
    ("brackenford-software", 8): (("set:AssetNo", "1500", ""),),
    ("brackenford-software", 12): (("extra", "640", "(32-bit)"),),
    ("brackenford-updates", 6): (("set:ReleaseDate", "100", "00/00/0000"), ("set:CvssBase", "101", "high")),
    ("corvale-register", 3): (("set:ip", "40", "10.4.300.7"), ("twice", "52", "CVL-COPY")),
    ("corvale-register", 7): (("set:last_seen", "61", "31/11/2026"), ("short", "62", "4")),
    ("corvale-software", 4): (("extra", "350", "beta"),),
    ("corvale-software", 6): (("open quote", "-3", ""),),
    ("threeways-register", 5): (("set:internet_facing", "12", "unknown?"),),
    ("threeways-software", 10): (("short", "20", "1"),),
}
"""Source and month -> what is wrong with its file. The newest sets keep three."""


def break_sheet(sheet: Sheet, source: str, month: int) -> None:
    """The sheet has the faults that its source has in that month."""
    for what, where, value in FAULTS.get((source, month), ()):
        _break(sheet, what, where, value)


def _break(sheet: Sheet, what: str, where: str, value: str) -> None:
    at = int(where) if where else 0
    match what:
        case "header only":
            sheet.rows.clear()
        case "half":
            del sheet.rows[len(sheet.rows) // 2 :]
        case "blank":
            sheet.rows.extend([""] * len(sheet.header) for _ in range(int(value)))
        case "twice":
            copy = list(sheet.cells(at))
            copy[sheet.column("hostname" if "hostname" in sheet.header else "Device name")] = value
            sheet.rows.insert(at + 1, copy)
        case "extra":
            sheet.cells(at).append(value)
        case "short":
            del sheet.cells(at)[int(value) :]
        case "open quote":
            cells = sheet.cells(at)
            sheet.rows[at] = ",".join([cells[0], quoted(cells[1])[:-1], *cells[2:]])
        case _:
            sheet.cells(at)[sheet.column(what.removeprefix("set:"))] = value
