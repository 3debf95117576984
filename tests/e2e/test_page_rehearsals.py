"""Reports of rehearsals on the page: found, read and compared by users who may see them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from argosy.server.rehearsal_reports import config_map
from tests.e2e.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("page")]


def line(after: str, kind: str, text: str, severity: str = "ok") -> dict[str, Any]:
    return {
        "after": after, "at": "2030-01-01T00:00:00Z", "kind": kind, "namespace": "shop", "name": "staging",
        "cluster": "", "severity": severity, "text": text,
    }  # fmt: skip


def report(name: str, outcome: str, **change: Any) -> dict[str, Any]:
    lines = ["--- before", "+++ after", "-image: shop:1.0.0", "+image: shop:1.1.0"]
    changed = {"kind": "Deployment", "namespace": "shop", "name": "shop", "change": "update", "lines": lines}
    made = {
        "name": name, "outcome": outcome, "reason": f"<b>{name}</b> ended", "took": "6h0m8s", "seed": 0,
        "changes": ["push image shop:1.1.0"],
        "timeline": [line("0s", "", "push image shop:1.1.0"), line("6h0m0s", "Stage", "verification successful")],
        "differences": [
            {"namespace": "argocd", "application": "shop-staging", "destination": "this cluster", "objects": [changed]}
        ],
        "gates": [
            {
                "kind": "Stage", "namespace": "shop", "name": "prod", "cluster": "", "until": "",
                "message": "Freight sly-fox is available and waits for a promotion by hand",
            }
        ],
    }  # fmt: skip
    return {**made, **change}


def keep(site: Site, *reports: dict[str, Any]) -> None:
    for one in reports:
        site.argosy.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(config_map("argocd", one)))


def test_a_report_is_found_read_and_compared(page: Page, site: Site) -> None:
    keep(site, report("night", "waiting"), report("later", "failed", gates=[], differences=[]))
    page.goto("/rehearsals")
    row = page.get_by_role("row").filter(has_text="night")
    expect(row.get_by_text("waits for a person")).to_be_visible()
    expect(row.get_by_text("<b>night</b> ended")).to_be_visible()
    row.get_by_role("link", name="night").click()
    expect(page.get_by_role("heading", level=1, name="night")).to_be_visible()
    expect(page.get_by_role("region", name="Timeline").get_by_text("6h0m0s")).to_be_visible()
    expect(page.get_by_role("region", name="Changes in shop-staging").get_by_text("+image: shop:1.1.0")).to_be_visible()
    expect(page.get_by_role("region", name="Gates that wait for a person")).to_contain_text("sly-fox")
    page.get_by_label("Compare with").select_option("later")
    expect(page).to_have_url(re.compile(r"/rehearsals/night\?with=later$"))
    outcome = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Outcome"))
    expect(outcome).to_contain_text("differs")
    expect(outcome).to_contain_text("failed")
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Duration"))).to_contain_text(
        "the same"
    )


def test_a_report_that_is_not_there_says_so(page: Page, site: Site) -> None:
    page.goto("/rehearsals/never")
    expect(page.get_by_text('rehearsal "never" not found')).to_be_visible()
