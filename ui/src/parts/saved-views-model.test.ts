import { expect, test } from "vitest";

import { keptAddress, titleOf, viewsOf, viewsOfList, withoutView, withView } from "./saved-views-model";

const MINE = { name: "mine", to: "/applications?project=a" };

test("what is stored is read again, and what is not a view of this page is left out", () => {
  expect(viewsOf(JSON.stringify([MINE]))).toEqual([MINE]);
  for (const to of ["javascript:alert(1)", "//evil.example", "/\\evil.example", "", 1]) {
    expect(viewsOf(JSON.stringify([{ name: "x", to }]))).toEqual([]);
  }
  for (const text of [null, "", "{", "3", "null", '[null, 1, "x"]']) expect(viewsOf(text)).toEqual([]);
});

test("a view of the same name and list is replaced; another list may have the same name", () => {
  const other = { name: "mine", to: "/rollouts?state=Paused" };
  const newer = { name: "mine", to: "/applications?project=b" };
  expect(withView(withView([MINE], other), newer)).toEqual([other, newer]);
  expect(withoutView([MINE, other], MINE)).toEqual([other]);
});

test("a view is the address without where the list is scrolled to", () => {
  expect(keptAddress("/applications", new URLSearchParams("sync=OutOfSync&offset=70"))).toBe("/applications?sync=OutOfSync");
  expect(keptAddress("/applications", new URLSearchParams("offset=70"))).toBe("/applications");
});

test("one's own views come before those of projects, and hostile ones not at all", () => {
  const own = [{ name: "b", to: "/applications?sync=Synced" }, { name: "other", to: "/rollouts?x=1" }];
  const shared = [
    { name: "a", to: "/applications?search=a", project: "team" },
    { name: "evil", to: "//evil.example/applications", project: "team" },
  ];
  const found = viewsOfList(own, shared, "/applications");
  expect(found.map((one) => one.name)).toEqual(["b", "a"]);
  expect(found.map(titleOf)).toEqual(["saved in this browser", "of the project team"]);
});
