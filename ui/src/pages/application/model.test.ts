import { expect, test } from "vitest";

import { compared, deletion, diff, differences, editable, effect, folded, mergePatch, type Resource, sideBySide, syncBody } from "./model";

const text = (lines: ReturnType<typeof diff>) => lines.map((line) => `${line.kind[0]} ${line.text}`);

test("a difference is the shortest edit", () => {
  expect(text(diff(["a", "b", "c"], ["a", "x", "c", "d"]))).toEqual(["s a", "d b", "a x", "s c", "a d"]);
  expect(text(diff([""], ["a"]))).toEqual(["a a"]);
  expect(text(diff(["a"], ["a"]))).toEqual(["s a"]);
});

test("what is the same far from a change is folded", () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = before.map((line, at) => (at === 10 ? "other" : line));
  const lines = folded(diff(before, after));
  expect(lines[0]).toEqual({ kind: "gap", text: "… 7 unchanged lines" });
  expect(lines.at(-1)).toEqual({ kind: "gap", text: "… 6 unchanged lines" });
  expect(lines).toHaveLength(1 + 3 + 2 + 3 + 1);
});

test("only what differs is shown, with what would become of it", () => {
  const a = JSON.stringify({ kind: "A", data: { v: "1" } });
  const b = JSON.stringify({ kind: "A", data: { v: "2" } });
  const item = { kind: "A", group: "g", namespace: "n" };
  const found = differences([
    { ...item, name: "same", targetState: a, normalizedLiveState: a, predictedLiveState: a },
    { ...item, name: "changed", targetState: b, normalizedLiveState: a, predictedLiveState: b },
    { ...item, name: "new", targetState: a, normalizedLiveState: "null" },
    { ...item, name: "gone", targetState: "null", normalizedLiveState: a },
    { ...item, name: "hook", targetState: a, normalizedLiveState: "null", hook: true },
  ]);
  expect(found.map((one) => [one.key, one.what])).toEqual([
    ["A.g n/changed", "changed"],
    ["A.g n/new", "created"],
    ["A.g n/gone", "deleted"],
  ]);
});

test("the effect of a sync names what would be deleted", () => {
  const one = (sync: string, pruned = false) => ({ sync, pruned }) as Resource;
  const resources = [one("OutOfSync"), one("OutOfSync", true), one("Synced")];
  expect(effect(resources, false)).toBe("1 resource is created or changed, 1 would be pruned, but Prune is off");
  expect(effect(resources, true)).toBe("1 resource is created or changed, 1 deleted");
});

test("a sync says what was chosen, and nothing else", () => {
  expect(syncBody("argocd", "default", { prune: true, dryRun: false, force: false, replace: false, applyOutOfSyncOnly: false })).toEqual({
    appNamespace: "argocd",
    project: "default",
    prune: true,
    dryRun: false,
    strategy: { hook: { force: false } },
  });
});

test("what a deletion takes with it is named, what holds data first", () => {
  const one = (kind: string): Resource => ({ group: "", version: "v1", kind, namespace: "n", name: "x", sync: "Synced", health: "", healthMessage: "", wave: 0, hook: false, pruned: false });
  expect(deletion([one("ConfigMap"), one("PersistentVolumeClaim")], "foreground")).toEqual(["PersistentVolumeClaim n/x", "ConfigMap n/x"]);
  expect(deletion([one("ConfigMap")], "none")).toEqual([]);
});

test("a merge patch says what is changed, added and taken away", () => {
  expect(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1], f: 1 }, { a: 1, b: { c: 2 }, e: [1], g: 3 })).toEqual({ b: { c: 2, d: null }, f: null, g: 3 });
  expect(mergePatch({ a: { b: [1, 2] } }, { a: { b: [1, 2] } })).toEqual({});
});

test("what the server alone writes is not edited", () => {
  expect(editable({ kind: "A", metadata: { name: "x", uid: "1", managedFields: [] }, status: { a: 1 } })).toEqual({ kind: "A", metadata: { name: "x" } });
});

test("a sync of some resources names them", () => {
  const options = { prune: false, dryRun: false, force: false, replace: true, applyOutOfSyncOnly: true };
  const only = [{ group: "apps", kind: "Deployment", namespace: "team", name: "web" }];
  expect(syncBody("argocd", "default", options, only)).toMatchObject({ resources: only, syncOptions: { items: ["Replace=true", "ApplyOutOfSyncOnly=true"] } });
});

test("of a comparison what is on one side alone is created or deleted", () => {
  const one = (name: string, before: object, after: object) => ({ group: "", kind: "ConfigMap", namespace: "a", name, before: before as Record<string, never>, after: after as Record<string, never> });
  const found = compared({ before: [], after: [], same: 0, differing: [one("x", {}, { a: 1 }), one("y", { a: 1 }, {}), one("z", { a: 1 }, { a: 2 })] });
  expect(found.map((it) => it.what)).toEqual(["created", "deleted", "changed"]);
});

test("side by side a changed line stands beside what it was", () => {
  const pairs = sideBySide(diff(["a", "b", "c"], ["a", "B", "B2", "c"]));
  expect(pairs.map((pair) => [pair.before?.text ?? null, pair.after?.text ?? null])).toEqual([["a", "a"], ["b", "B"], [null, "B2"], ["c", "c"]]);
});
