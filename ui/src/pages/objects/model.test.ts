import { expect, test } from "vitest";

import { certificateVerbs, KINDS, questionOf, rolloutVerbs, yaml } from "./model";

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

test.each([
  ["Ready", ["renew"]],
  ["Issuing", ["approve", "deny"]],
  ["DoesNotExist", ["approve", "deny", "renew"]],
])("what is done with a Certificate that is %s", (state, names) => {
  const verbs = certificateVerbs(state);
  expect(verbs.map((one) => one.name)).toEqual(names);
  expect(verbs.every((one) => one.effect)).toBe(true);
});

test("what is made again and again is listed with the newest first, unless the address says otherwise", () => {
  expect(questionOf("promotions", new URLSearchParams())).toContain("sort=-created");
  expect(questionOf("promotions", new URLSearchParams("sort=name"))).not.toContain("-created");
  expect(questionOf("stages", new URLSearchParams())).not.toContain("sort");
});

test("of every kind it is said what it is and how one comes to be", () => {
  for (const { about } of Object.values(KINDS)) expect(about.length).toBeGreaterThan(40);
});
