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
step "tests"
"$bin/pytest" -q -n 2 --dist worksteal --cov=secscan --cov-report=term:skip-covered
