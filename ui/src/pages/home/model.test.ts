import { expect, test } from "vitest";

import { folded, type Item, nextOf, placeOfItem } from "./model";

test("each kind has its place, and an unknown one leads home", () => {
  expect(placeOfItem({ kind: "Application", namespace: "a", name: "b" })).toBe("/applications/a/b");
  expect(placeOfItem({ kind: "SealedSecret", namespace: "a", name: "b c" })).toBe("/sealedsecrets/a/b%20c");
  expect(placeOfItem({ kind: "ClusterIssuer", namespace: "", name: "letsencrypt" })).toBe("/clusterissuers/-/letsencrypt");
  expect(placeOfItem({ kind: "Other", namespace: "a", name: "b" })).toBe("/");
});

test.each([
  [{ kind: "Stage", reason: "Waiting" }, { acts: "stages" }],
  [{ kind: "Rollout", reason: "Paused" }, { acts: "rollouts" }],
  [{ kind: "Application", reason: "OutOfSync" }, { to: "/applications/a/b?view=diff" }],
  [{ kind: "Application", reason: "Degraded" }, { to: "/applications/a/b?view=tree" }],
  [{ kind: "Application", reason: "ComparisonError" }, { to: "/applications/a/b", words: "See why" }],
  [{ kind: "Certificate", reason: "Expired" }, { acts: "certificates" }],
  [{ kind: "Promotion", reason: "Failed" }, { acts: "promotions" }],
  [{ kind: "SealedSecret", reason: "Broken" }, { to: "/sealedsecrets/a/b", words: "See why" }],
])("each line offers what to do next: %j", (item, next) => {
  const given: Item = { namespace: "a", name: "b", severity: "attention", message: "", since: "", until: "", facts: {}, ...item };
  expect(nextOf(given)).toMatchObject(next);
});

test("many that are alike are a few and a number, gates are shown one by one", () => {
  const item = (kind: string, reason: string, name: string): Item => ({ kind, reason, name, namespace: "a", severity: "attention", message: "", since: "", until: "", facts: {} });
  const names = Array.from({ length: 20 }, (_, at) => `web-${at}`);
  const items = [...names.map((name) => item("Application", "OutOfSync", name)), ...names.slice(0, 6).map((name) => item("Stage", "Waiting", name))];
  const group = (kind: string, reason: string, count: number) => ({ kind, reason, severity: "attention", count });
  const found = folded(items, [group("Application", "OutOfSync", 1429), group("Stage", "Waiting", 6)]);
  expect(found.map(({ shown, more, to }) => [shown.length, more, to])).toEqual([
    [3, 1426, "/applications?reason=OutOfSync"],
    [6, 0, "/pipelines"],
  ]);
});
