#!/bin/sh
# Makes the environment named by the first argument, from the locked versions. Run again, it mends what is missing.
set -eu
venv=$1
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
install() { sh "$(dirname "$0")/debian.sh" "$@"; }

if ! command -v "$python" >/dev/null 2>&1; then
    say "installing Python"
    install python3 python3-venv || { say "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "Python 3.11 or newer is needed; this is $("$python" --version). Name another with PYTHON=python3.12 make ..."
    exit 1
}
if [ ! -x "$venv/bin/pip" ]; then
    say "making $venv"
    "$python" -m venv "$venv" 2>/dev/null || {
        rm -rf "$venv"
        say "installing venv"
        install python3-venv || { say "needed: apt-get install python3-venv"; exit 1; }
        "$python" -m venv "$venv"
    }
fi
say "installing the locked versions (a minute or two the first time)"
# The lock names every distribution, so nothing is resolved: a newer release of one of them changes nothing here.
take() { # pip, its warnings about where it may look left out, its failure kept
    said=$(mktemp)
    code=0
    "$venv/bin/pip" install -q --disable-pip-version-check --no-input --no-deps "$@" 2>"$said" || code=$?
    grep -v '^WARNING: Location' "$said" >&2 || true
    rm -f "$said"
    return "$code"
}
take --require-hashes -r requirements/dev.lock
take --no-build-isolation -e .
"$venv/bin/secscan" --version >&2
