import { expect, test } from "vitest";

import { placeOf, streamOf } from "./model";

test("the question is made of what the address says, and of nothing else", () => {
  const query = new URLSearchParams("search=web&sync=OutOfSync&sync=Unknown&sort=-health&offset=50&view=x&evil=1");
  expect(streamOf(query)).toBe(
    "/api/argosy/v1/stream/applications?search=web&sync=OutOfSync&sync=Unknown&sort=-health&offset=50&limit=50",
  );
});

test("names are escaped in addresses", () => {
  expect(placeOf({ namespace: "a/b", name: "x?y" })).toBe("/applications/a%2Fb/x%3Fy");
});
