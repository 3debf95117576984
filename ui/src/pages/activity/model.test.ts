import { expect, test } from "vitest";

import { inWords, objectInWords, streamOf } from "./model";

test("the question holds what the address says, and nothing else", () => {
  expect(streamOf(new URLSearchParams("subject=admin&x=1&search=web"))).toBe("/api/argosy/v1/stream/activity?subject=admin&search=web&limit=100");
});

test("events have filters of their own", () => {
  expect(streamOf(new URLSearchParams("view=events&subject=admin&kind=Rollout"))).toBe("/api/argosy/v1/stream/events?kind=Rollout&limit=100");
});

test.each([
  ["application.ApplicationService/Sync", "sync (application)"],
  ["project.ProjectService/CreateToken", "create token (project)"],
  ["POST /rollouts/{namespace}/{name}/promote", "post /rollouts/{namespace}/{name}/promote"],
])("%s reads %s", (method, words) => {
  expect(inWords(method)).toBe(words);
});

test("an object reads as its names", () => {
  expect(objectInWords({ name: "web", project: "p" })).toBe("web p");
});
