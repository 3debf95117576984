import { expect, test } from "vitest";

import { placeOfItem } from "./model";

test("each kind has its place, and an unknown one leads home", () => {
  expect(placeOfItem({ kind: "Application", namespace: "a", name: "b" })).toBe("/applications/a/b");
  expect(placeOfItem({ kind: "SealedSecret", namespace: "a", name: "b c" })).toBe("/sealedsecrets/a/b%20c");
  expect(placeOfItem({ kind: "Other", namespace: "a", name: "b" })).toBe("/");
});
