"""Asks DNS servers: which zone a name is in, where a CNAME points, and whether every server shows a TXT value.

DNS answers are untrusted: chains have a limit, names are compared, and a server's address is connected to only
if the egress policy allows it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.resolver
import dns.rrset

from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials, SourceError

SECONDS: Final = 10.0
CHAIN: Final = 10
SERVERS: Final = 20
LIMIT: Final = 65_535
_MESSAGE: Final = "application/dns-message"
_FAULTS: Final = (dns.exception.DNSException, OSError, EOFError, ValueError)


class LookupFailed(Exception):
    """DNS gave no usable answer; the message says to which question."""


class Lookup:
    """`policy`: which addresses may be asked, in addition to the configured servers."""

    def __init__(self, egress: Egress, policy: EgressPolicy) -> None:
        self._egress, self._policy = egress, policy

    async def zone_of(self, fqdn: str, servers: Sequence[str]) -> str:
        """The closest name, walking up, that has its own SOA."""
        name = dns.name.from_text(fqdn)
        while len(name.labels) > 1:
            found = await self._ask(name, "SOA", servers)
            if any(one.rdtype == dns.rdatatype.SOA and one.name == name for one in found.answer):
                return name.to_text()
            name = name.parent()
        raise LookupFailed(f"no zone was found for {fqdn}")

    async def end_of(self, fqdn: str, servers: Sequence[str]) -> str:
        """Where the CNAMEs of a name point; the name itself if it has none."""
        name = dns.name.from_text(fqdn)
        for _ in range(CHAIN):
            found = await self._ask(name, "CNAME", servers)
            targets = [one[0].target for one in found.answer if _is(one, name, dns.rdatatype.CNAME)]
            if not targets:
                return name.to_text()
            name = targets[0]
        raise LookupFailed(f"{fqdn}: more than {CHAIN} CNAMEs follow each other")

    async def addresses(self, host: str, servers: Sequence[str]) -> list[str]:
        name = dns.name.from_text(host)
        found: list[str] = []
        for kind in ("A", "AAAA"):
            answer = await self._ask(name, kind, servers)
            found += [one.address for rrset in answer.answer for one in rrset if hasattr(one, "address")]
        if not found:
            raise LookupFailed(f"{host} has no address")
        return found[:SERVERS]

    async def missing_at(self, fqdn: str, value: str, servers: Sequence[str], *, recursive_only: bool) -> str:
        """Describes a server that does not show the value; empty if all of them do."""
        end = await self.end_of(fqdn, servers)
        asked = list(servers) if recursive_only else await self._authoritative(end, servers)
        for server in asked:
            found = await self._ask(dns.name.from_text(end), "TXT", [server], recursive=recursive_only)
            if value not in texts_of(found):
                return f"{server} does not show the TXT record of {end} yet"
        return ""

    async def _authoritative(self, fqdn: str, servers: Sequence[str]) -> list[str]:
        zone = await self.zone_of(fqdn, servers)
        found = await self._ask(dns.name.from_text(zone), "NS", servers)
        hosts = [one.target.to_text() for rrset in found.answer for one in rrset if hasattr(one, "target")]
        made: list[str] = []
        for host in hosts[:SERVERS]:
            for address in (await self.addresses(host, servers))[:1]:
                if reason := self._policy.refusal(address):
                    raise LookupFailed(f"the server {host} of {zone}: the address {address} {reason}")
                made.append(f"[{address}]:53" if ":" in address else f"{address}:53")
        if not made:
            raise LookupFailed(f"the zone {zone} names no server")
        return made

    async def _ask(
        self, name: dns.name.Name, kind: str, servers: Sequence[str], *, recursive: bool = True
    ) -> dns.message.Message:
        """The first server that answers; the others are asked if one does not."""
        query = dns.message.make_query(name, kind, use_edns=0)
        if not recursive:
            query.flags &= ~dns.flags.RD
        faults: list[str] = []
        for server in servers or system_servers():
            try:
                found = await self._sent(query, server)
            except _FAULTS as error:
                faults.append(f"{server}: {type(error).__name__}")
                continue
            if found.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return found
            faults.append(f"{server}: {dns.rcode.to_text(found.rcode())}")
        raise LookupFailed(f"{kind} of {name.to_text()} was not answered ({', '.join(faults)})")

    async def _sent(self, query: dns.message.Message, server: str) -> dns.message.Message:
        if server.startswith("https://"):
            return await self._over_https(query, server)
        host, port = host_and_port(server)
        try:
            found = await dns.asyncquery.udp(query, host, timeout=SECONDS, port=port)
        except dns.message.Truncated:
            found = None
        if found is not None and not found.flags & dns.flags.TC:
            return found
        return await dns.asyncquery.tcp(query, host, timeout=SECONDS, port=port)

    async def _over_https(self, query: dns.message.Message, url: str) -> dns.message.Message:
        headers = {"Content-Type": _MESSAGE, "Accept": _MESSAGE}
        try:
            answer = await self._egress.post(url, Credentials(), query.to_wire(), limit=LIMIT, headers=headers)
        except SourceError as error:
            raise OSError(str(error)) from None
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return dns.message.from_wire(answer.body)


def texts_of(message: dns.message.Message) -> set[str]:
    """The TXT values of an answer; the strings of one record are joined."""
    found: set[str] = set()
    for rrset in message.answer:
        if rrset.rdtype == dns.rdatatype.TXT:
            found |= {b"".join(one.strings).decode("utf-8", "replace") for one in rrset}
    return found


def system_servers() -> list[str]:
    try:
        return [
            f"[{one}]:53" if ":" in one else f"{one}:53"
            for one in map(str, dns.resolver.get_default_resolver().nameservers)
        ]
    except dns.exception.DNSException:
        return []


def host_and_port(server: str) -> tuple[str, int]:
    """Parses `host[:port]`; a name is resolved by the machine. Raises ValueError."""
    host, colon, port = server.rpartition(":")
    if not colon or (":" in host and not server.startswith("[")):
        host, port = server, "53"
    host = host.strip("[]")
    ipaddress.ip_address(host)
    return host, int(port)


def _is(rrset: dns.rrset.RRset, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> bool:
    return rrset.name == name and rrset.rdtype == kind
