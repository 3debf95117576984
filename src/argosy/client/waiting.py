"""Requests that the caller waits for, by the standard library alone."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from typing import Any, Final, Self

from argosy.client.transport import SIGN_IN, Event, Query, Server, Unreachable, answer, events_of, target

TIMEOUT_SECONDS: Final = 60.0


class WaitingTransport:
    def __init__(self, url: str, token: str = "", *, ca_file: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        """`timeout` in seconds, for each wait for bytes. Raises ValueError for a URL that is none."""
        self._server = Server(url=url.rstrip("/"), token=token, ca_file=ca_file)
        self._timeout = timeout
        context = ssl.create_default_context(cafile=ca_file or None)
        # No redirect is followed: the token is for this server alone.
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)

    @classmethod
    def signed_in(cls, url: str, username: str, password: str, *, ca_file: str = "") -> Self:
        """With a token for the password. Raises ApiError, Unreachable."""
        first = cls(url, ca_file=ca_file)
        found = first._request("POST", SIGN_IN, {"username": username, "password": password})
        return cls(url, str(found["token"]), ca_file=ca_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._opener.close()

    def _ask(self, method: str, path: str, values: Sequence[str], query: Query, body: Any = None) -> Any:
        """Raises ApiError, Unreachable."""
        return self._request(method, target(path, values, query), body)

    def _request(self, method: str, where: str, body: Any) -> Any:
        try:
            with self._opener.open(self._made(method, where, body), timeout=self._timeout) as response:
                return answer(response.status, response.read())
        except urllib.error.HTTPError as error:
            return answer(error.code, error.read())
        except (OSError, HTTPException) as error:
            raise Unreachable(f"{self._server.url}: {type(error).__name__}: {error}") from None

    def _stream(self, path: str, values: Sequence[str], query: Query) -> Iterator[Event]:
        """Raises ApiError, Unreachable. Whoever stops reading closes the connection."""
        where = target(path, values, query)
        try:
            with self._opener.open(self._made("GET", where, None), timeout=self._timeout) as response:
                yield from events_of(response)
        except urllib.error.HTTPError as error:
            answer(error.code, error.read())
        except (OSError, HTTPException) as error:
            raise Unreachable(f"{self._server.url}: {type(error).__name__}: {error}") from None

    def _made(self, method: str, where: str, body: Any) -> urllib.request.Request:
        data = None if body is None else json.dumps(body).encode()
        headers = self._server.headers(has_body=data is not None)
        url = f"{self._server.url}{where}"
        return urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # http or https: see Server


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None
