#!/bin/sh
# Installs the Debian packages that are named, where this machine lets us; fails, and says nothing, where it does not.
set -eu
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
command -v apt-get >/dev/null 2>&1 || exit 1
root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || exit 1
root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
