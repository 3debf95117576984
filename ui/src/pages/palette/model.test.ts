import { expect, test } from "vitest";

import { answers, type Command, commandsOf, MOST, movedBy, score } from "./model";

const page = (title: string): Command => ({ title, kind: "page", to: `/${title}` });
const PAGES = ["Home", "Applications", "ApplicationSets", "Sealed secrets", "Settings"].map(page);
const titles = (typed: string) => answers(PAGES, [], typed).map((one) => one.title);

test("nothing typed shows everything in its order", () => {
  expect(titles("")).toEqual(PAGES.map((one) => one.title));
});

test.each([
  ["app", "Applications"],
  ["apps", "ApplicationSets"],
  ["ss", "Sealed secrets"],
  ["sett", "Settings"],
  ["sealed sec", "Sealed secrets"],
])("%s means %s first", (typed, first) => {
  expect(titles(typed)[0]).toBe(first);
});

test("letters that are not there in this order answer nothing", () => {
  expect(score("Home", "emoh")).toBeNull();
  expect(titles("zzz")).toEqual([]);
});

test("what the server found comes after the pages, and never more than fit", () => {
  const found = Array.from({ length: 50 }, (_, at) => page(`web-${at}`));
  const all = answers(PAGES, found, "home");
  expect(all[0]?.title).toBe("Home");
  expect(all.length).toBe(MOST);
});

test("names are escaped in addresses", () => {
  expect(commandsOf("rollouts", "Rollout", [{ namespace: "a", name: "x/../y" }])[0]?.to).toBe("/rollouts/a/x%2F..%2Fy");
});

test("arrows go round, Home and End to the ends, and through nothing nowhere", () => {
  expect(movedBy("ArrowDown", 2, 3)).toBe(0);
  expect(movedBy("ArrowUp", 0, 3)).toBe(2);
  expect(movedBy("End", 0, 3)).toBe(2);
  expect(movedBy("Home", 2, 3)).toBe(0);
  expect(movedBy("x", 1, 3)).toBe(1);
  expect(movedBy("ArrowDown", 0, 0)).toBe(-1);
});
