"""Which addresses may be connected to: checks every request whose URL comes from a user."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_METADATA: Final = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Which addresses may be connected to. Loopback only for tests and a developer's own machine.

    `only`: this address and no other, whatever the rest says. For requests whose URL is ours, and never for one from a
    user: it is the only way to reach a metadata service. `read_only`: only requests that read are sent (a rehearsal
    changes nothing elsewhere).
    """

    allow_private: bool = True
    allow_loopback: bool = False
    only: Address | None = None
    read_only: bool = False

    def refusal(self, address: str) -> str:
        """Why an address is refused, or ""."""
        found = embedded(ipaddress.ip_address(address.partition("%")[0]))
        if self.only is not None:
            return "" if found == self.only else "is not the one that this request may go to"
        if found in _METADATA or found.is_link_local:
            return "is link-local or a cloud's metadata service"
        if found.is_unspecified or found.is_multicast or found.is_reserved:
            return "is not the address of a host"
        if found.is_loopback:
            return "" if self.allow_loopback else "is this machine's own"
        shared = isinstance(found, ipaddress.IPv4Address) and found in _SHARED
        if (found.is_private or shared) and not self.allow_private:
            return "is in a private network"
        return ""


def embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that embeds it, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
