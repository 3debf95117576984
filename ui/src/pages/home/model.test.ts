import { expect, test } from "vitest";

import { type Item, nextOf, placeOfItem } from "./model";

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
  [{ kind: "Certificate", reason: "Expired" }, { to: "/certificates/a/b" }],
])("each line offers what to do next: %j", (item, next) => {
  const given: Item = { namespace: "a", name: "b", severity: "attention", message: "", since: "", until: "", ...item };
  expect(nextOf(given)).toMatchObject(next);
});
