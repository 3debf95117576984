import { expect, test } from "vitest";

import { arrivedAt, contents, severityOf, standing, type Trace, type TracedStage } from "./model";

const stage = (name: string, state: string, change: Partial<TracedStage> = {}): TracedStage => ({ stage: name, state, why: `is ${state}`, passedBy: "", promotions: [], applications: [], ...change });
const trace = (...stages: TracedStage[]): Trace => ({ freight: "f", alias: "sly-fox", project: "shop", origin: "Warehouse/w", discoveredAt: "", artefacts: [], stages });

test("contents are named in short", () => {
  const artefacts = [
    { repoURL: "registry.example/team/shop", tag: "1.1.0" },
    { repoURL: "https://git.example/shop.git", id: "0123456789abcdef" },
    { repoURL: "oci://charts/web", version: "2.0" },
  ];
  expect(contents({ ...trace(), artefacts })).toEqual(["shop 1.1.0", "shop 01234567", "web 2.0"]);
});

test.each([
  [[stage("dev", "live"), stage("prod", "waiting", { why: "waits for a person" })], "attention", "prod: it waits for a person"],
  [[stage("dev", "past"), stage("prod", "waiting", { passedBy: "fair-falcon" })], "ok", "superseded by the newer fair-falcon"],
  [[stage("dev", "failed", { why: "stopped" }), stage("prod", "waiting")], "broken", "stopped"],
  [[stage("dev", "live"), stage("prod", "live")], "ok", "It has reached every Stage"],
  [[stage("dev", "promoting", { why: "step 2" })], "busy", "dev: step 2"],
])("where it stands is said by what is first in its way", (stages, severity, words) => {
  expect(standing(trace(...stages))).toMatchObject({ severity, words });
});

test("it arrived with the last promotion that ended well", () => {
  const promotion = (phase: string, finishedAt: string) => ({ name: "p", phase, actor: "", startedAt: "", finishedAt, message: "", commits: [], pullRequests: [] });
  expect(arrivedAt(stage("dev", "live", { promotions: [promotion("Succeeded", "a"), promotion("Failed", "b")] }))).toBe("a");
  expect(severityOf(stage("dev", "live"))).toBe("ok");
});
