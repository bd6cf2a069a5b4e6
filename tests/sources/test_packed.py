"""Archives as tools deliver them: several files of one kind are one export, several of others are nobody's."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, workbook
from tests.sources.kinds.desk import read, recognised, rows

HOSTS = {
    name: json.dumps({"ansible_facts": {"ansible_hostname": name, "ansible_distribution": "Debian", "ansible_distribution_version": "12"}})
    for name in ("web", "db")
}  # fmt: skip
LISTS = {
    "srv-1.dpkg.txt": "aa\t1.0\tamd64\tinstall ok installed\n",
    "srv-2.dpkg.txt": "bb\t2.0\tamd64\tinstall ok installed\n" * 12 + "nonsense\n",
}


def packed(**files: str | bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"export/{name}", data)
        archive.writestr("__MACOSX/._x", "x")
    return held.getvalue()


def test_several_files_of_one_kind_are_one_export(tmp_path: Path) -> None:
    data = packed(**HOSTS)
    kind, words = recognised(tmp_path, data)
    assert kind == "ansible-facts"
    assert words.endswith("(each of 2 files)")
    load = read(tmp_path, "ansible-facts", data, name="facts.zip")
    conserved(load)
    assert (load.file, load.rows_read, load.rows_loaded) == ("facts.zip", 2, 2)
    assert rows(load, "assets", "device_id", "os") == [("web", "Debian"), ("db", "Debian")]
    files = {place >> 32 for place in load.tables["assets"].places}
    assert len(files) == 2


def test_each_list_is_of_the_asset_that_names_it_and_a_refusal_says_of_which_file_it_is(tmp_path: Path) -> None:
    load = read(tmp_path, "dpkg", packed(**LISTS), name="lists.zip")
    conserved(load)
    assert rows(load, "software", "asset_tag", "name") == [("srv-1", "aa"), *[("srv-2", "bb")] * 12]
    assert [(bad.line, bad.reason) for bad in load.refused] == [
        (13, "srv-2.dpkg.txt: 'nonsense' is no line of dpkg-query -W or dpkg -l")
    ]


@pytest.mark.parametrize("other", ["x", "asset_tag,hostname\nA1,x\n", workbook([["a", "b"], ["1", "2"]])])
def test_files_of_different_kinds_are_refused_until_one_is_named(tmp_path: Path, other: str | bytes) -> None:
    data = packed(**HOSTS, other=other)
    assert recognised(tmp_path, data) == (
        "", "is a ZIP archive that holds export/web, export/db, export/other; say which with 'sheet:' at the source, or unpack it",
    )  # fmt: skip
    with pytest.raises(InputError, match="say which with 'sheet:'"):
        read(tmp_path, "ansible-facts", data)
    assert read(tmp_path, "ansible-facts", data, sheet="export/db").rows_loaded == 1


def test_tables_that_might_be_anything_are_never_taken_together(tmp_path: Path) -> None:
    data = packed(a="Tag,Name\nA1,x\n", b="Tag,Name\nA2,y\n")
    assert recognised(tmp_path, data)[0] == ""
    keys = {"table": "assets", "map": {"asset_tag": "Tag", "hostname": "Name"}}
    with pytest.raises(InputError, match="say which"):
        read(tmp_path, "table", data, **keys)
    assert read(tmp_path, "table", packed(a="Tag,Name\nA1,x\n"), **keys).rows_loaded == 1


def test_an_archive_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds nothing; export it again"):
        read(tmp_path, "glpi", packed())


def test_known_exports_that_no_reader_takes_are_named(tmp_path: Path) -> None:
    errata = '{"total": 1, "results": [{"errata_id": "RHSA-1", "title": "x", "hosts_available_count": 9}]}'
    assert recognised(tmp_path, errata)[1].startswith("is a Satellite list of errata, which counts hosts")
    assert "OCS agent's .ocs file" in recognised(tmp_path, zlib.compress(b"<REQUEST/>"))[1]
