/** What the page of all parts shows: one of each, in each of its states. Pure. */
import { type Difference, objectDifference } from "../application/model";
import type { Node } from "../application/tree-model";
import type { LogLine } from "../logs/model";

const DEPLOYMENT = { group: "apps", kind: "Deployment", namespace: "shop", name: "web" };
const manifest = (replicas: number): Record<string, unknown> => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: { replicas, template: { spec: { containers: [{ name: "main", image: `registry.example/web:${replicas}` }] } } },
});

export const DIFFERENCES: Difference[] = [
  objectDifference(DEPLOYMENT, manifest(1), manifest(2)),
  objectDifference({ ...DEPLOYMENT, name: "new" }, {}, manifest(1)),
  objectDifference({ ...DEPLOYMENT, name: "old" }, manifest(1), {}),
].flatMap((one) => one ?? []);

export const LINES: LogLine[] = [
  { at: "2026-01-01T10:00:00.000Z", pod: "web-1", text: "listening on port 8080", level: "info", number: 1, name: "2026-01-01T10:00:00.000Z web-1" },
  { at: "2026-01-01T10:00:01.000Z", pod: "web-2", text: "WARN slow answer of the database", level: "warning", number: 2, name: "2026-01-01T10:00:01.000Z web-2" },
  { at: "2026-01-01T10:00:02.000Z", pod: "web-1", text: "ERROR the database cannot be reached", level: "error", number: 3, name: "2026-01-01T10:00:02.000Z web-1" },
];

const node = (kind: string, name: string, status: string, parent?: Node): Node => ({
  kind,
  name,
  namespace: "shop",
  ...(status ? { health: { status } } : {}),
  ...(parent ? { parentRefs: [parent] } : {}),
});
const WEB = node("Deployment", "web", "Degraded");
const SET = node("ReplicaSet", "web-5d9", "Progressing", WEB);
export const NODES: Node[] = [
  WEB,
  SET,
  node("Pod", "web-5d9-a", "Healthy", SET),
  node("Pod", "web-5d9-b", "Suspended", SET),
  node("Service", "web", "Healthy"),
  ...Array.from({ length: 6 }, (_, at) => node("ConfigMap", `settings-${at}`, "")),
];

export const CERTIFICATE = {
  spec: { renewBefore: "240h" },
  status: { notBefore: "2026-01-01T00:00:00Z", notAfter: "2100-01-01T00:00:00Z", renewalTime: "2099-12-01T00:00:00Z" },
};
