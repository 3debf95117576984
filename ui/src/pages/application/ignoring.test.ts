import { expect, test } from "vitest";

import { asPatch, differingPlaces, ruleFor, withRule } from "./ignoring";

const OF = { group: "apps", kind: "Deployment", namespace: "team", name: "web" };

test("each place that differs is found, and names with slashes are escaped", () => {
  const found = differingPlaces({ spec: { replicas: 1, same: [1] }, metadata: { annotations: { "a/b~c": "1" } } }, { spec: { replicas: 2, same: [1] }, metadata: { annotations: {} } });
  expect(found.map((one) => one.pointer)).toEqual(["/metadata/annotations/a~1b~0c", "/spec/replicas"]);
});

test("an item with a name is found by it, by jq; one without by its place", () => {
  const before = { spec: { containers: [{ name: "web", image: "a" }, { name: "side", image: "x" }], args: ["1", "2"] } };
  const after = { spec: { containers: [{ name: "side", image: "x" }, { name: "web", image: "b" }], args: ["1", "3"] } };
  const found = differingPlaces(before, after);
  expect(found.map((one) => one.shown)).toEqual(["spec.args[1]", "spec.containers[web].image"]);
  expect(ruleFor(OF, found)).toEqual({
    group: "apps",
    kind: "Deployment",
    name: "web",
    namespace: "team",
    jsonPointers: ["/spec/args/1"],
    jqPathExpressions: ['.spec.containers[] | select(.name == "web") | .image'],
  });
});

test("an item that is there on one side alone, and lists of another length, are one place", () => {
  expect(differingPlaces({ env: [{ name: "a" }] }, { env: [{ name: "a" }, { name: "b" }] }).map((one) => one.jq)).toEqual(['.env[] | select(.name == "b") | ']);
  expect(differingPlaces({ args: [1] }, { args: [1, 2] }).map((one) => one.pointer)).toEqual(["/args"]);
});

test("a rule for the same object grows, and the others are kept", () => {
  const rules = [{ kind: "Secret", name: "x", jsonPointers: ["/data"] }, { ...ruleFor(OF, []), jsonPointers: ["/spec/replicas"] }];
  const found = withRule(rules, { ...ruleFor(OF, []), jsonPointers: ["/spec/replicas", "/spec/paused"] });
  expect(found).toHaveLength(2);
  expect(found[1]!.jsonPointers).toEqual(["/spec/replicas", "/spec/paused"]);
  expect(JSON.parse(asPatch(found).patch).spec.ignoreDifferences).toHaveLength(2);
});
