import { expect, test } from "vitest";

import { automationOf, fieldOf, manifestOf, problemsOf, requestOf, START, targetOf, withAutomation, withField } from "./model";

const GOOD = withField(withField(START, ["metadata", "name"], "web"), ["spec", "source", "repoURL"], "https://x/y");

test("a field changes its value alone: comments and order stay", () => {
  const text = "# mine\nkind: Application\nspec:\n  # which\n  project: a # here\n";
  expect(withField(text, ["spec", "project"], "b")).toBe("# mine\nkind: Application\nspec:\n  # which\n  project: b # here\n");
});

test("an empty value takes a field away", () => {
  expect(fieldOf(withField(GOOD, ["spec", "source", "path"], ""), ["spec", "source", "path"])).toBe("");
});

test.each(["off", "on", "prune", "heal", "both"] as const)("automation %s is read as it was written", (wanted) => {
  expect(automationOf(withAutomation(GOOD, wanted))).toBe(wanted);
});

test("taking automation away leaves the other options of the policy", () => {
  const text = withField(withAutomation(GOOD, "both"), ["spec", "syncPolicy", "syncOptions"], ["CreateNamespace=true"]);
  expect(withAutomation(text, "off")).toContain("CreateNamespace=true");
});

test("what is whole has no problem", () => {
  expect(problemsOf(GOOD)).toEqual([]);
});

test.each([
  [["metadata", "name"], "Web", "metadata.name"],
  [["spec", "source", "repoURL"], "", "spec.source.repoURL"],
  [["spec", "source", "path"], "", "spec.source"],
  [["spec", "destination", "server"], "", "spec.destination"],
  [["spec", "project"], "", "spec.project"],
  [["kind"], "AppProject", "kind"],
])("%s of %j is refused by its name", (path, value, field) => {
  expect(problemsOf(withField(GOOD, path, value)).map((one) => one.field)).toEqual([field]);
});

test("a problem has the line that it is in", () => {
  expect(problemsOf(START).find((one) => one.field === "metadata.name")?.line).toBe(4);
});

test("text that is not YAML is told with its line", () => {
  expect(problemsOf("a: [1\nb: 2")[0]?.line).toBeGreaterThan(0);
});

test("a new Application is sent whole, an edit as its specification", () => {
  expect(requestOf(GOOD, false)).toMatchObject({ method: "POST", place: "/api/v1/applications?validate=true" });
  expect(requestOf(GOOD, true)).toMatchObject({
    method: "PUT",
    place: "/api/v1/applications/web/spec?validate=true&appNamespace=argocd",
    body: { project: "default" },
  });
});

test("what the right is asked for is known as soon as the Application has a name", () => {
  expect(targetOf(GOOD)).toEqual({ project: "default", namespace: "argocd", name: manifestOf(GOOD).metadata.name });
  expect(targetOf("metadata: {")).toBeNull();
});
