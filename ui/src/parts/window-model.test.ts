import { expect, test } from "vitest";

import { ASKED, askedFrom, BEYOND, drawnRows, placedRows } from "./window-model";

test("only what is seen is drawn, and some rows beyond", () => {
  expect(drawnRows(0, 800, 50, 10_000)).toEqual({ first: 0, last: 16 + BEYOND });
  expect(drawnRows(50_000, 800, 50, 10_000)).toEqual({ first: 1000 - BEYOND, last: 1016 + BEYOND });
});

test("a list that begins far down the page draws what is seen of it", () => {
  expect(drawnRows(-300, 800, 50, 10_000).last).toBe(10 + BEYOND);
});

test("never more than there is, and a list that became shorter shows its end", () => {
  expect(drawnRows(0, 800, 50, 3)).toEqual({ first: 0, last: 3 });
  expect(drawnRows(50_000, 800, 50, 20)).toEqual({ first: 20 - BEYOND, last: 20 });
  expect(drawnRows(0, 800, 50, 0)).toEqual({ first: 0, last: 0 });
});

test.each([0, 24, 25, 49, 50, 51, 99, 1000, 9_960])("what is drawn at row %i is asked for", (first) => {
  const view = { first, last: first + 40 };
  const offset = askedFrom(view);
  expect(offset).toBeLessThanOrEqual(view.first);
  expect(offset + ASKED).toBeGreaterThanOrEqual(view.last);
});

test("going on by one row seldom asks anew", () => {
  const asked = new Set(Array.from({ length: 500 }, (_, first) => askedFrom({ first, last: first + 40 })));
  expect(asked.size).toBeLessThanOrEqual(11);
});

test("rows stay where they are until they are answered anew", () => {
  const before = placedRows(new Map(), ["a", "b"], 0);
  const after = placedRows(before, ["B", "c"], 1);
  expect([...after].sort()).toEqual([[0, "a"], [1, "B"], [2, "c"]]);
});
