"""The filter as the kernel would run it: an interpreter of its few instructions, on every machine that is known."""

from __future__ import annotations

import struct

import pytest

from argosy.confinement.kernel.seccomp import INTERNET, UNIX, filter_of
from argosy.confinement.kernel.syscalls import ALWAYS_REFUSED, MACHINES, NEWEST, NUMBERS, UNKNOWN

ALLOWED, EPERM, ENOSYS, EAFNOSUPPORT = 0x7FFF0000, 0x50001, 0x50026, 0x50061


def judge(code: bytes, architecture: int, number: int, *arguments: int) -> int:
    data = struct.pack("<IIQ6Q", number, architecture, 0, *[*arguments, 0, 0, 0, 0, 0, 0][:6])
    steps = list(struct.iter_unpack("<HBBI", code))
    at, held = 0, 0
    while True:
        operation, if_so, if_not, value = steps[at]
        at += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            held = struct.unpack_from("<I", data, value)[0]
            continue
        is_so = {0x15: held == value, 0x25: held > value, 0x45: held & value != 0}[operation]
        at += if_so if is_so else if_not


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_nobody_needs_is_refused_and_what_is_new_is_unknown(machine: str) -> None:
    column, architecture = MACHINES[machine]
    code = filter_of(machine, sockets=INTERNET, programs=True, processes=True)
    for name in ALWAYS_REFUSED:
        if NUMBERS[name][column] >= 0:
            assert judge(code, architecture, NUMBERS[name][column]) == EPERM, name
    for name in UNKNOWN:
        assert judge(code, architecture, NUMBERS[name][column]) == ENOSYS, name
    assert judge(code, architecture, NEWEST + 1) == ENOSYS
    assert judge(code, architecture ^ 1, 0) == ENOSYS
    assert judge(code, architecture, 0x40000000 + 41) == ENOSYS
    assert judge(code, architecture, 0) == ALLOWED


def test_a_thread_may_always_be_started_a_process_or_a_program_only_where_it_is_said(machine: str) -> None:
    column, architecture = MACHINES[machine]
    for allowed in (False, True):
        code = filter_of(machine, sockets=(), programs=allowed, processes=allowed)
        wanted = ALLOWED if allowed else EPERM
        assert judge(code, architecture, NUMBERS["clone"][column], 0x3D0F00) == ALLOWED
        assert judge(code, architecture, NUMBERS["clone"][column], 0x1200011) == wanted
        assert judge(code, architecture, NUMBERS["execve"][column]) == wanted
        for namespace in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x80):
            assert judge(code, architecture, NUMBERS["clone"][column], namespace) == EPERM


@pytest.mark.parametrize(
    ("family", "told"), [(1, ALLOWED), (2, ALLOWED), (10, ALLOWED), (16, EAFNOSUPPORT), (40, EAFNOSUPPORT)]
)
def test_sockets_are_of_three_families_or_of_none(machine: str, family: int, told: int) -> None:
    column, architecture = MACHINES[machine]
    some = filter_of(machine, sockets=INTERNET, programs=True, processes=True)
    none = filter_of(machine, sockets=(), programs=True, processes=True)
    assert judge(some, architecture, NUMBERS["socket"][column], family) == told
    assert judge(none, architecture, NUMBERS["socket"][column], family) == EPERM
    own = filter_of(machine, sockets=UNIX, programs=True, processes=True)
    assert judge(own, architecture, NUMBERS["socket"][column], family) == (ALLOWED if family == 1 else EAFNOSUPPORT)


def test_nobody_types_into_a_terminal(machine: str) -> None:
    column, architecture = MACHINES[machine]
    code = filter_of(machine, sockets=INTERNET, programs=True, processes=True)
    found = [judge(code, architecture, NUMBERS["ioctl"][column], 0, request) for request in (0x5412, 0x541C, 0x5401)]
    assert found == [EPERM, EPERM, ALLOWED]


def test_an_unknown_architecture_is_reported() -> None:
    with pytest.raises(OSError, match="system calls of vax are not known"):
        filter_of("vax", sockets=INTERNET, programs=True, processes=True)
