import { expect, test } from "vitest";

import { comparison, sidesOf } from "./sides";

test("one chooses of what lives, Git, the history, and what the address names", () => {
  const found = sidesOf([{ id: 3, revisions: ["a".repeat(40)] }], "main", ["history:3", "revision:v1", "live"]);
  expect(found.map((one) => one.value)).toEqual(["live", "git", "history:3", "revision:v1"]);
  expect(found.at(2)?.title).toBe("deployment 3 (aaaaaaaa)");
  expect(found.at(3)?.title).toBe("revision v1");
});

test("the usual question needs no comparison of its own", () => {
  expect(comparison("argocd", "web", "live", "git")).toBeNull();
  expect(comparison("argocd", "web", "history:1", "git")).toBe("/api/argosy/v1/applications/argocd/web/compare?from=history%3A1&to=git");
});
