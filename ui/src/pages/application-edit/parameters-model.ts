/** Parameters of a source by its kind: Helm, Kustomize, plain manifests or a plug-in. Pure. */
import { isMap, isSeq, parseDocument } from "yaml";

import { withField } from "./model";

export type SourceKind = "helm" | "kustomize" | "directory" | "plugin";
export const KINDS: Record<SourceKind, string> = {
  helm: "Helm",
  kustomize: "Kustomize",
  directory: "Directory (manifests, Jsonnet)",
  plugin: "Plugin",
};
const SOURCE = ["spec", "source"];

/** How a parameter is written down: one text, a text of many lines, a switch, a list of texts, or a list of pairs. */
export type Shape = "text" | "area" | "switch" | "list" | "pairs";

export interface Parameter {
  path: string[];
  title: string;
  hint: string;
  shape: Shape;
  /** Of pairs: the field of the value. */
  value?: string;
}

const of = (kind: SourceKind, name: string[], title: string, hint: string, shape: Shape, value?: string): Parameter => ({
  path: [...SOURCE, kind, ...name],
  title,
  hint,
  shape,
  ...(value ? { value } : {}),
});

export const PARAMETERS: Record<SourceKind, Parameter[]> = {
  helm: [
    of("helm", ["releaseName"], "Release name", "the Application's name if empty", "text"),
    of("helm", ["valueFiles"], "Value files", "one per line, later files override earlier ones", "list"),
    of("helm", ["parameters"], "Parameters", "one per line: image.tag=1.2", "pairs", "value"),
    of("helm", ["values"], "Values", "YAML, overrides the value files", "area"),
    of("helm", ["skipCrds"], "Skip CRDs", "", "switch"),
  ],
  kustomize: [
    of("kustomize", ["images"], "Images", "one per line: name=other/name:tag, or name:tag", "list"),
    of("kustomize", ["namePrefix"], "Name prefix", "", "text"),
    of("kustomize", ["nameSuffix"], "Name suffix", "", "text"),
    of("kustomize", ["namespace"], "Namespace", "for all resources", "text"),
  ],
  directory: [
    of("directory", ["recurse"], "Recurse into subdirectories", "", "switch"),
    of("directory", ["include"], "Include files", "*.yaml", "text"),
    of("directory", ["exclude"], "Exclude files", "{test-*,*.md}", "text"),
    of("directory", ["jsonnet", "extVars"], "Jsonnet variables", "one per line: name=value", "pairs", "value"),
    of("directory", ["jsonnet", "tlas"], "Jsonnet top-level arguments", "one per line: name=value", "pairs", "value"),
  ],
  plugin: [
    of("plugin", ["name"], "Plugin", "discovered if empty", "text"),
    of("plugin", ["env"], "Environment variables", "one per line: NAME=value", "pairs", "value"),
    of("plugin", ["parameters"], "Parameters", "one per line: name=value", "pairs", "string"),
  ],
};

/** Of several sources each has its own parameters: those are edited as YAML. */
export function hasSeveral(text: string): boolean {
  const document = parseDocument(text);
  return document.hasIn(["spec", "sources"]) || document.hasIn(["spec", "sourceHydrator"]);
}

/** What the manifest says; a chart is Helm's; else none is known from it alone. */
export function kindOf(text: string): SourceKind | "" {
  const document = parseDocument(text);
  const named = (Object.keys(KINDS) as SourceKind[]).find((kind) => document.hasIn([...SOURCE, kind]));
  return named ?? (document.getIn([...SOURCE, "chart"]) ? "helm" : "");
}

/** As it stands in the form: lists and pairs one per line. */
export function parameterOf(text: string, parameter: Parameter): string {
  const found: unknown = parseDocument(text).getIn(parameter.path);
  if (parameter.shape === "pairs") return isSeq(found) ? pairs(found.toJSON() as unknown[], parameter).join("\n") : "";
  if (isSeq(found)) return (found.toJSON() as unknown[]).map(String).join("\n");
  return found === undefined || found === null || isMap(found) ? "" : String(found);
}

function pairs(items: unknown[], { value = "value" }: Parameter): string[] {
  return (items as Record<string, unknown>[]).map((item) => `${String(item["name"] ?? "")}=${String(item[value] ?? "")}`);
}

/** Pairs keep what else they say, such as `forceString`, as long as their name is the same. */
export function withParameter(text: string, parameter: Parameter, given: string): string {
  return tidied(withField(text, parameter.path, valueOf(text, parameter, given)), parameter.path);
}

function valueOf(text: string, parameter: Parameter, given: string): unknown {
  const lines = given.split("\n").map((one) => one.trim()).filter(Boolean);
  switch (parameter.shape) {
    case "switch":
      return given === "true" ? true : undefined;
    case "list":
      return lines.length ? lines : undefined;
    case "pairs": {
      const found: unknown = parseDocument(text).getIn(parameter.path);
      const before = isSeq(found) ? (found.toJSON() as Record<string, unknown>[]) : [];
      const made = lines.map((line) => {
        const at = line.indexOf("=");
        const name = (at < 0 ? line : line.slice(0, at)).trim();
        const known = before.find((one) => one["name"] === name) ?? {};
        return { ...known, name, [parameter.value ?? "value"]: at < 0 ? "" : line.slice(at + 1) };
      });
      return made.length ? made : undefined;
    }
    default:
      return given;
  }
}

/** Without what became empty, up to the source itself. */
function tidied(text: string, path: string[]): string {
  const document = parseDocument(text);
  for (let length = path.length - 1; length > SOURCE.length; length--) {
    const found: unknown = document.getIn(path.slice(0, length));
    if (isMap(found) && found.items.length === 0) document.deleteIn(path.slice(0, length));
  }
  return String(document);
}
