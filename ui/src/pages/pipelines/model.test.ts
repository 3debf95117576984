import { expect, test } from "vitest";

import { contentDiff, heldIn, isGate, picture, type Pipeline, type Row, shortContent, standingOf, type StageNode, waitsFor } from "./model";

const row = (name: string, kind = "Stage"): Row => ({ kind, namespace: "p", name, state: "Ready", severity: "ok", message: "", since: "", until: "", facts: {}, createdAt: "" });
const stage = (name: string, after: string[] = [], change: Partial<StageNode> = {}): StageNode => ({
  row: row(name),
  takes: [{ warehouse: "w", direct: after.length === 0, stages: after }],
  holds: [],
  controlFlow: false,
  automatic: false,
  waiting: 0,
  next: null,
  promotions: [],
  onHold: [],
  verification: "",
  ...change,
});
const pipeline = (...stages: StageNode[]): Pipeline => ({ project: "p", warehouses: [row("w", "Warehouse")], stages, freight: [] });
const at = (found: ReturnType<typeof picture>) => Object.fromEntries(found.places.map((one) => [one.name, [one.column, one.row]]));

test("a stage stands behind all that it takes Freight from", () => {
  const found = picture(pipeline(stage("prod", ["staging", "dev"]), stage("dev"), stage("staging", ["dev"])));
  expect(at(found)).toEqual({ w: [0, 0], dev: [1, 0], staging: [2, 0], prod: [3, 0] });
  expect(found.edges).toContainEqual({ from: "stage/dev", to: "stage/prod" });
});

test("stages side by side have rows of their own, in the order of their names", () => {
  const found = picture(pipeline(stage("b"), stage("a"), stage("end", ["a", "b"])));
  expect(at(found)).toEqual({ w: [0, 0], a: [1, 0], b: [1, 1], end: [2, 1] });
});

test("a circle ends", () => {
  expect(picture(pipeline(stage("a", ["b"]), stage("b", ["a"]))).places).toHaveLength(3);
});

test("500 stages in one row are laid out", () => {
  const stages = Array.from({ length: 500 }, (_, number) => stage(`s${number}`, number ? [`s${number - 1}`] : []));
  expect(picture(pipeline(...stages)).columns).toBe(501);
});

test.each([
  [{ controlFlow: true }, "passes Freight on"],
  [{ waiting: 1, next: { name: "f", alias: "sly-fox", content: "" } }, "sly-fox waits for a person"],
  [{ waiting: 1, next: { name: "f", alias: "sly-fox", content: "reg/shop:1.1" } }, "sly-fox waits for a person: shop:1.1"],
  [{ waiting: 1, automatic: true, next: { name: "f", alias: "sly-fox", content: "" } }, "sly-fox is promoted automatically"],
  [{ promotions: [{ ...row("x"), state: "Running" }, row("y")] }, "promoting, 1 behind it"],
])("what a stage waits for is said: %j", (change, words) => {
  expect(waitsFor(stage("s", [], change))).toBe(words);
});

test("a stage where a person is to decide says so before that it is ready", () => {
  const gate = stage("s", [], { waiting: 1 });
  expect([isGate(gate), standingOf(gate)]).toEqual([true, { severity: "attention", word: "Waiting for you" }]);
  for (const change of [{ automatic: true }, { controlFlow: true }, { promotions: [row("x")] }, { waiting: 0 }]) {
    const other = stage("s", [], { waiting: 1, ...change });
    expect([isGate(other), standingOf(other)]).toEqual([false, { severity: "ok", word: "Ready" }]);
  }
  const broken = stage("s", [], { waiting: 1, row: { ...row("s"), severity: "broken", state: "Failed" } });
  expect(standingOf(broken)).toEqual({ severity: "broken", word: "Failed" });
});

test("Freight is found where it is held", () => {
  expect(heldIn(pipeline(stage("dev", [], { holds: [{ name: "f", alias: "", content: "" }] }), stage("prod")), "f")).toEqual(["dev"]);
});

test("two contents differ artefact by artefact", () => {
  expect(contentDiff("reg:5000/shop:1.0, chart 1.2", "reg:5000/shop:1.1, chart 1.2")).toEqual([
    { artefact: "reg:5000/shop", before: "1.0", after: "1.1" },
  ]);
  expect(contentDiff("abcdef12", "12345678")).toEqual([{ artefact: "commit", before: "abcdef12", after: "12345678" }]);
});

test("contents are short where the whole is a press away", () => {
  expect(shortContent("127.0.0.1:5000/team/shop:1.1.0, 12345678")).toBe("shop:1.1.0, 12345678");
});
