import { expect, test } from "vitest";

import { ALIKE, byNeed, commonName, FEW, foldedPipeline, foldsOf, searched, shapeOf, tally } from "./folding";
import { picture, type Pipeline, type Row, type StageNode } from "./model";

const row = (name: string, change: Partial<Row> = {}): Row => ({ kind: "Stage", namespace: "p", name, state: "Ready", severity: "ok", message: "", since: "", until: "", facts: {}, createdAt: "", ...change });
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
const many = (count: number, after: string[], prefix = "cell") => Array.from({ length: count }, (_, at) => stage(`${prefix}-${at}`, after));
const pipeline = (...stages: StageNode[]): Pipeline => ({ project: "p", warehouses: [row("w", { kind: "Warehouse" })], stages, freight: [] });

test("a pipeline of few stages is shown as it is", () => {
  expect(foldsOf(pipeline(...many(FEW, ["dev"])))).toEqual([]);
});

test("of a large one stages that take the same and lead to the same stand as one", () => {
  const found = pipeline(stage("dev"), stage("staging", ["dev"]), ...many(50, ["staging"]), ...many(ALIKE, ["dev"], "other"));
  const folds = foldsOf(found);
  expect(folds.map((fold) => [fold.first, fold.stages.length])).toEqual([["cell-0", 50]]);
  const laid = picture(foldedPipeline(found, folds));
  expect(laid.places.map((one) => one.name)).toEqual(["w", "dev", "staging", "cell-0", "other-0", "other-1", "other-2", "other-3"]);
});

test("what follows a fold follows what stands for it", () => {
  const cells = many(40, ["dev"]);
  const found = pipeline(stage("dev"), ...cells, stage("end", cells.map((one) => one.row.name)));
  const laid = picture(foldedPipeline(found, foldsOf(found)));
  expect(laid.edges).toContainEqual({ from: "stage/cell-0", to: "stage/end" });
  expect(laid.columns).toBe(4);
});

test("stages that different ones follow are no fold", () => {
  const regions = many(10, ["dev"], "region");
  const cells = regions.flatMap((one) => many(3, [one.row.name], `${one.row.name}-cell`));
  expect(foldsOf(pipeline(stage("dev"), ...regions, ...cells))).toEqual([]);
});

test.each([
  [["prod-cell-1", "prod-cell-2"], "prod-cell-…"],
  [["a", "b"], "a …"],
  [["alone"], "alone"],
])("%j are called %s", (names, text) => {
  expect(commonName(names)).toBe(text);
});

test("what needs somebody comes first, and is counted", () => {
  const stages = [
    stage("well-10"),
    stage("well-9"),
    stage("gate", [], { waiting: 1 }),
    stage("broken", [], { row: row("broken", { severity: "broken" }) }),
    stage("idle", [], { row: row("idle", { severity: "attention" }) }),
    stage("runs", [], { promotions: [row("x")] }),
  ];
  expect(byNeed(stages).map((one) => one.row.name)).toEqual(["broken", "gate", "idle", "runs", "well-9", "well-10"]);
  expect(tally(stages)).toEqual({ broken: 1, waits: 1, attention: 1, promoting: 1, well: 2 });
});

test("a search is for all its words, in names and in what is held", () => {
  const stages = [stage("prod-eu"), stage("prod-us", [], { holds: [{ name: "f", alias: "sly-fox", content: "shop:1.1" }] })];
  expect(searched(stages, "prod FOX").map((one) => one.row.name)).toEqual(["prod-us"]);
  expect(searched(stages, "")).toHaveLength(2);
});

test("the shape is the same whatever the stages hold", () => {
  const before = pipeline(stage("a"), stage("b", ["a"]));
  const after = pipeline(stage("a", [], { waiting: 3 }), stage("b", ["a"]));
  expect(shapeOf(after)).toBe(shapeOf(before));
  expect(shapeOf(pipeline(stage("a"), stage("b")))).not.toBe(shapeOf(before));
});

test("500 stages behind one are folded and laid out", () => {
  const found = pipeline(stage("dev"), ...many(500, ["dev"]));
  expect(picture(foldedPipeline(found, foldsOf(found))).places).toHaveLength(3);
});
