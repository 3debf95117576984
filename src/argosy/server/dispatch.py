"""From a method's name to its answer, for every transport: authentication, authorisation, handler, audit.

The table of routes is complete: the process does not start if a method of the schema has no route or no declared
rights. A stream checks its rights again every five seconds and whenever rights change.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described
from argosy.observe.metrics import Registry
from argosy.runtime.clock import Clock
from argosy.server.audit import Audit
from argosy.server.calls import NOBODY, Call, Caller, Need, Needs, Route
from argosy.server.configuration import Configuration
from argosy.server.errors import ApiError, Code, denied, failed_precondition, invalid, of_kubernetes, unimplemented
from argosy.server.mailbox import Alarm, Mailbox
from argosy.server.messages import Message, each_of
from argosy.server.metrics import ServerMetrics
from argosy.server.permissions.enforcement import Enforcer
from argosy.server.schema.facts import Method, methods
from argosy.server.sessions.authentication import Authenticated, Authentication, token_from

log = logging.getLogger(__name__)
RECHECK_SECONDS: Final = 5.0
OLDEST_CLIENT: Final = (1, 4, 0)
AGENT: Final = re.compile(r"argocd-client/v?(\S+)")
VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")


class UndeclaredMethods(Exception):
    """Methods without a route, or routes without a method: the process must not start."""


@dataclass(slots=True)
class Asked:
    """A request as received."""

    method: Method
    request: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""
    over_rest: bool = False
    uploads: AsyncIterator[JsonObject] | None = None


class Dispatcher:
    def __init__(
        self,
        routes: Mapping[str, Route],
        authentication: Authentication,
        configuration: Configuration,
        clock: Clock,
        audit: Audit,
        tasks: asyncio.TaskGroup,
        metrics: ServerMetrics | None = None,
    ) -> None:
        """`tasks` end shortly after their call. Raises UndeclaredMethods."""
        self._metrics = metrics or ServerMetrics(Registry())
        known = methods()
        missing = [name for name in known if name not in routes]
        wrong = [
            name
            for name, route in routes.items()
            if name not in known or (route.stream if known[name].server_stream else route.unary) is None
        ]
        if missing or wrong:
            raise UndeclaredMethods(f"no rights declared: {sorted(missing)}; no such method: {sorted(wrong)}")
        self.routes = dict(routes)
        self._authentication, self._configuration, self._clock, self._audit = (
            authentication,
            configuration,
            clock,
            audit,
        )
        self._tasks = tasks
        self._mailboxes: set[Mailbox[Message]] = set()
        self._generation = 0
        configuration.on_change(self._changed)

    async def unary(self, asked: Asked) -> tuple[JsonObject, Call]:
        """Raises ApiError."""
        with self._measured(asked.method):
            answer = await self._unary(asked)
            self._metrics.sent(asked.method)
        return answer

    @contextmanager
    def _measured(self, method: Method) -> Iterator[None]:
        """One call, from its first byte to its end."""
        began = self._clock.monotonic()
        self._metrics.began(method)
        try:
            yield
        except BaseException as error:
            self._metrics.ended(method, error, self._clock.monotonic() - began)
            raise
        self._metrics.ended(method, None, self._clock.monotonic() - began)

    async def _unary(self, asked: Asked) -> tuple[JsonObject, Call]:
        call = await self._begin(asked)
        route = self.routes[asked.method.full_name]
        assert route.unary is not None
        try:
            result = await route.unary(call)
            self._checked(route, call)
        except BaseException as error:
            translated = self.translated(error, asked.method)
            self._audit.record(call, route.needs, translated)
            raise translated from None
        self._audit.record(call, route.needs, None)
        return result, call

    async def stream(self, asked: Asked, *, heartbeat: float = 0.0) -> AsyncGenerator[Message | None, None]:
        """Raises ApiError, before the first message or later. Yields None after `heartbeat` seconds without one."""
        with self._measured(asked.method):
            async with aclosing(self._streamed(asked, heartbeat)) as messages:
                async for message in messages:
                    if message is not None:
                        self._metrics.sent(asked.method, len(each_of(message)))
                    yield message

    async def _streamed(self, asked: Asked, heartbeat: float) -> AsyncGenerator[Message | None, None]:
        call = await self._begin(asked)
        route = self.routes[asked.method.full_name]
        assert route.stream is not None
        mailbox = Mailbox[Message]()
        pump = self._tasks.create_task(mailbox.fill(route.stream(call)))
        self._mailboxes.add(mailbox)
        try:
            async for message in self._while_permitted(mailbox, asked, call, heartbeat):
                self._checked(route, call)
                yield message
        except Exception as error:
            raise self.translated(error, asked.method) from None
        finally:
            self._mailboxes.discard(mailbox)
            pump.cancel()

    async def _while_permitted(
        self, mailbox: Mailbox[Message], asked: Asked, call: Call, heartbeat: float
    ) -> AsyncIterator[Message | None]:
        now = checked_at = sent_at = self._clock.monotonic()
        generation, alarm = self._generation, Alarm(self._clock, mailbox)
        try:
            while True:
                alarm.set(min(RECHECK_SECONDS, sent_at + heartbeat - now) if heartbeat else RECHECK_SECONDS)
                message = await mailbox.take()
                now = self._clock.monotonic()
                if generation != self._generation or now - checked_at >= RECHECK_SECONDS:
                    generation, checked_at = self._generation, now
                    await self._check_again(asked, call)
                if message is not None:
                    sent_at = now
                    yield message
                elif mailbox.is_over:
                    return
                elif heartbeat and now - sent_at >= heartbeat:
                    sent_at = now
                    yield None
        finally:
            alarm.cancel()

    async def _check_again(self, asked: Asked, call: Call) -> None:
        """Security rule 11: checks the token and all rights that the call was admitted with."""
        if call.caller.signed_in:
            await self._authenticated(asked.headers)
        if not call.still_permitted():
            raise denied()

    def _changed(self) -> None:
        """Settings, accounts or roles have changed: every stream checks its rights now."""
        self._generation += 1
        for mailbox in self._mailboxes:
            mailbox.wake()

    async def _begin(self, asked: Asked) -> Call:
        self._check_agent(asked)
        needs = self.routes[asked.method.full_name].needs
        found = await self._caller(asked, needs.need)
        call = Call(
            method=asked.method.full_name,
            request=asked.request,
            caller=found.caller,
            enforcer=lambda: self._configuration.enforcer,
            headers=asked.headers,
            peer=asked.peer,
            over_rest=asked.over_rest,
            uploads=asked.uploads,
        )
        if found.renewed:
            call.answer_headers.append(("renew-token", found.renewed))
        call.answer_headers += [("set-cookie", cookie) for cookie in found.cookies]
        if needs.need is Need.RIGHT:
            assert needs.object_of is not None
            call.permit(needs.resource, needs.action, needs.object_of(asked.request))
        return call

    async def _caller(self, asked: Asked, need: Need) -> Authenticated:
        if need is not Need.NOTHING:
            return await self._authenticated(asked.headers)
        if not token_from(asked.headers):
            return Authenticated(NOBODY)
        try:
            return await self._authenticated(asked.headers)
        except ApiError:
            return Authenticated(NOBODY)

    async def _authenticated(self, headers: Mapping[str, str]) -> Authenticated:
        return await self._authentication.caller(headers)

    async def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the request has a valid token, whatever its user may do."""
        return bool(token_from(headers)) and (await self.caller_for(headers, Need.NOTHING)).signed_in

    async def caller_for(self, headers: Mapping[str, str], need: Need) -> Caller:
        """Authorises requests that are no method of the schema, by their declared need. Raises ApiError."""
        if need is not Need.NOTHING:
            return (await self._authenticated(headers)).caller
        if not token_from(headers):
            return NOBODY
        try:
            return (await self._authenticated(headers)).caller
        except ApiError:
            return NOBODY

    def enforcer(self) -> Enforcer:
        """The current one."""
        return self._configuration.enforcer

    def record(self, call: Call, needs: Needs, error: BaseException | None) -> None:
        self._audit.record(call, needs, error)

    async def give_way(self) -> None:
        """Lets other tasks run between two parts of long work."""
        await self._clock.sleep(0)

    def pump(self, messages: AsyncGenerator[JsonObject, None]) -> tuple[Mailbox[JsonObject], asyncio.Task[None]]:
        """For other APIs' streams: fills the mailbox in the background until the task is cancelled."""
        mailbox = Mailbox[JsonObject]()
        return mailbox, self._tasks.create_task(mailbox.fill(messages))

    async def who(self, headers: Mapping[str, str]) -> Caller:
        """Authenticates requests that are no method: pages, web sockets. Raises ApiError."""
        return (await self._authenticated(headers)).caller

    def _check_agent(self, asked: Asked) -> None:
        """Very old clients would misinterpret the answers."""
        match = AGENT.search(asked.headers.get("user-agent", "")) if not asked.over_rest else None
        if match is None:
            return
        version = VERSION.fullmatch(match[1])
        if version is None:
            raise invalid(f"could not parse client version: {match[1][:64]}")
        if tuple(int(part) for part in version.groups()) < OLDEST_CLIENT:
            raise failed_precondition(
                f"unsatisfied client version constraint: {match[1][:64]} is less than "
                f"{'.'.join(map(str, OLDEST_CLIENT))}"
            )

    @staticmethod
    def _checked(route: Route, call: Call) -> None:
        if route.needs.need is Need.WITHIN and not call.checked:
            raise AssertionError(f"{call.method} answered without having asked for its right")

    def translated(self, error: BaseException, method: Method) -> BaseException:
        """The error for the caller. Cancellation is passed on."""
        return self.translated_as(error, method.full_name)

    def translated_as(self, error: BaseException, name: str) -> BaseException:
        """The same for a call of that name."""
        if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            return self.translated_as(error.exceptions[0], name)
        if isinstance(error, ApiError):
            return error
        if isinstance(error, StatusError):
            return of_kubernetes(error)
        if isinstance(error, NotImplementedError):
            return unimplemented(str(error) or f"{name} is not implemented")
        if not isinstance(error, Exception) or isinstance(error, BaseExceptionGroup):
            return error
        trace = self._authentication.new_id()
        log.error("%s failed (trace %s): %s", name, trace, described(error))
        return ApiError(Code.INTERNAL, f"internal error; the server's log tells more (trace {trace})")


Routes = Callable[[], Mapping[str, Route]]
