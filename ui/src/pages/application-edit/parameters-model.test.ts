import { expect, test } from "vitest";
import { parse } from "yaml";

import { START, withField } from "./model";
import { kindOf, PARAMETERS, parameterOf, type SourceKind, withParameter } from "./parameters-model";

const one = (kind: SourceKind, title: string) => PARAMETERS[kind].find((found) => found.title === title)!;
const source = (text: string) => (parse(text) as { spec: { source: Record<string, unknown> } }).spec.source;

test("the kind is what the manifest names, and a chart is Helm's", () => {
  expect(kindOf(START)).toBe("");
  expect(kindOf(withField(START, ["spec", "source", "chart"], "web"))).toBe("helm");
  expect(kindOf(withField(START, ["spec", "source", "kustomize"], { namePrefix: "a-" }))).toBe("kustomize");
});

test.each(Object.entries(PARAMETERS).flatMap(([kind, all]) => all.map((found) => [kind, found.title, found] as const)))(
  "of %s the parameter %s is read as it was written, and taking it away leaves nothing",
  (_kind, _title, found) => {
    const given = { text: "a", area: "a: 1\nb: 2", switch: "true", list: "a\nb", pairs: "a=1\nb=x=y" }[found.shape];
    const written = withParameter(START, found, given);
    expect(parameterOf(written, found)).toBe(given);
    expect(withParameter(written, found, "")).toBe(withField(START, ["spec", "project"], "default"));
  },
);

test("pairs have the fields that their kind wants", () => {
  expect(source(withParameter(START, one("helm", "Parameters"), "image.tag=1.2"))["helm"]).toEqual({
    parameters: [{ name: "image.tag", value: "1.2" }],
  });
  expect(source(withParameter(START, one("plugin", "Parameters"), "a=b"))["plugin"]).toEqual({ parameters: [{ name: "a", string: "b" }] });
});

test("what a pair says besides its value stays", () => {
  const text = withField(START, ["spec", "source", "helm"], { parameters: [{ name: "a", value: "1", forceString: true }] });
  expect(source(withParameter(text, one("helm", "Parameters"), "a=2\nb=3"))["helm"]).toEqual({
    parameters: [
      { name: "a", value: "2", forceString: true },
      { name: "b", value: "3" },
    ],
  });
});
