import { expect, test } from "vitest";

import { favouriteOf, favouritesOf, MOST, toggled } from "./favourites-model";

test("what was stored by somebody else is not a favourite", () => {
  expect(favouritesOf(null)).toEqual([]);
  expect(favouritesOf("{")).toEqual([]);
  expect(favouritesOf('["Application/argocd/web", 3, "a/b", "a/b/c/d", "//"]')).toEqual(["Application/argocd/web"]);
});

test("a favourite is taken in front and let go", () => {
  const one = favouriteOf({ kind: "Stage", namespace: "shop", name: "prod" });
  expect(toggled(["a/b/c"], one)).toEqual(["Stage/shop/prod", "a/b/c"]);
  expect(toggled(["Stage/shop/prod", "a/b/c"], one)).toEqual(["a/b/c"]);
  expect(toggled(Array.from({ length: MOST }, (_, at) => `a/b/${at}`), one)).toHaveLength(MOST);
});
