import { expect, test } from "vitest";

import { fileOf, isCut, kept, levelOf, linesOf, marked, MOST_LINES, numbered, placeOf, plain, sinceOf, unseen } from "./model";

const line = (at: string, text: string, pod = "a") => ({ at, pod, text, level: levelOf(text), number: 0, name: "" });

test("a line keeps its Pod and its time, and gets a level", () => {
  expect(linesOf([{ at: "1", pod: "a", text: "an error" }])).toEqual([{ at: "1", pod: "a", text: "an error", level: "error", number: 0, name: "" }]);
});

test.each([
  ["ERROR something", "error"],
  ["E0101 12:00 failed", "error"],
  ["level=warn x", "warning"],
  ["terror", "info"],
  ['{"level":"error"}', "error"],
])("%s is of level %s", (text, level) => {
  expect(levelOf(text)).toBe(level);
});

test("colours for terminals are left out", () => {
  expect(plain("\u001b[31mred\u001b[0m")).toBe("red");
  expect(plain("\u001b]8;;javascript:alert(1)\u0007press\u001b]8;;\u001b\\")).toBe("press");
  expect(plain("a\rb\bc\td")).toBe("a\u240db\u2408c\td");
});

test("only the newest lines are kept", () => {
  const lines = Array.from({ length: MOST_LINES + 2 }, (_, at) => line(String(at), "x"));
  expect(kept(lines)[0]?.at).toBe("2");
});

test("of the lines since a linked one the oldest are kept", () => {
  const lines = Array.from({ length: MOST_LINES + 2 }, (_, at) => line(String(at), "x"));
  expect(kept(lines, true)[0]?.at).toBe("0");
  expect(isCut(kept(lines, true))).toBe(true);
});

test("lines are numbered on, so that each keeps its place on the screen when older ones go", () => {
  const first = numbered([line("1", "x"), line("1", "x")], []);
  expect([...first, ...numbered([line("2", "y")], first)].map((one) => one.number)).toEqual([1, 2, 3]);
});

test("a line is named by its time and Pod, and by its place among those of the same time", () => {
  const first = numbered([line("1", "x"), line("2", "x"), line("2", "y"), line("2", "x", "b")], []);
  const more = numbered([line("2", "z"), line("3", "x")], first);
  expect([...first, ...more].map((one) => one.name)).toEqual(["1 a", "2 a", "2 a 2", "2 b", "2 a 3", "3 a"]);
});

test("a link asks for the lines since shortly before its line", () => {
  expect(sinceOf("2026-01-01T00:01:00.123456789Z web-1 2")).toBe("2026-01-01T00:00:30.123Z");
  expect(sinceOf("yesterday web-1")).toBe("");
  expect(sinceOf("")).toBe("");
});

test("a stream that is resumed shows no line twice, and loses none of another Pod", () => {
  const seen = [line("1", "x"), line("2", "y")];
  const come = [line("1", "x"), line("2", "z", "b"), line("2", "y"), line("3", "x")];
  expect(unseen(come, seen).map((one) => `${one.at} ${one.pod} ${one.text}`)).toEqual(["2 b z", "3 a x"]);
  expect(unseen(come, [])).toEqual(come);
});

test("what was searched is marked, whatever its case", () => {
  expect(marked("an Error: error", "ERROR")).toEqual([
    { text: "an ", hit: false },
    { text: "Error", hit: true },
    { text: ": ", hit: false },
    { text: "error", hit: true },
  ]);
});

test("the question names the object, and after a break only what is new", () => {
  const wanted = {
    application: "web", appNamespace: "argocd", namespace: "n", kind: "Deployment", group: "apps", name: "d",
    container: "", filter: "x", previous: false, follow: true, tail: 100, line: "",
  }; // prettier-ignore
  expect(placeOf(wanted)).toBe(
    "/api/argosy/v1/stream/applications/argocd/web/logs?follow=true&tailLines=100&resourceNamespace=n&kind=Deployment&group=apps&resourceName=d&filter=x",
  );
  expect(placeOf(wanted, "2026-01-01T00:00:00Z")).toContain("sinceTime=2026-01-01T00%3A00%3A00Z");
  expect(placeOf({ ...wanted, line: "2026-01-01T00:00:40Z web-1" })).toContain("sinceTime=2026-01-01T00%3A00%3A10.000Z");
});

test("a download names the Pods where there are several", () => {
  expect(fileOf([line("1", "x", "a"), line("2", "y", "b")])).toBe("1 a x\n2 b y\n");
  expect(fileOf([line("1", "x", "a")])).toBe("1 x\n");
});
