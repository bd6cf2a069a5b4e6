"""One door for each danger: files, YAML, JSON, XML, CSV, XLSX, other programs, the terminal.

Everything hostile passes through here and nowhere else (``tests/test_doors.py`` refuses any other way in).
Doors know ``model`` and nothing above it.
"""
