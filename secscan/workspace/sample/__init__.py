"""The sample: three invented councils and their shared provider, twelve months of exports, and a story to find in them.

Alderbeck (about 400 assets) fills in our templates and does what it says: Windows 10 and Server 2012 R2 go month by
month, and the share of devices patched in time climbs from 84 to 96 percent. Brackenford (250) exports from tools of its
own and catches up faster, from 71 to 93, but a temporary firewall rule of the seventh month is still there. Corvale (150)
stands still at 80, and after the tenth month sends nothing more: from then on it is not known, which is not the same
as well. Threeways (40) runs the firewalls, the hypervisors, the backup and two probes for all of them.

What a reader should find, by month (1 is the oldest set, 12 the newest):

- Two things called IT-10003 and SRV-FILE01, one in Alderbeck and one in Brackenford: a name is no identity.
- Protections. MIT-ALD-01 and MIT-TW-01 proven by rules and packets (in month 8 only configured: the scan broke off).
  MIT-ALD-02, MIT-ALD-04, MIT-BRA-02 and MIT-CVL-01 configured: no probe stands where they could be tested.
  MIT-ALD-03 disproven by packets that get round the firewall. MIT-ALD-05 rests on another control, PAT-01, and holds.
  MIT-BRA-01 proven until month 6 and disproven from month 7, by the rule TEMP-MIGRATION above the deny.
  MIT-BRA-03 cannot be told: a rule names a host name for its source. MIT-CVL-02 only claimed: no export covers it.
- Threeways' servers told by two sources, its register and the agents on thirteen of them: eleven are one asset by their
  serial number, TW-PG01 and TW-MON01 by their full name, for their boards know no number. The two disagree about the
  system of TW-DESK01 (rebuilt in month 8, and the register was not told), the address of TW-LOG01 and the malware
  protection of TW-DC02, which is off. Two hosts only the agents see: TW-TEST02, an old test server on Server 2012 R2,
  and from month 6 TW-LT07, a laptop whose disk is not encrypted. They have no tag, so their serial numbers name them.
- Exceptions. EXC-01, 04, 05 and 06 in force; EXC-02 lapses after month 8, and nobody renews it or takes it out; EXC-03
  matches nothing once its server is rebuilt in month 7; EXC-07 has not begun.
- Firewalls. Corvale's has VENDOR-TEST, which lets everything through: it stands under the last deny, so that it does
  nothing today, and nobody owns it. ``backup-filter`` lets through what no rule names. PRINT-OLD, both CEMETERY,
  TEMP-MIGRATION and Brackenford's FORMS-DATA lack an owner, an approver or a reason; more rules miss their review each
  month. Corvale's USERS-SERVERS opens remote desktop to every user, and so does TEMP-MIGRATION on one server.
- What answers. Telnet on three of Alderbeck's switches until months 3 and 7, and on SW-16 still; FTP on SRV-SCAN01 until
  month 8; SMBv1 on SRV-CEM01 alone; SNMP v2c on most switches at first and on two at last; one of its two
  directories asks for signing from month 6. Corvale lists ports without versions, and keeps telnet and FTP. Nobody lists the ports of desks.
- Devices. Restarts pending, old definitions, protection and updates that are off, and laptops that are not encrypted
  become few where somebody works on them, and stay in Corvale. Brackenford's export has no column for updates.
- Alderbeck's tool tells when a program was last used: Acrobat and Visio that nobody uses are taken off, month by month.
- Everybody's old desks reach the internet (LEG-06): that is what Cyber Essentials would fail them for.
- Extended support that was bought ends too: with a newest set after 13 October 2026, Server 2012 R2 and the first year
  of Windows 10 have lapsed; SQL Server 2016 has not.
- Software whose support ends within the year, whichever year it is: the servers hold a long row of releases.
- Broken rows in most months (``faults`` has each), and whole files that must not be believed: Alderbeck's services in
  month 3 (a header and nothing else), Brackenford's register in month 5 (half of it), the provider's scan of Alderbeck
  in month 8 (cut off). The newest sets have three small faults.

Names, roles and line-of-business software are invented; product names are real, spelled as real inventories spell them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from secscan.doors import files
from secscan.workspace.sample import exports, firewalls
from secscan.workspace.sample.days import Month, set_days
from secscan.workspace.sample.documents import documents
from secscan.workspace.sample.text import Sheet

COUNCILS = ("alderbeck", "brackenford", "corvale", "threeways")


def write_sample(root: Path, end: date) -> list[Path]:
    """Every file of the sample is under ``root``; their paths from there, in the order written.

    ``end`` is the day of the newest set. The same ``end`` gives the same bytes; another one moves the days, and with
    them the versions of browsers, and nothing else. secscan.yaml comes last: without it the folder is no workspace.
    """
    written: list[Path] = []

    def put(place: str, content: bytes) -> None:
        files.make_folder((root / place).parent)
        files.write(root / place, content)
        written.append(Path(place))

    for number, day in enumerate(set_days(end), 1):
        month = Month(number, day, end)
        for council in COUNCILS:
            for name, content in exports.files(council, month):
                put(f"inventory/{council}/{day.isoformat()}/{name}", content)
        for device in firewalls.DEVICES:
            sheet = Sheet(firewalls.HEADER, list(firewalls.rows(device, number, day, end)))
            put(f"firewalls/{day.isoformat()}/{device}.csv", sheet.text().encode())
    for place, content in documents(end):
        put(place, content)
    return written
