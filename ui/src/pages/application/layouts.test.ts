import { expect, test } from "vitest";

import { laidOut, reaches } from "./layouts";
import { keyOfNode, type Node } from "./tree-model";

const node = (kind: string, name: string, networkingInfo?: Node["networkingInfo"], more: Partial<Node> = {}): Node => ({
  kind,
  name,
  namespace: "web",
  ...(networkingInfo ? { networkingInfo } : {}),
  ...more,
});
const INGRESS = node("Ingress", "web", { targetRefs: [{ kind: "Service", namespace: "web", name: "web" }] });
const SERVICE = node("Service", "web", { targetLabels: { app: "web" } });
const POD = node("Pod", "web-1", { labels: { app: "web", x: "y" } }, { info: [{ name: "Node", value: "machine-1" }] });
const OTHER = node("Pod", "other", { labels: { app: "other" } });
const parent = (nodes: Node[] | null | undefined, name: string) => nodes?.find((one) => one.name === name)?.parentRefs?.map(keyOfNode);

test("traffic goes from the Ingress to the Service to its Pods", () => {
  const { nodes } = laidOut({ nodes: [POD, SERVICE, INGRESS, OTHER, node("ConfigMap", "a")] }, "traffic");
  expect(nodes?.map(keyOfNode).sort()).toEqual(["/Ingress/web/web", "/Pod/web/web-1", "/Service/web/web"]);
  expect(parent(nodes, "web-1")).toEqual(["/Service/web/web"]);
  expect(nodes?.find((one) => one.kind === "Service")?.parentRefs?.map(keyOfNode)).toEqual(["/Ingress/web/web"]);
});

test("a Service without a selector reaches nothing, and none reaches another namespace", () => {
  expect(reaches(node("Service", "web", { targetLabels: {} }), POD)).toBe(false);
  expect(reaches({ ...SERVICE, namespace: "elsewhere" }, POD)).toBe(false);
  expect(reaches(SERVICE, POD)).toBe(true);
});

test("what leads in a circle is still drawn, each once", () => {
  const one = node("Route", "one", { targetRefs: [{ kind: "Route", namespace: "web", name: "two" }] });
  const two = node("Route", "two", { targetRefs: [{ kind: "Route", namespace: "web", name: "one" }] });
  const { nodes } = laidOut({ nodes: [one, two] }, "traffic");
  expect(nodes?.length).toBe(2);
  expect(nodes?.filter((found) => found.parentRefs?.length === 0).length).toBe(1);
});

test("Pods stand below the machine that they run on", () => {
  const { nodes } = laidOut({ nodes: [POD, OTHER, SERVICE] }, "nodes");
  expect(parent(nodes, "web-1")).toEqual(["/Node//machine-1"]);
  expect(parent(nodes, "other")).toEqual(["/Node//not scheduled yet"]);
});

test("the owners' tree is as it came", () => {
  const tree = { nodes: [POD] };
  expect(laidOut(tree, "owners")).toBe(tree);
});
