import { expect, test } from "vitest";

import { analysesOf, canUndoTo, conditionsOf, firstNumber, generated, lifetime, linksOf, logOf, measured, openersOf, plotted, promotionSteps, reportedInWords, revisionsOf, rollingSteps, rolloutFacts, rolloutTrack, stepInWords, threshold, unlike, versionsOf, wantedWeight } from "./model";

test("a promotion's steps have the state, output and errors of each", () => {
  const promotion = {
    spec: { steps: [{ uses: "git-clone" }, { uses: "git-push", as: "push" }, { uses: "argocd-update" }] },
    status: {
      phase: "Running",
      currentStep: 1,
      stepExecutionMetadata: [{ alias: "step-1", status: "Succeeded", startedAt: "a", finishedAt: "b" }],
      state: { push: { commit: "abc" } },
    },
  };
  expect(promotionSteps(promotion).map((one) => [one.name, one.uses, one.status])).toEqual([
    ["step-1", "git-clone", "Succeeded"],
    ["push", "git-push", "Running"],
    ["step-3", "argocd-update", "Waiting"],
  ]);
  expect(promotionSteps(promotion)[1]?.output).toEqual({ commit: "abc" });
});

test("links lead to the pull request and the commit that a step made", () => {
  expect(linksOf({ pr: { id: 7, url: "https://h/7" } })).toEqual([{ title: "pull request 7", url: "https://h/7" }]);
  expect(linksOf({ commit: "0123456789", commitURL: "https://h/c" })).toEqual([{ title: "commit 01234567", url: "https://h/c" }]);
  expect(linksOf(null)).toEqual([]);
});

test("the track says which step it is at", () => {
  const rollout = { spec: { strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }] } } }, status: { currentStepIndex: 1 } };
  expect(rolloutTrack(rollout).map((one) => one.state)).toEqual(["done", "now", "next"]);
});

test.each([
  [{ setWeight: 5 }, "5 %", "weight"],
  [{ pause: {} }, "pause", "until promoted"],
  [{ pause: { duration: "1h" } }, "pause 1h", "then continues"],
  [{ pause: { duration: 30 } }, "pause 30s", "then continues"],
  [{ analysis: { templates: [{ templateName: "a" }, { templateName: "b" }] } }, "analysis", "a, b"],
  [{ setCanaryScale: { replicas: 2 } }, "canary scale", "2 pods"],
  [{ setCanaryScale: { matchTrafficWeight: true } }, "canary scale", "as the weight"],
  [{ newThing: {} }, "newThing", ""],
])("the step %j reads %s", (step, title, detail) => {
  expect(stepInWords(step)).toEqual({ title, detail });
});

test("facts leave out what does not apply", () => {
  expect(rolloutFacts({ status: { stableRS: "a", currentPodHash: "a", replicas: 3 } }).map(([name]) => name)).toEqual(["Stable", "Pods"]);
});

test("measurements are read with their condition", () => {
  const run = {
    spec: { metrics: [{ name: "ok", successCondition: "result[0] >= 0.95" }] },
    status: { metricResults: [{ name: "ok", phase: "Failed", failed: 1, measurements: [{ value: "[0.5]", phase: "Failed", finishedAt: "2026-01-01T00:00:00Z" }] }] },
  };
  expect(measured(run)[0]).toMatchObject({ condition: "success: result[0] >= 0.95", failures: 1, points: [{ value: 0.5, phase: "Failed" }] });
});

test.each([["[0.5]", 0.5], ["3", 3], ["", null], ["NaN", null], ["[1 2]", 1], ['{"a":1}', null]] as const)("of %s the number is %s", (value, number) => {
  expect(firstNumber(value)).toBe(number);
});

test("the limit of a condition is drawn", () => {
  expect(threshold("result[0] >= 0.95")).toBe(0.95);
  expect(threshold("all(result, # < 10)")).toBe(10);
  expect(threshold("true")).toBeNull();
});

test("a plot is within its frame, also for one point", () => {
  const found = plotted([{ at: 1, value: 2, phase: "" }], 4, 100, 50);
  expect(found.dots).toEqual([[50, 44, ""]]);
  expect(found.limit).toBe(6);
});

test("a certificate's life is a share of its time", () => {
  const status = { notBefore: "2026-01-01T00:00:00Z", notAfter: "2026-01-11T00:00:00Z", renewalTime: "2026-01-08T00:00:00Z" };
  expect(lifetime({ status }, Date.parse("2026-01-06T00:00:00Z"))).toEqual({ used: 0.5, renewal: 0.7, days: 5 });
  expect(lifetime({}, 0)).toBeNull();
});

test("conditions are those of the status", () => {
  expect(conditionsOf({ status: { conditions: [{ type: "Ready", status: "True" }] } })).toEqual([
    { type: "Ready", status: "True", reason: "", message: "", since: "" },
  ]);
});

test("the Applications of a set stand with what is not well first, and with their step", () => {
  const set = {
    metadata: { namespace: "argocd" },
    status: {
      resources: [
        { name: "a", status: "Synced", health: { status: "Healthy" } },
        { name: "b", status: "OutOfSync", health: { status: "Degraded", message: "m" } },
      ],
      applicationStatus: [
        { application: "a", status: "Healthy", step: "1" },
        { application: "b", status: "Waiting", step: "2", message: "waits for step 1" },
      ],
    },
  };
  expect(generated(set).map((one) => [one.name, one.step, one.progress, one.message])).toEqual([
    ["b", "2", "Waiting", "waits for step 1"],
    ["a", "1", "Healthy", ""],
  ]);
  expect(rollingSteps(set)).toEqual([
    { step: "1", done: 1, all: 1 },
    { step: "2", done: 0, all: 1 },
  ]);
});

test("revisions stand newest first, with what each is and its Pods", () => {
  const info = {
    replicaSets: [
      { objectMeta: { name: "a" }, revision: 1, stable: true, images: ["x:1"], available: 2, replicas: 2, status: "Healthy", pods: [{ objectMeta: { name: "a-1" }, status: "Running", ready: "1/1" }] },
      { objectMeta: { name: "b" }, revision: 2, canary: true },
    ],
  };
  const found = revisionsOf(info);
  expect(found.map((one) => [one.number, one.roles])).toEqual([[2, ["canary"]], [1, ["stable"]]]);
  expect(found[1]?.pods).toEqual([{ name: "a-1", status: "Running", ready: "1/1" }]);
  expect(found.map((one) => canUndoTo(one, found))).toEqual([false, true]);
});

test("a router's weight is set beside the one that is wanted", () => {
  const one = { kind: "Ingress", name: "web", place: "", canary: 30, stable: 70 };
  expect(wantedWeight({ status: { canary: { weights: { canary: { weight: 30 } } } } })).toBe(30);
  expect(wantedWeight({})).toBeNull();
  expect(reportedInWords(one, 30)).toEqual({ words: "30 % new, 70 % stable, as desired", severity: "ok" });
  expect(reportedInWords(one, 50)).toEqual({ words: "30 % new, 70 % stable, desired are 50 %", severity: "attention" });
  expect(reportedInWords(one, null).severity).toBe("ok");
});

test("versions of an experiment have their Pods, those that have not begun too", () => {
  const experiment = {
    spec: { templates: [{ name: "old", replicas: 2 }, { name: "new", weight: 5 }], analyses: [{ name: "smoke", requiredForCompletion: true }, { name: "later" }] },
    status: { templateStatuses: [{ name: "old", status: "Running", availableReplicas: 2, serviceName: "old" }], analysisRuns: [{ name: "smoke", analysisRun: "e-smoke", phase: "Running" }] },
  };
  expect(versionsOf(experiment).map((one) => [one.name, one.status, one.available, one.replicas, one.weight])).toEqual([
    ["old", "Running", 2, 2, ""],
    ["new", "Waiting", 0, 1, "5"],
  ]);
  expect(analysesOf(experiment)).toEqual([
    { name: "smoke", run: "e-smoke", phase: "Running", message: "", required: true },
    { name: "later", run: "", phase: "", message: "", required: false },
  ]);
  expect(versionsOf(null)).toEqual([]);
});

test("the log of a promotion is in the order in which things happened", () => {
  const promotion = {
    spec: { steps: [{ as: "clone", uses: "git-clone" }, { as: "push", uses: "git-push" }] },
    status: {
      phase: "Running",
      currentStep: 1,
      stepExecutionMetadata: [
        { alias: "clone", status: "Succeeded", startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:03Z" },
        { alias: "push", status: "Running", startedAt: "2026-01-01T00:00:04Z", errorCount: 2, message: "the remote says no" },
      ],
    },
  };
  const events = [{ type: "Warning", reason: "Slow", message: "it takes long", at: "2026-01-01T00:00:03.5Z" }];
  expect(logOf(promotionSteps(promotion), events).map((one) => `${one.of} ${one.word}: ${one.message}`)).toEqual([
    "clone Started: git-clone",
    "clone Succeeded: ",
    " Slow: it takes long",
    "push Started: git-push",
    "push Running: the remote says no",
  ]);
});

test("what was written is shown beside what it evaluates to only where they differ", () => {
  expect(unlike({ a: "b" }, { a: "b" })).toBe(false);
  expect(unlike(null, {})).toBe(false);
  expect(unlike({ a: "${{ 1 }}" }, { a: 1 })).toBe(true);
});

test("an item that no key opens stands first", () => {
  const key = { fingerprint: "f", name: "one" };
  expect(openersOf({ a: "f", b: "", c: "gone" }, [key])).toEqual([
    { item: "b", key: undefined },
    { item: "c", key: undefined },
    { item: "a", key },
  ]);
});
