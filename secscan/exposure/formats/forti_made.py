"""What one policy of a FortiGate matches: its addresses, services, interfaces, and what nobody can tell of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from secscan.exposure.formats.forti_objects import EVERY_SERVICE, UNSET, Objects, Services, negated, other_services
from secscan.exposure.formats.forti_tree import Node
from secscan.exposure.formats.forti_vips import Vip, Vips
from secscan.model.net import AddressSet

POLICIES: Final = ("policy", "policy6", "consolidated policy")
LOCAL: Final = ("local-in-policy", "local-in-policy6")
EARLY: Final = ("acl", "acl6")
_CONDITIONS: Final = {
    "groups": "users", "users": "users", "fsso-groups": "users", "fsso": "users", "ntlm": "users", "rsso": "users", "wsso": "users",
    "identity-based": "users", "devices": "kinds of device", "src-vendor-mac": "the maker of the device",
    "reputation-minimum": "the reputation of the address", "ztna-status": "ZTNA", "ztna-ems-tag": "ZTNA tags", "ztna-geo-tag": "ZTNA tags",
    "ztna-ems-tag-secondary": "ZTNA tags", "ztna-device-ownership": "ZTNA tags", "ztna-policy-redirect": "ZTNA",
    "tos": "the type of service", "tos-negate": "the type of service", "dscp-match": "the type of service", "vlan-filter": "a VLAN",
    "sgt": "a security group tag", "sgt-check": "a security group tag", "network-service-dynamic": "a list of networks",
    "network-service-src-dynamic": "a list of networks", "url-category": "the kind of web site", "application": "the application",
    "app-category": "the application", "app-group": "the application", "endpoint-compliance": "the state of the device",
    "endpoint-check": "the state of the device", "http-policy-redirect": "a proxy policy", "ssh-policy-redirect": "a proxy policy",
    "ha-mgmt-intf-only": "the interface of the cluster's management", "nat46": "translation between IPv4 and IPv6",
    "nat64": "translation between IPv4 and IPv6", "policy-expiry": "its end",
}  # fmt: skip
"""What a policy may ask that no configuration tells."""
_UNASKED: Final = re.compile(
    r"uuid|policyid|name|comments?|label|global-label|status|action|schedule|service|(?:src|dst)(?:intf|addr[46]?)|intf|interface|logtraffic.*|"
    r"(?:src|dst)addr6?-negate|service-negate|internet-service.*|match-vip.*|policy-expiry-date.*|schedule-timeout|"
    r"capture-packet|auto-asic-offload|np-acc?eleration|nat|ippool|poolname6?|fixedport|natip|natinbound|natoutbound|inbound|outbound|"
    r"vpntunnel|permit-.*-host|session-ttl|vlan-cos-.*|fec|wccp|webcache.*|wanopt.*|disclaimer|email-collect|diffserv.*|tcp-.*|udp-.*|"
    r"block-notification|replacemsg.*|traffic-shaper.*|.*-shaper.*|custom-log-fields|utm-.*|inspection-mode|.*-profile|.*-sensor|"
    r"profile-.*|application-list|ssl-mirror.*|dsri|radius-mac-auth-bypass|delay-tcp-.*|send-deny-packet|anti-replay|timeout-send-rst|"
    r"firewall-session-dirty|dynamic-shaping|passive-wan-.*|pcp-.*|geoip-.*|port-preserve|port-random|eif-.*|cgn-.*|auth-.*|"
    r"captive-portal-exempt|rtp-.*|ntlm-.*|identity-based-route|tos-mask|reputation-direction6?|ztna-tags-match-logic|redirect-url|"
    r"learning-mode|scan-botnet-connections|app-monitor|log-.*|decrypted-traffic-mirror|client-reputation.*|virtual-patch|"
    r"enforce-default-app-port|ips-voip-filter|deep-inspection-options|webproxy-.*|sessions?-.*|dponly|custom-tags|sso-auth-method|"
    r"sec-.*|policy-behaviour-type|vendor-mac|active-auth-method|ip-based|transaction-based|require-tfa|fall-through-unauthenticated"
)
"""What a policy may say that changes nothing of what it matches."""
_NOTHING: Final = frozenset(("", "disable", "0", "none", "default", "0x00", "255", UNSET, "any", "unspecified", "both"))


@dataclass(slots=True)
class Made:
    """What a policy says, before VIPs are looked at."""

    src: AddressSet
    dst: AddressSet
    vips: list[Vip]
    plain: bool
    """It names destinations that are no VIP."""
    services: Services
    into: frozenset[str] | None
    out: frozenset[str] | None
    unknown: list[str] = field(default_factory=list)


class Matching:
    """The policies of one vdom, each read once. ``gate``: names of interfaces and zones as the model has them."""

    def __init__(self, objects: Objects, vips: Vips, gate: Callable[[Sequence[str]], frozenset[str] | None]) -> None:
        self._objects, self._vips, self._gate = objects, vips, gate
        self._known: dict[tuple[str, str], Made] = {}

    def of(self, one: Node, kind: str) -> Made:
        """What a policy matches."""
        key = (kind, one.name)
        if key not in self._known:
            self._known[key] = self._made(one, kind)
        return self._known[key]

    def _made(self, one: Node, kind: str) -> Made:
        local = kind in (*LOCAL, *EARLY)
        into = (one.words("intf") or one.words("interface")) if local else one.words("srcintf")
        out = [] if local else one.words("dstintf")
        made = Made(
            src=AddressSet(), dst=AddressSet(), vips=[], plain=True, services=Services(ports=EVERY_SERVICE), into=self._gate(into),
            out=self._gate(out),
        )  # fmt: skip
        if not into or not (out or local):
            made.unknown.append("it names no interface")
        six = kind.endswith("6")
        made.src = self._end(one, "src", six, [], made)
        made.dst = self._end(one, "dst", six, made.vips, made)
        made.services = self._service(one, made)
        for key, what in _CONDITIONS.items():
            words = [word for word in one.words(key) if word not in _NOTHING]
            if words and not (key == "tos" and one.word("tos-mask", "0x00") == "0x00"):
                made.unknown.append(
                    f"it hangs on {what}" + (f" ({', '.join(words[:3])[:60]})" if words != ["enable"] else "")
                )
        for key in one.settings:
            if key not in _CONDITIONS and not _UNASKED.fullmatch(key) and not _NOTHING.issuperset(one.words(key)):
                made.unknown.append(f"'set {key[:40]}' is not understood")
        for key in one.blocks:
            if key not in _CONDITIONS and not _UNASKED.fullmatch(key):
                made.unknown.append(f"'config {key[:40]}' is not understood")
        return made

    def _end(self, one: Node, way: str, six: bool, vips: list[Vip], made: Made) -> AddressSet:
        """The sources or destinations of a policy."""
        service = "internet-service-src" if way == "src" else "internet-service"
        service6 = "internet-service6-src" if way == "src" else "internet-service6"
        if one.on(service) or one.on(service6):
            named = [
                word
                for key in one.settings
                if key.startswith((service, service6)) and not key.endswith("negate")
                for word in one.words(key)
            ]
            if way == "dst":
                named = [word for word in named if word not in one.words("internet-service-src")]
            shown = ", ".join(word for word in named if word != "enable")[:80]
            return AddressSet(
                unknown=f"the maker's list of internet services ({shown})"
                if shown
                else "the maker's list of internet services"
            )
        four = [] if six else [*one.words(f"{way}addr"), *one.words(f"{way}addr4")]
        sixes = [*one.words(f"{way}addr6"), *(one.words(f"{way}addr") if six else [])]
        if way == "dst":
            vips += [*self._vips.named(four, 4), *self._vips.named(sixes, 6)]
            plain4 = [name for name in four if not self._vips.known(name, 4)]
            plain6 = [name for name in sixes if not self._vips.known(name, 6)]
            made.plain = bool(plain4 or plain6) or not (four or sixes)
            if (plain4, plain6) != (four, sixes) and (one.on("dstaddr-negate") or one.on("dstaddr6-negate")):
                made.unknown.append("it is for all but a VIP")
            four, sixes = plain4, plain6
        if not four and not sixes and not vips:
            return (
                AddressSet(unknown=f"it names no {'source' if way == 'src' else 'destination'}")
                if made.plain
                else AddressSet()
            )
        found4, found6 = self._objects.addresses(four, 4), self._objects.addresses(sixes, 6)
        if four and one.on(f"{way}addr-negate"):
            found4 = negated(found4, 4)
        if sixes and (one.on(f"{way}addr6-negate") or (six and one.on(f"{way}addr-negate"))):
            found6 = negated(found6, 6)
        elif sixes and one.on(f"{way}addr-negate") and f"{way}addr6-negate" not in one.settings:
            found6 = AddressSet(unknown=f"whether {way}addr-negate is for IPv6 too is not known")
        return AddressSet(v4=found4.v4, v6=found6.v6, unknown=found4.unknown or found6.unknown)

    def _service(self, one: Node, made: Made) -> Services:
        if one.on("internet-service") or one.on("internet-service6"):
            return Services(ports=EVERY_SERVICE)
        if not one.words("service"):
            made.unknown.append("it names no service")
            return Services(ports=EVERY_SERVICE)
        found = self._objects.services(one.words("service"))
        if one.on("service-negate"):
            found = other_services(found)
        if found.unknown:
            made.unknown.append(found.unknown)
        return found
