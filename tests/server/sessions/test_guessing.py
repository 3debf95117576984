"""Who guesses passwords is locked out for five minutes, can neither reset nor fill the counters, and learns nothing."""

from __future__ import annotations

import asyncio

import bcrypt

from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from argosy.server.errors import ApiError
from argosy.server.sessions.accounts import LOGIN, Account
from argosy.server.sessions.passwords import AT_ONCE, MAX_PASSWORD, WRONG, Passwords
from argosy.server.sessions.shared import ADDRESS_FAILURES, ADDRESSES, FAILURES, WINDOW_SECONDS, SharedSessions

RIGHT = "a-long-password"


def alice(password: str) -> Account:
    cheap = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    return Account(name="alice", enabled=True, capabilities=(LOGIN,), password_hash=cheap)


class Memory:
    """What replicas share."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get(self, key: str) -> str:
        return self.entries.get(key, "")

    async def put(self, key: str, value: str, until: float) -> None:
        self.entries[key] = value

    async def run(self) -> None: ...


class Door:
    def __init__(self, clock: VirtualClock, rng: SeededRng) -> None:
        self.memory = Memory()
        self.shared = SharedSessions(self.memory, clock)
        self.passwords = Passwords(self.shared, clock, rng)
        self.alice = alice(RIGHT)

    async def tries(self, name: str, password: str, address: str = "192.0.2.1") -> str:
        """What is said; "" when the door opens."""
        account = self.alice if name == "alice" else None
        try:
            await self.passwords.check(name, password, account, address)
        except ApiError as error:
            return error.message
        return ""


def test_five_wrong_passwords_lock_an_account_for_five_minutes_whatever_else_is_tried() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        door = Door(clock, rng)
        for _ in range(FAILURES - 1):
            assert await door.tries("alice", "wrong") == WRONG
        assert await door.tries("alice", RIGHT) == "", "four are forgiven"
        for _ in range(FAILURES):
            assert await door.tries("alice", "wrong") == WRONG
        failed_at = clock.now()
        for number in range(10_000):
            await door.shared.failed(f"somebody-{number}")
        assert await door.tries("alice", RIGHT, "192.0.2.2") == WRONG, "the right one tells nothing either"
        await clock.sleep(WINDOW_SECONDS - 2 - (clock.now() - failed_at).total_seconds())
        assert door.shared.is_locked("alice")
        await clock.sleep(4)
        assert await door.tries("alice", RIGHT) == ""

    run_virtual(main)


def test_names_that_nobody_has_leave_nothing_behind_and_take_as_long() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        door = Door(clock, rng)
        waits = []
        for name in ("nobody", "alice"):
            began = clock.monotonic()
            assert await door.tries(name, "wrong") == WRONG
            waits.append(clock.monotonic() - began)
        assert min(waits) >= 0.5, "noise hides what the hash takes"
        assert len(door.memory.entries) == 1, "that of alice"

    run_virtual(main)


def test_an_address_that_fails_again_and_again_is_locked_and_others_are_not() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        door = Door(clock, rng)
        for _ in range(ADDRESS_FAILURES):
            door.shared.address_failed("192.0.2.1")
        assert await door.tries("alice", RIGHT, "192.0.2.1") == WRONG
        assert await door.tries("alice", RIGHT, "192.0.2.2") == ""
        for number in range(ADDRESSES - 1):
            door.shared.address_failed(f"198.51.{number // 256}.{number % 256}")
        assert door.shared.address_is_locked("192.0.2.1"), "as many others do not drive it out"
        await clock.sleep(WINDOW_SECONDS + 1)
        assert not door.shared.address_is_locked("192.0.2.1")

    run_virtual(main)


def test_a_password_has_a_bounded_length_and_few_are_checked_at_once() -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        door = Door(clock, rng)
        door.alice = alice("x" * MAX_PASSWORD)
        assert await door.tries("alice", "x" * MAX_PASSWORD) == ""
        assert await door.tries("alice", "x" * (MAX_PASSWORD + 1)) == WRONG

        said = await asyncio.gather(*(door.tries("alice", f"wrong-{number}") for number in range(AT_ONCE + 1)))
        assert said == [*[WRONG] * AT_ONCE, "too many sign-ins at once: try again later"]

    run_virtual(main)
