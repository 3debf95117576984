import { expect, test } from "vitest";

import { differencesOf, effectOf, type Preview, replaced } from "./model";

const app = (name: string, before: Record<string, unknown>, after: Record<string, unknown>) => ({ namespace: "argocd", name, before, after }) as Preview["created"][number];
const preview: Preview = {
  created: [app("c", {}, { spec: { project: "a" } })],
  changed: [app("b", { spec: { project: "a" } }, { spec: { project: "b" } })],
  deleted: [app("a", { spec: { project: "a" } }, {}), app("z", { spec: { project: "a" } }, {})],
  problems: [],
};

test("the effect is told in one line", () => {
  expect(effectOf(preview)).toBe("1 Application is created, 1 Application is changed, 2 Applications are deleted");
  expect(effectOf({ created: [], changed: [], deleted: [], problems: [] })).toBe("No changes");
});

test("what is deleted comes first, and each is shown as what it is", () => {
  expect(differencesOf(preview).map((one) => [one.of.name, one.what])).toEqual([["a", "deleted"], ["z", "deleted"], ["b", "changed"], ["c", "created"]]);
});

test("a set is replaced without what the server alone writes", () => {
  const stored = { metadata: { name: "s", namespace: "argocd", uid: "u", resourceVersion: "3", labels: { a: "b" } } };
  expect(replaced(stored, { generators: [] })).toEqual({ metadata: { name: "s", namespace: "argocd", labels: { a: "b" }, annotations: undefined, finalizers: undefined }, spec: { generators: [] } });
});
