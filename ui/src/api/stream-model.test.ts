import { expect, test } from "vitest";

import { addressOf, told } from "./stream-model";

test("several windows are asked for in one address, each with its own query", () => {
  const found = new URL(addressOf(["/api/argosy/v1/stream/home", "/api/argosy/v1/stream/applications?search=a%26b&limit=5"]), "https://x");
  expect(found.pathname).toBe("/api/argosy/v1/stream");
  expect(found.searchParams.getAll("watch")).toEqual(["home", "applications?search=a%26b&limit=5"]);
});

test("an event names its window, and one without a number is meant for all", () => {
  expect(told('[1,{"a":2}]')).toEqual({ number: 1, body: { a: 2 } });
  expect(told("[0]")).toEqual({ number: 0, body: {} });
  expect(told("[]")).toEqual({ number: -1, body: {} });
});
