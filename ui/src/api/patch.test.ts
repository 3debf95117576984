import { expect, test } from "vitest";

import { patched } from "./patch";

const row = (name: string, sync = "Synced") => ({ namespace: "a", name, sync });

test("a merge patch sets, removes and goes into objects", () => {
  const before = { total: 2, facets: { sync: { Synced: 2, Unknown: 1 } } };
  expect(patched(before, { total: 3, facets: { sync: { Unknown: null, OutOfSync: 1 } } })).toEqual({
    total: 3,
    facets: { sync: { Synced: 2, OutOfSync: 1 } },
  });
  expect(before.total).toBe(2);
});

test("rows that changed take their place, and keep the order", () => {
  const before = { rows: [row("x"), row("y")] };
  expect(patched(before, { changed: [row("y", "OutOfSync")] }).rows).toEqual([row("x"), row("y", "OutOfSync")]);
});

test("an order adds new rows and drops those that it does not name", () => {
  const before = { rows: [row("x"), row("y")] };
  expect(patched(before, { changed: [row("z")], order: ["a/z", "a/x"] }).rows).toEqual([row("z"), row("x")]);
});
