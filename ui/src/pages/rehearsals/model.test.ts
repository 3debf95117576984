import { expect, test } from "vitest";

import { compare, extent, moments, outcomeOf, placeOf, type Report } from "./model";

const object = { kind: "Deployment", namespace: "dev", name: "shop", change: "update", lines: ["--- before", "+++ after", "-a", "+b"] };
const line = (after: string, text: string) => ({ after, at: "", kind: "Stage", namespace: "shop", name: "dev", cluster: "", severity: "ok", text });
const report = (change: Partial<Report> = {}): Report => ({
  name: "night", seed: 0, began: "", ended: "", took: "8s", outcome: "delivered", reason: "all is well", changes: ["push image shop:1"], timeline: [],
  differences: [{ namespace: "argocd", application: "dev", destination: "here", objects: [object] }], commits: [], gates: [], failures: [], busy: [], before: [], notes: [], problems: [], ...change,
});

test.each([
  ["delivered", "ok"],
  ["unchanged", "ok"],
  ["waiting", "attention"],
  ["failed", "broken"],
  ["stuck", "broken"],
  ["something new", "busy"],
])("an outcome has a word and a severity", (word, severity) => {
  expect(outcomeOf(word).severity).toBe(severity);
  expect(outcomeOf(word).words).not.toBe("");
});

test("what changes is counted", () => {
  expect(extent(report())).toBe("1 environment, 1 object");
  expect(extent(report({ differences: [] }))).toBe("");
});

test("what happens at one moment stands together", () => {
  const found = moments([line("0s", "a"), line("0s", "b"), line("6h0m0s", "c")]);
  expect(found.map((one) => [one.after, one.lines.length])).toEqual([["0s", 2], ["6h0m0s", 1]]);
});

test("a line leads to its object unless that is elsewhere", () => {
  expect(placeOf("Rollout", "prod", "a b", "")).toBe("/rollouts/prod/a%20b");
  expect(placeOf("Rollout", "prod", "shop", "prod-eu")).toBe("");
  expect(placeOf("", "", "", "")).toBe("");
});

test("two reports differ in what their rows say", () => {
  const gate = { kind: "Stage", namespace: "shop", name: "prod", cluster: "", message: "waits", until: "" };
  const rows = compare(report(), report({ outcome: "waiting", gates: [gate], differences: [] }));
  const differing = rows.filter((row) => !row.same).map((row) => row.title);
  expect(differing).toEqual(["Outcome", "Gates", "dev"]);
  expect(rows.find((row) => row.title === "Gates")?.right).toBe("Stage shop/prod: waits");
  expect(rows.find((row) => row.title === "dev")?.left).toBe("update Deployment shop\n-a\n+b");
});
