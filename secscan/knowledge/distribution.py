"""Packages of a Linux distribution: the distribution supports them, for as long as it supports itself.

A package from Debian or Red Hat has no support life of its own (its version says little: fixes are carried back), so it
is not applicable and its host's operating system carries the date. A package from somebody else's repository is
not: it is looked up by its package name, and unknown where the catalogue lacks it.
"""

from __future__ import annotations

import re
from typing import Final

PACKAGE_KINDS: Final = frozenset(("dpkg", "rpm"))

_MARK = re.compile(
    r"(?:\d|[-+~.])(?:ubuntu|deb)\d|\+deb\d+u|\.el\d|\.fc\d\d|\.amzn\d|\.ol\d|\.sles?\d|[-.](?:lp)?150\d{3}\.|\+rpt\d|-r\d{1,3}$"
    r"|\((?:centos|red hat|redhat|debian|ubuntu|suse|fedora|oracle|rocky|almalinux|raspbian)"
    r"|\b(?:debian|ubuntu)[- ]\d|[-+](?:debian|ubuntu)\b",
    re.ASCII | re.IGNORECASE,
)
_THIRD_PARTY = re.compile(
    r"pgdg|nodesource|\.remi\b|deb\.sury|~ppa|ppa\d|elrepo|\.rpmfusion|~debian\.\d+\.|~ubuntu\.\d|~[a-z]+~|\.ius\b|mysql\d*\.deb"
    r"|percona|\.mdb\b|maria~",
    re.ASCII | re.IGNORECASE,
)
_DISTRIBUTORS: Final = (
    "debian", "ubuntu", "canonical", "red hat", "redhat", "centos", "fedora", "suse", "oracle america", "oracle linux",
    "rocky", "almalinux", "amazon", "raspbian", "raspberry", "openeuler", "scientific linux", "mageia", "cloudlinux",
)  # fmt: skip
_VENDORS: Final = (
    "google", "microsoft", "docker", "nodesource", "oracle and/or its affiliates", "postgresql", "mariadb corporation",
    "elastic", "grafana", "zabbix sia", "gitlab", "hashicorp", "mongodb", "remi collet", "percona", "teamviewer", "zoom",
    "adoptium", "azul", "jenkins", "splunk", "vmware", "nginx packaging", "rpm fusion", "sury", "influxdata", "datadog",
)  # fmt: skip


def marked(text: str | None) -> bool:
    """Whether a version or banner names the distribution that packaged it (``1.1.1n-0+deb11u4``, ``(CentOS)``)."""
    return bool(text) and _MARK.search(text or "") is not None and _THIRD_PARTY.search(text or "") is None


def owns(kind: str, version: str | None, publisher: str | None) -> bool:
    """Whether a package of this kind is the distribution's own, as far as its version and vendor say.

    rpm packages carry their vendor. The maintainer of a dpkg package is often a person and the version list has
    none at all, so there only a known outsider is one.
    """
    if _THIRD_PARTY.search(version or ""):
        return False
    by = (publisher or "").lower()
    if any(vendor in by for vendor in _VENDORS):
        return False
    return not by or kind == "dpkg" or any(name in by for name in _DISTRIBUTORS)
