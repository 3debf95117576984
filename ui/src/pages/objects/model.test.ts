import { expect, test } from "vitest";

import { rolloutVerbs, questionOf, yaml } from "./model";

test("the question names the kind and what the address says", () => {
  expect(questionOf("rollouts", new URLSearchParams("state=Paused&x=1"))).toBe(
    "/api/argosy/v1/stream/rollouts?limit=150&state=Paused",
  );
});

test("YAML is what kubectl would print", () => {
  const value = { kind: "A", list: [{ a: 1, b: [] }, "x"], map: { t: "true", c: "a: b", n: null, e: {} } };
  expect(yaml(value)).toBe(`
kind: A
list:
  - a: 1
    b: []
  - x
map:
  t: "true"
  c: "a: b"
  "n": null
  e: {}
`);
});

test.each([
  ["Paused", ["promote", "promote-full", "abort"]],
  ["Progressing", ["pause", "promote-full", "abort"]],
  ["Aborted", ["retry", "restart"]],
  ["Healthy", ["restart"]],
])("a Rollout that is %s can be told to %s", (state, verbs) => {
  expect(rolloutVerbs(state).map((verb) => verb.name)).toEqual(verbs);
});

test("what may lose something says so first", () => {
  expect(rolloutVerbs("Paused").filter((verb) => verb.effect).map((verb) => verb.name)).toEqual(["promote-full", "abort"]);
});
