import { expect, test } from "vitest";

import { withoutNoise } from "./noise";

const WANTED = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels: { app: "web" } },
  spec: { replicas: 2, template: { spec: { containers: [{ name: "main", image: "web:1" }] } } },
};
const LIVE = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "shop",
    labels: { app: "web" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    managedFields: [{ manager: "a" }],
    uid: "1",
    resourceVersion: "2",
    generation: 3,
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: {
    replicas: 3,
    revisionHistoryLimit: 10,
    template: {
      spec: {
        restartPolicy: "Always",
        containers: [
          { name: "sidecar", image: "proxy:1" },
          { name: "main", image: "web:1", imagePullPolicy: "IfNotPresent" },
        ],
      },
    },
  },
  status: { readyReplicas: 3, conditions: [{ type: "Available", status: "True" }] },
};

test("of what Git describes only what Git sets is left, with the live values", () => {
  const { object, folded } = withoutNoise(LIVE, WANTED);
  expect(object).toEqual({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
    spec: { replicas: 3, template: { spec: { containers: [{ name: "sidecar", image: "proxy:1" }, { name: "main", image: "web:1" }] } } },
  });
  // 5 of bookkeeping, 1 annotation, 3 of the status, 3 defaults
  expect(folded).toBe(12);
});

test("of what Git does not describe bookkeeping and status are folded, and nothing else", () => {
  const { object, folded } = withoutNoise(LIVE);
  expect(object).toEqual({ ...LIVE, metadata: { name: "web", namespace: "shop", labels: { app: "web" } }, status: undefined });
  expect(folded).toBe(9);
});

test("a status that Git sets, finalizers and a deletion stay", () => {
  const metadata = { name: "x", finalizers: ["a"], deletionTimestamp: "2026-01-01T00:00:00Z" };
  const live = { metadata, status: { phase: "x" } };
  expect(withoutNoise(live, { metadata: { name: "x" }, status: { phase: "y" } })).toEqual({ object: live, folded: 0 });
});

test("what has no metadata is left as it is", () => {
  expect(withoutNoise({ data: 1 })).toEqual({ object: { data: 1 }, folded: 0 });
});

test("items without a key are matched by their place", () => {
  expect(withoutNoise({ rules: [{ a: 1, b: 2 }, { c: 3 }] }, { rules: [{ a: 1 }] }).object).toEqual({ rules: [{ a: 1 }, { c: 3 }] });
});
