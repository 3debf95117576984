"""`argosy app ... --server`: the parts that need more than the Application itself, through Argo CD's API.

The server renders, compares and reaches the Application's cluster; neither its nor a repository's credentials are here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from argosy.cli.app.applications import key_of_name
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import Server, calling
from argosy.machinery.objects import JsonObject


class Application:
    """Raises CommandError if the server refuses."""

    def __init__(self, server: Server, options: argparse.Namespace) -> None:
        self._server, self._key = server, key_of_name(options.name, options)

    def path(self, tail: str = "", query: Iterable[tuple[str, str]] = ()) -> str:
        asked = urlencode([("appNamespace", self._key.namespace), *((name, value) for name, value in query if value)])
        return f"/api/v1/applications/{quote(self._key.name, safe='')}{tail}?{asked}"

    async def get(self, refresh: str = "") -> JsonObject:
        return dict(await self._server.call("GET", self.path(query=[("refresh", refresh)])))

    async def managed(self) -> list[JsonObject]:
        """With `liveState` and similar fields parsed into objects."""
        items = (await self._server.call("GET", self.path("/managed-resources"))).get("items") or ()
        states = ("liveState", "targetState", "normalizedLiveState", "predictedLiveState")
        return [{**item, **{name: _object(item.get(name)) for name in states}} for item in items]

    async def manifests(self, query: Iterable[tuple[str, str]]) -> list[JsonObject]:
        answer = await self._server.call("GET", self.path("/manifests", query))
        return [json.loads(text) for text in answer.get("manifests") or ()]

    async def render_settings(self) -> Mapping[str, str]:
        """The settings of argocd-cm that affect rendering, as far as the server returns them."""
        settings = (await self._server.call("GET", "/api/v1/settings")).get("kustomizeOptions") or {}
        return {"kustomize.buildOptions": str(settings.get("BuildOptions") or "")}

    async def lines(self, query: Mapping[str, str]) -> AsyncIterator[JsonObject]:
        """Streams logs. Raises CommandError if the server ends them with an error."""
        async for message in self._server.stream(self.path("/logs", query.items())):
            if error := message.get("error"):
                raise CommandError(str(error.get("message")), Exit.CALL_FAILED)
            yield message.get("result") or {}

    async def act(self, method: str, tail: str, item: JsonObject, query: Mapping[str, str], body: Any) -> Any:
        named = [("namespace", "namespace"), ("resourceName", "name"), ("version", "version"), ("group", "group")]
        asked = [(ours, str(item.get(theirs) or "")) for ours, theirs in (*named, ("kind", "kind"))]
        return await self._server.call(method, self.path(tail, [*asked, *query.items()]), body)


def _object(text: object) -> JsonObject | None:
    found = json.loads(text) if isinstance(text, str) and text else None
    return found if isinstance(found, dict) else None


def chosen(items: Iterable[JsonObject], options: argparse.Namespace) -> list[JsonObject]:
    """The live objects that the flags select: at least one, several only with --all. Raises CommandError."""
    found = fitting(items, options)
    if not found:
        raise CommandError("no matching resource found", Exit.CALL_FAILED)
    if len(found) > 1 and not options.all:
        text = "multiple resources match inputs. use the --all flag if you intend to act on all of them"
        raise CommandError(text, Exit.CALL_FAILED)
    return found


def fitting(items: Iterable[JsonObject], options: argparse.Namespace) -> list[JsonObject]:
    wanted = {
        "group": options.group,
        "kind": options.kind,
        "namespace": options.resource_namespace,
        "name": options.resource_name,
    }
    return [
        {**item, "version": _version(item["liveState"])}
        for item in items
        if item.get("liveState") is not None
        and all(value is None or str(item.get(name) or "") == value for name, value in wanted.items())
    ]


def _version(obj: JsonObject) -> str:
    return str(obj.get("apiVersion") or "").rpartition("/")[2]


# -- commands ----------------------------------------------------------------------------------------------------------


def manifests(options: argparse.Namespace) -> int:
    from argosy.cli.printing import write_manifest

    async def work(server: Server) -> int:
        app = Application(server, options)
        if options.source == "live":
            found = [item["liveState"] for item in await app.managed()]
        elif options.local:
            found = await _local(app, options)
        elif options.revision or options.revisions:
            found = await app.manifests(await _revisions(app, options))
        else:
            found = [item["targetState"] for item in await app.managed()]
        for obj in found:
            if obj is not None:
                write_manifest(sys.stdout, obj)
        return Exit.OK

    return calling(options, work)


async def _local(app: Application, options: argparse.Namespace) -> list[JsonObject]:
    from argosy.cli.app.comparison.compare import local_manifests

    manifests = local_manifests(await app.get(), options, await app.render_settings())
    return [json.loads(text) for text in manifests]


async def _revisions(app: Application, options: argparse.Namespace) -> list[tuple[str, str]]:
    from argosy.cli.app.revisions import asked_revisions
    from argosy.gitops.model.application_spec import is_multi, sources_of, spec_of

    spec = spec_of(await app.get())
    given = asked_revisions([source.raw for source in sources_of(spec)], options)
    if not is_multi(spec):
        return [("revision", given[0])] if given else []
    return [
        pair
        for place, revision in enumerate(given, 1)
        if revision
        for pair in (("revisions", revision), ("sourcePositions", str(place)))
    ]


def diff(options: argparse.Namespace) -> int:
    from argosy.cli.app.comparison.diff import Change, show
    from argosy.gitops.keys import ResourceKey

    async def work(server: Server) -> int:
        app = Application(server, options)
        if options.refresh or options.hard_refresh:
            await app.get("hard" if options.hard_refresh else "normal")
        items = await app.managed()
        if options.local or options.revision or options.revisions:
            wanted = await (_local(app, options) if options.local else app.manifests(await _revisions(app, options)))
            items = _with_targets(items, wanted, await app.get())
        changes = [
            Change(_key(item, ResourceKey), "", item["normalizedLiveState"], item["predictedLiveState"])
            for item in items
            if not item.get("hook") and item["normalizedLiveState"] != item["predictedLiveState"]
        ]
        show(changes, options.output)
        return options.diff_exit_code if changes and options.exit_code else Exit.OK

    return calling(options, work)


def _key(item: JsonObject, make: Any) -> Any:
    return make(*(str(item.get(part) or "") for part in ("group", "kind", "namespace", "name")))


def _with_targets(items: list[JsonObject], wanted: list[JsonObject], app: JsonObject) -> list[JsonObject]:
    """Compares the same live objects with other targets, the way the controllers do."""
    from argosy.apis.kubernetes import known
    from argosy.gitops.comparison.diff import compared
    from argosy.gitops.comparison.normalizers import rules_for
    from argosy.gitops.control_plane.settings import settings_of
    from argosy.gitops.keys import ResourceKey, resource_key
    from argosy.gitops.model.application_spec import spec_of

    spec, settings = spec_of(app), settings_of({}, {})
    default = spec.destination.namespace
    live = {_key(item, ResourceKey): item["liveState"] for item in items if item["liveState"] is not None}
    made = []
    for target in wanted:
        key = resource_key(target)
        key = key if key in live or key.namespace else key._replace(namespace=default)
        present = live.pop(key, None)
        sides: tuple[JsonObject | None, JsonObject | None] = (None, target)
        if present is not None:
            rules = rules_for(key, spec.ignore_differences, settings)
            found = compared(_placed(target, present), present, rules, known)
            sides = (found.live, found.predicted)
        made.append({**key._asdict(), "normalizedLiveState": sides[0], "predictedLiveState": sides[1]})
    for key, present in live.items():
        made.append({**key._asdict(), "normalizedLiveState": present, "predictedLiveState": None})
    return made


def _placed(target: JsonObject, live: JsonObject) -> JsonObject:
    """Adds the namespace and the tracking metadata that a sync would set."""
    metadata, present = target.get("metadata") or {}, live.get("metadata") or {}
    made = {**metadata, **({"namespace": present["namespace"]} if present.get("namespace") else {})}
    tracking = (present.get("annotations") or {}).get("argocd.argoproj.io/tracking-id")
    if tracking:
        made["annotations"] = {**(metadata.get("annotations") or {}), "argocd.argoproj.io/tracking-id": tracking}
    return {**target, "metadata": made}


def logs(options: argparse.Namespace) -> int:
    query = {
        "group": options.group or "",
        "kind": options.kind or "",
        "namespace": options.resource_namespace or "",
        "podName": options.pod or "",
        "resourceName": "" if options.pod else options.resource_name or "",
        "container": options.container or "",
        "follow": "true" if options.follow else "",
        "previous": "true" if options.previous else "",
        "tailLines": str(options.tail or ""),
        "sinceSeconds": str(options.since_seconds or ""),
        "untilTime": options.until_time or "",
        "filter": options.filter or "",
        "matchCase": "true" if options.match_case else "",
    }

    async def work(server: Server) -> int:
        async for line in Application(server, options).lines(query):
            if line.get("last"):
                break
            print(line.get("content") or "")
        return Exit.OK

    return calling(options, work)


def list_actions(options: argparse.Namespace) -> int:
    from argosy.cli.app.live.actions import show

    async def work(server: Server) -> int:
        app = Application(server, options)
        found = fitting(await app.managed(), options)
        if options.kind in (None, "Application") and options.group in (None, "argoproj.io"):
            found.append(_itself(await app.get()))
        offered = []
        for item in found:
            answer = await app.act("GET", "/resource/actions", item, {}, None)
            for action in answer.get("actions") or ():
                identity = {"Group": str(item.get("group") or ""), "Kind": item["kind"], "Name": item["name"]}
                offered.append({**identity, "Action": action["name"], "Disabled": bool(action.get("disabled"))})
        show(
            sorted(offered, key=lambda one: [one[name] for name in ("Group", "Kind", "Name", "Action")]), options.output
        )
        return Exit.OK

    return calling(options, work)


def run_action(options: argparse.Namespace, parameters: Mapping[str, str]) -> int:
    async def work(server: Server) -> int:
        app = Application(server, options)
        is_itself = options.kind == "Application"
        found = [_itself(await app.get())] if is_itself else chosen(await app.managed(), options)
        for item in found:
            given = [{"name": name, "value": value} for name, value in parameters.items()]
            body = {"action": options.action, "resourceActionParameters": given}
            fields = {"namespace": "namespace", "resourceName": "name", "version": "version", "group": "group"}
            body |= {ours: str(item.get(theirs) or "") for ours, theirs in {**fields, "kind": "kind"}.items()}
            await app.act("POST", "/resource/actions/v2", {}, {}, body)
        return Exit.OK

    return calling(options, work)


def _itself(app: JsonObject) -> JsonObject:
    metadata = app["metadata"]
    place = {"namespace": metadata["namespace"], "name": metadata["name"]}
    return {"group": "argoproj.io", "kind": "Application", "version": "v1alpha1", **place}


def patch_resource(options: argparse.Namespace) -> int:
    async def work(server: Server) -> int:
        app = Application(server, options)
        for item in chosen(await app.managed(), options):
            await app.act("POST", "/resource", item, {"patchType": options.patch_type}, options.patch)
            print(f"Resource '{item['name']}' patched", file=sys.stderr)
        return Exit.OK

    return calling(options, work)


def delete_resource(options: argparse.Namespace) -> int:
    query = {"force": "true" if options.force else "", "orphan": "true" if options.orphan else ""}

    async def work(server: Server) -> int:
        app = Application(server, options)
        for item in chosen(await app.managed(), options):
            await app.act("DELETE", "/resource", item, query, {})
            print(f"Resource '{item['name']}' deleted", file=sys.stderr)
        return Exit.OK

    return calling(options, work)
