import { expect, test } from "vitest";

import { addressOf, BUDGET, drawn, type Node, nodeOf } from "./tree-model";

const OPEN = new Set<string>();

function node(kind: string, name: string, parent?: Node, health?: string): Node {
  return {
    kind,
    name,
    namespace: "n",
    ...(parent ? { parentRefs: [{ kind: parent.kind, name: parent.name, namespace: "n" }] } : {}),
    ...(health ? { health: { status: health } } : {}),
  };
}

const deployment = node("Deployment", "web", undefined, "Healthy");
const set = node("ReplicaSet", "web-1", deployment, "Healthy");

test("children stand to the right of their owner, and the owner in their middle", () => {
  const pods = ["a", "b", "c"].map((name) => node("Pod", name, set, "Healthy"));
  const found = drawn({ nodes: [...pods, set, deployment] }, "app", OPEN);
  expect(found.placed.map((one) => [one.title, one.column, one.row])).toEqual([
    ["app", 0, 1],
    ["web", 1, 1],
    ["web-1", 2, 1],
    ["a", 3, 0],
    ["b", 3, 1],
    ["c", 3, 2],
  ]);
  expect([found.columns, found.rows]).toEqual([4, 3]);
});

test("many that are alike are one, until it is opened; what is unhealthy is never folded, and comes first", () => {
  const pods = Array.from({ length: 9 }, (_, at) => node("Pod", `p${at}`, set, at === 8 ? "Degraded" : "Healthy"));
  const nodes = [deployment, set, ...pods];
  const found = drawn({ nodes }, "app", OPEN);
  expect(found.placed.slice(3).map((one) => one.title)).toEqual(["p8", "8 × Pod"]);
  const fold = found.placed.at(-1);
  expect(drawn({ nodes }, "app", new Set([fold?.key ?? ""])).placed).toHaveLength(3 + 9);
});

test("no more than the budget is drawn, and what is left out is counted", () => {
  const nodes = Array.from({ length: 2000 }, (_, at) => node("Pod", `p${at}`, undefined, "Degraded"));
  const found = drawn({ nodes }, "app", OPEN);
  expect(found.placed).toHaveLength(BUDGET);
  expect(found.left).toBe(2000 - BUDGET + 1);
});

test("owners in a circle do not hang the page", () => {
  const a = node("A", "a");
  const b = node("B", "b", a);
  a.parentRefs = [{ kind: "B", name: "b", namespace: "n" }];
  expect(drawn({ nodes: [a, b] }, "app", OPEN).placed.map((one) => one.title)).toEqual(["app"]);
});

test("an object is found by its address, as Argo CD writes it", () => {
  const web = { kind: "Pod", namespace: "shop", name: "web-1" };
  const route = { group: "networking.k8s.io", kind: "Ingress", namespace: "shop", name: "web" };
  const role = { group: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "a/0" };
  const tree = { nodes: [web, route], orphanedNodes: [role] };
  for (const one of [web, route, role]) expect(nodeOf(tree, addressOf(one))).toBe(one);
  expect(nodeOf(tree, "/Pod/shop/web-1/0")).toBe(web);
  expect(nodeOf(tree, "/Pod/shop/web-2")).toBeNull();
  expect(nodeOf(tree, null)).toBeNull();
});
