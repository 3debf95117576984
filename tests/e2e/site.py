"""A real `argosy up` as a browser and other clients see it."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.e2e.up_process import Argosy

PATIENCE_MS = 60_000


@dataclass
class Site:
    argosy: Argosy
    url: str
    password: str

    def asked(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> tuple[int, Any]:
        """Of the server, past the page."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        data = None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **headers}
        if token:
            given["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.url}{path}", data, given, method=method)
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def spec_of(self, application: str) -> dict[str, Any]:
        found: dict[str, Any] = self.argosy.get("application", application, "-n", "argocd")["spec"]
        return found

    def token(self) -> str:
        body = {"username": "admin", "password": self.password}
        return str(self.asked("POST", "/api/v1/session", body)[1]["token"])


def sign_in(page: Page, site: Site) -> None:
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(site.password)
    page.keyboard.press("Enter")
