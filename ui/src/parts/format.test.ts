import { expect, test } from "vitest";

import { age, counted, length, namedLink, naturally, personOf, readable, safeLink, shortRevision, span } from "./format";

const NOW = Date.parse("2026-01-01T12:00:00Z");

test.each([
  ["2026-01-01T12:00:00Z", "now"],
  ["2026-01-01T12:00:01Z", "now"],
  ["2026-01-01T11:59:30Z", "30s ago"],
  ["2026-01-01T11:54:10Z", "5m 50s ago"],
  ["2026-01-01T11:00:00Z", "1h ago"],
  ["2025-12-20T11:00:00Z", "12d ago"],
  ["2026-01-01T12:10:00Z", "in 10m"],
  ["nonsense", ""],
  [undefined, ""],
])("the age of %s is %s", (iso, text) => {
  expect(age(iso, NOW)).toBe(text);
});

test("a length has two units while the first is small", () => {
  expect([length(0), length(59), length(3700), length(90_000), length(864_000)]).toEqual([
    "0s",
    "59s",
    "1h 1m",
    "1d 1h",
    "10d",
  ]);
});

test.each([
  ["https://a.example/x", "https://a.example/x"],
  ["http://a.example/", "http://a.example/"],
  ["javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["//evil.example", null],
  ["not a url", null],
])("the link %s is %s", (url, found) => {
  expect(safeLink(url)).toBe(found);
});

test("only a full commit is shortened", () => {
  expect(shortRevision("a".repeat(40))).toBe("aaaaaaaa");
  expect(shortRevision("v1.2.3")).toBe("v1.2.3");
});

test("how long something took", () => {
  expect(span("2026-01-01T00:00:00Z", "2026-01-01T00:01:05Z")).toBe("1m 5s");
  expect(span("", "2026-01-01T00:00:00Z")).toBe("");
});

test("a link has the title that stands before its address, and none leads to a script", () => {
  expect(namedLink("Dashboard|https://a.example/x")).toEqual({ title: "Dashboard", url: "https://a.example/x" });
  expect(namedLink("https://a.example/x")).toEqual({ title: "https://a.example/x", url: "https://a.example/x" });
  expect(namedLink("|https://a.example/x")?.title).toBe("https://a.example/x");
  expect(namedLink("<b>x</b>|javascript:alert(1)")).toBeNull();
  expect(namedLink("https://a.example/|javascript:alert(1)")).toBeNull();
});

test("moments within a sentence are told as people read them", () => {
  expect(readable("until 2026-01-01T12:00:00Z, or later", "en-GB")).toMatch(/^until 1 Jan 2026, \d\d:\d\d, or later$/);
  expect(readable("nothing here 2026-01-01")).toBe("nothing here 2026-01-01");
});

test.each([
  [{ matched: 10_000, total: 10_000 }, "10,000"],
  [{ matched: 1429, total: 10_000 }, "1,429 of 10,000"],
])("%j is %s rows", (page, words) => {
  expect(counted(page, "en")).toBe(words);
});

test.each([
  ["email:a@b.example", "a@b.example"],
  ["kubernetes:kubernetes-admin", "kubernetes-admin"],
  ["controller", "controller"],
  ["system:serviceaccount:ns:robot", "system:serviceaccount:ns:robot"],
])("%s is %s", (actor, person) => {
  expect(personOf(actor)).toBe(person);
});

test("names are sorted as people count", () => {
  expect(["ns-10", "ns-2", "ns-1"].sort(naturally)).toEqual(["ns-1", "ns-2", "ns-10"]);
});
