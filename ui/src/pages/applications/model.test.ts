import { expect, test } from "vitest";

import { allOf, bulkEffect, bulkRequest, placeOf, questionOf, shares } from "./model";

test("the question is made of what the address says, and of nothing else", () => {
  const query = new URLSearchParams("search=web&sync=OutOfSync&sync=Unknown&sort=-health&offset=50&view=x&evil=1");
  expect(questionOf(query)).toBe(
    "/api/argosy/v1/stream/applications?limit=150&search=web&sync=OutOfSync&sync=Unknown&sort=-health",
  );
});

test("names are escaped in addresses", () => {
  expect(placeOf({ namespace: "a/b", name: "x?y" })).toBe("/applications/a%2Fb/x%3Fy");
});

const target = { namespace: "team", name: "web", project: "p", sync: "OutOfSync" };

test.each([
  ["sync", "POST", "/api/v1/applications/web/sync"],
  ["refresh", "GET", "/api/v1/applications/web?appNamespace=team&refresh=normal"],
  ["hard-refresh", "GET", "/api/v1/applications/web?appNamespace=team&refresh=hard"],
  ["delete", "DELETE", "/api/v1/applications/web?appNamespace=team&cascade=true&propagationPolicy=foreground"],
] as const)("%s of a selection is one call for each", (verb, method, place) => {
  expect(bulkRequest(verb, target, false)).toMatchObject({ method, place });
});

test("the effect of a sync counts what differs", () => {
  expect(bulkEffect("sync", [target, { ...target, sync: "Synced" }], false)).toContain("1 of 2 are out of sync");
});

test("all that match are asked for with as many rows as may be selected at once", () => {
  expect(allOf(questionOf(new URLSearchParams("sync=OutOfSync&limit=3")))).toBe("/api/argosy/v1/applications?limit=500&sync=OutOfSync");
});

test("what there is most of comes first, with its share", () => {
  expect(shares({ Synced: 1, OutOfSync: 3 }, 4)).toEqual([
    { value: "OutOfSync", count: 3, share: 0.75 },
    { value: "Synced", count: 1, share: 0.25 },
  ]);
  expect(shares({ a: 0 }, 0)).toEqual([{ value: "a", count: 0, share: 0 }]);
});
