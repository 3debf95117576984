"""Who did what: the latest lines, by filters, and only for those who may see them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argosy.server.activity import MOST_LINES, Activity
from tests.kit.argocd_server import argocd_server


def test_only_the_latest_lines_are_kept_the_newest_first() -> None:
    activity = Activity()
    for number in range(MOST_LINES + 1):
        activity.add({"trace": number})
    assert len(activity.newest_first()) == MOST_LINES
    assert activity.newest_first()[0] == {"trace": MOST_LINES}


def test_who_stops_listening_hears_no_more() -> None:
    activity, heard = Activity(), list[object]()
    forget = activity.on_change(lambda old, new: heard.append(new))
    activity.add({"trace": 1})
    forget()
    activity.add({"trace": 2})
    assert heard == [{"trace": 1}]


def test_what_changed_something_is_listed_with_its_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            project = {"metadata": {"name": "team"}, "spec": {}}
            assert (await api.call("POST", "/api/v1/projects", {"project": project}))[0] == 200
            assert (await api.call("POST", "/api/v1/projects", {"project": {"metadata": {"name": "Bad!"}}}))[0] >= 400
            status, page = await api.call("GET", "/api/argosy/v1/activity?method=project.ProjectService%2FCreate")
            assert status == 200
            assert [row["result"] for row in page["rows"]][-1] == "OK"
            assert page["facets"]["result"]["OK"] == 1
            assert page["rows"][-1]["object"]["project.name"] == "team"
            assert (await api.call("GET", "/api/argosy/v1/activity", token="x"))[0] == 401

    asyncio.run(scenario())
