import { expect, test } from "vitest";

import { choices, known, narrowed, narrowingOf } from "./tree-filters";
import type { Node, Tree } from "./tree-model";

const reference = (node: Node) => [{ kind: node.kind, name: node.name, namespace: "n" }];
const deployment: Node = { kind: "Deployment", name: "web", namespace: "n", health: { status: "Healthy" } };
const set: Node = { kind: "ReplicaSet", name: "web-1", namespace: "n", parentRefs: reference(deployment) };
const pod: Node = { kind: "Pod", name: "web-1-a", namespace: "n", parentRefs: reference(set), health: { status: "Degraded" }, networkingInfo: { labels: { app: "web" } } };
const service: Node = { kind: "Service", name: "other", namespace: "n" };
const stray: Node = { kind: "ConfigMap", name: "stray", namespace: "n" };
const shown = (kind: string, name: string, sync: string) => ({ group: "", version: "v1", kind, namespace: "n", name, sync, health: "", healthMessage: "", wave: 0, hook: false, pruned: false });
const TREE: Tree = known({ nodes: [deployment, set, pod, service], orphanedNodes: [stray] }, [shown("Service", "other", "OutOfSync"), shown("Deployment", "web", "Synced")]);

test.each([
  ["", ["web", "web-1", "web-1-a", "other"]],
  ["search=web-1-a", ["web", "web-1", "web-1-a"]],
  ["search=app%3Dweb", ["web", "web-1", "web-1-a"]],
  ["search=nothing", []],
  ["sync=OutOfSync", ["other"]],
  ["health=Degraded&kind=Pod", ["web", "web-1", "web-1-a"]],
  ["health=Degraded&kind=Service", []],
  ["orphaned=yes&kind=ConfigMap", ["stray"]],
])("%s shows what it names, and what that belongs to", (address, names) => {
  expect(narrowed(TREE, narrowingOf(new URLSearchParams(address))).nodes?.map((one) => one.name)).toEqual(names);
});

test("filters offer what there is, with its number", () => {
  expect(choices(TREE, "sync")).toEqual([
    { value: "OutOfSync", count: 1 },
    { value: "Synced", count: 1 },
  ]);
  expect(choices(TREE, "health").map((one) => one.value)).toEqual(["Degraded", "Healthy"]);
});

test("what is in Git alone stands in the tree as missing", () => {
  const { nodes } = known({ nodes: [] }, [shown("Secret", "new", "OutOfSync")]);
  expect(nodes?.[0]).toMatchObject({ kind: "Secret", name: "new", sync: "OutOfSync", health: { status: "Missing" } });
  expect(known({ nodes: [] }, [{ ...shown("Job", "hook", ""), hook: true }]).nodes).toEqual([]);
});
