"""A service that policy does not want anybody to offer.

Why it matters: some services carry passwords in the clear, and some speak an old version that cannot be made safe.
How it decides: the port is one of those that policy names, or the application protocol is. Where policy names versions
too, the version decides: one of bad_versions fails, one of good_versions passes, and what nobody has told is unknown,
for an open port does not say which version answers. A port of which nobody knows the protocol, and an asset without a
list of ports, are unknown.
"""

from secscan.api import Expr, Params, Services, check


def wanted_not(service: Services, policy: Params) -> Expr:
    """It is the service that policy speaks of, in whatever version."""
    named = service.proto_port.is_in(policy.ports)
    return named | service.protocol.is_in(policy.protocols) if policy.protocols else named


def version_untold(service: Services, policy: Params) -> Expr:
    """It may be that service, in a version that policy calls neither bad nor good."""
    known = [*policy.bad_versions, *policy.good_versions]
    neither = service.version.is_missing() | ~service.version.is_in(known)
    return wanted_not(service, policy) & neither & bool(policy.bad_versions and policy.good_versions)


@check(
    "network.risky-service",
    says="{proto_port} {protocol} {version} answers, and policy does not want it",
    unknown_says="{proto_port}: cannot be told whether this is a service, or a version, that policy does not want",
    fix="Switch it off, or put its encrypted successor in its place and let administrators alone reach it.",
    unknown_when=version_untold,
    shows=("product", "seen_by", "seen_on"),
    looser={"ports": "fewer", "protocols": "fewer", "bad_versions": "fewer", "good_versions": "more"},
    ports=["tcp/23"],
    protocols=["telnet"],
    bad_versions=[],
    good_versions=[],
)
def risky_service(service: Services, policy: Params) -> Expr:
    named = wanted_not(service, policy)
    if policy.bad_versions:
        return named & service.version.is_in(policy.bad_versions)
    if policy.good_versions:
        return named & ~service.version.is_in(policy.good_versions)
    return named
