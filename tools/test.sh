#!/bin/sh
# Everything that must hold before a change lands. Stops at the first step that fails, and says which.
set -eu
bin=$1
step() { printf '\n== %s\n' "$*"; }

step "lint (ruff)"
"$bin/ruff" check .
"$bin/ruff" format --check .
step "the import rule (import-linter)"
"$bin/lint-imports"
step "types (mypy --strict)"
"$bin/mypy"
browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! { browser && command -v pdftotext; } >/dev/null 2>&1; then
    step "Chromium and pdftotext, for the tests of pages"
    sh "$(dirname "$0")/debian.sh" chromium fonts-liberation poppler-utils || echo "this machine does not let us install them: the last lines name what was skipped"
fi
kernel() { PATH="$PATH:/usr/sbin:/sbin"; command -v ip && command -v iptables && command -v nft && command -v ipset && command -v nmap; }
if ! (kernel) >/dev/null 2>&1; then
    step "iptables, nftables and nmap, for the tests that ask the kernel"
    sh "$(dirname "$0")/debian.sh" iproute2 iptables nftables ipset nmap procps || echo "this machine does not let us install them: the last lines name what was skipped"
fi
step "tests"
unset PYTHONDONTWRITEBYTECODE # each process that a test starts would compile the project again
"$bin/pytest" -q -n 2 --dist worksteal
