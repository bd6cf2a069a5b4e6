"""Finding checks: what a folder may hold, and what is refused with its file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secscan.engine import find_checks
from secscan.model.errors import CheckError

GOOD = '''"""A port that should not be open.

Why it matters: w.
How it decides: h.
"""

from secscan.api import Expr, Params, Services, check


@check("network.telnet-open", says="{proto_port} is open", unknown_says="ports not known", fix="Close it.", port=23)
def telnet_open(service: Services, policy: Params) -> Expr:
    return service.port == policy.port
'''


def _shelf(tmp_path: Path, text: str = GOOD, name: str = "network/telnet_open.py") -> Path:
    file = tmp_path / "shelf" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return tmp_path / "shelf"


def _refusal(folder: Path) -> str:
    with pytest.raises(CheckError) as error:
        find_checks([folder])
    return str(error.value)


def test_a_folder_of_ones_own_joins_the_shelf(tmp_path: Path) -> None:
    found = find_checks([_shelf(tmp_path)])
    assert found["network.telnet-open"].params == {"port": 23}
    assert "lifecycle.unsupported-software" in found


def test_no_byte_code_is_left_behind(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path)
    find_checks([shelf])
    assert not list(shelf.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("service.port ==", "service.portt =="), r"telnet_open.py:12: .*no column 'portt'; did you mean 'port'"),
        (("{proto_port} is", "{proto_part} is"), "names 'proto_part', no column of services"),
        (
            ("network.telnet-open", "network.telnet-opened"),
            "the id is 'network.telnet-opened', the path says 'network.telnet-open'",
        ),
        (("service: Services", "service: str"), "must be a table"),
        (("== policy.port", "== policy.prt"), "no parameter 'prt'"),
        (("return service.port == policy.port", "return True"), "answers which rows fail"),
        (("return service.port == policy.port", "return service.port"), "answers which rows fail"),
        (("def telnet_open", "def telnet_open("), r"telnet_open.py:11: not Python"),
        (("@check(", "@chek("), "name 'chek' is not defined"),
        (("return service.port == policy.port", "return {}['x']"), r"telnet_open.py:12: network.telnet-open: 'x'"),
        (("return service.port == policy.port", "raise SystemExit(0)"), r"telnet_open.py:12: network.telnet-open: 0"),
        (('"""A port', 'raise SystemExit(0)\n"""A port'), "does not load: 0"),
    ],
)
def test_a_check_that_cannot_work_is_refused_by_file_and_line(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    import re

    assert change[0] in GOOD
    assert re.search(says, _refusal(_shelf(tmp_path, GOOD.replace(*change))))


def test_every_broken_check_is_named_not_the_first_alone(tmp_path: Path) -> None:
    _shelf(tmp_path, "x = ", "a/one.py")
    refusal = _refusal(_shelf(tmp_path, "", "a/two.py"))
    assert "one.py" in refusal and "two.py" in refusal


def test_an_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path)
    (tmp_path / "other").mkdir()
    os.rename(shelf, tmp_path / "other" / "shelf")
    again = _shelf(tmp_path)
    with pytest.raises(CheckError, match="is already in"):
        find_checks([tmp_path / "other" / "shelf", again])


def test_a_folder_that_anyone_may_write_to_is_refused(tmp_path: Path) -> None:
    shelf = _shelf(tmp_path)
    (shelf / "network").chmod(0o777)
    assert "anyone may write" in _refusal(shelf)
