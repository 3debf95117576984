import { expect, test } from "vitest";

import { connection, filled, lines, missing, rolesOf, ruleInWords, SECTIONS } from "./model";

test("a failed connection shows its error in full", () => {
  expect(connection({ connectionState: { status: "Failed", message: "no route" } })).toMatchObject({ severity: "broken", detail: "no route" });
  expect(connection({})).toMatchObject({ text: "Unknown", severity: "busy" });
});

test("every section has a place of its own and names its objects", () => {
  expect(new Set(SECTIONS.map((one) => one.place)).size).toBe(SECTIONS.length);
  for (const section of SECTIONS) expect(section.columns.map(([, of]) => of({}).text)).toBeDefined();
});

test("what was left empty is not sent", () => {
  expect(filled({ a: "", b: "x", c: [], d: false })).toEqual({ b: "x", d: false });
});

test.each([
  ["p, proj:a:r, applications, sync, a/*, allow", "may sync applications a/*"],
  ["p, proj:a:r, applications, *, a/*, deny", "may not do anything with applications a/*"],
  ["nonsense", "nonsense"],
])("the rule %s reads: %s", (rule, words) => {
  expect(ruleInWords(rule)).toBe(words);
});

test("a repository's address is escaped where it is removed", () => {
  const repos = SECTIONS.find((one) => one.place === "repos");
  expect(repos?.remove?.({ repo: "https://x/y", project: "p" })).toBe("/api/v1/repositories/https%3A%2F%2Fx%2Fy?appProject=p");
});

test("a new cluster's authority is sent as base64, and its empty fields are not", () => {
  const clusters = SECTIONS.find((one) => one.place === "clusters");
  expect(clusters?.create?.({ name: "n", server: "https://c", caData: "PEM", namespaces: "a\n\n b " })).toEqual({
    place: "/api/v1/clusters",
    body: { name: "n", server: "https://c", namespaces: ["a", "b"], config: { tlsClientConfig: { caData: "UEVN", insecure: false } } },
  });
});

test("needed fields are named", () => {
  expect(missing([{ name: "a", title: "A", required: true }, { name: "b", title: "B" }], { a: " " })).toEqual(["A"]);
  expect(lines(undefined)).toEqual([]);
});

test("roles are read with their tokens", () => {
  expect(rolesOf({ spec: { roles: [{ name: "r", policies: ["p"], jwtTokens: [{ id: "t", iat: 1 }] }] } })).toEqual([
    { name: "r", description: "", groups: [], policies: ["p"], tokens: [{ id: "t", iat: 1, exp: 0 }] },
  ]);
});
