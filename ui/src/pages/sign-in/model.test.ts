import { expect, test } from "vitest";

import { goesByItself, providerAddress, returnPath } from "./model";

test.each([
  ["/applications?sync=OutOfSync", "/applications?sync=OutOfSync"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["https://here.example.evil.example/x", "/"],
  ["https://here.example//evil.example", "/"],
  ["https://here.example/applications", "/applications"],
  ["javascript:alert(1)", "/"],
  ["/login?return=/x", "/"],
  ["", "/"],
  [null, "/"],
])("after signing in %s leads to %s", (given, place) => {
  expect(returnPath(given, "https://here.example")).toBe(place);
});

test("a provider is told where to come back to", () => {
  expect(providerAddress("/auth/login", "/applications?a=b", "/argo")).toBe("/argo/auth/login?return_url=%2Fargo%2Fapplications%3Fa%3Db");
});

test.each([
  [true, "", null, true],
  [false, "", null, false],
  [true, "has_sso_error=true", null, false],
  [true, "signed-out=1", null, false],
  [true, "local=1", null, false],
  [true, "", 50_000, false],
  [true, "", 40_000, true],
])("automatic: %s, address: %s, last attempt: %s", (automatic, query, last, expected) => {
  expect(goesByItself(automatic, new URLSearchParams(query), last, 100_000)).toBe(expected);
});
