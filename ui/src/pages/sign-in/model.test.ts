import { expect, test } from "vitest";

import { returnPath } from "./model";

test.each([
  ["/applications?sync=OutOfSync", "/applications?sync=OutOfSync"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/login?return=/x", "/"],
  ["", "/"],
  [null, "/"],
])("after signing in %s leads to %s", (given, place) => {
  expect(returnPath(given)).toBe(place);
});
