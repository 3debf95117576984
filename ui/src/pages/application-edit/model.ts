/** An Application as it is written: one YAML text, which form and editor both change. Pure. */
import { type Document, isMap, LineCounter, parseDocument } from "yaml";

export interface Problem {
  /** Of the manifest, such as `spec.destination.namespace`. */
  field: string;
  message: string;
  line: number;
}

export interface Field {
  path: string[];
  title: string;
  hint: string;
  from?: "projects" | "repositories" | "clusters";
}

export const FIELDS: Field[] = [
  { path: ["metadata", "name"], title: "Name", hint: "lower case letters, digits, '-'" },
  { path: ["spec", "project"], title: "Project", hint: "limits what may be deployed, and where", from: "projects" },
  { path: ["spec", "source", "repoURL"], title: "Repository", hint: "Git, Helm or OCI", from: "repositories" },
  { path: ["spec", "source", "path"], title: "Path", hint: "a folder in the Git repository" },
  { path: ["spec", "source", "chart"], title: "Chart", hint: "from a Helm repository, instead of a path" },
  { path: ["spec", "source", "targetRevision"], title: "Revision", hint: "branch, tag, commit or version range" },
  { path: ["spec", "destination", "server"], title: "Cluster", hint: "API server URL", from: "clusters" },
  { path: ["spec", "destination", "namespace"], title: "Namespace", hint: "for resources that do not name one" },
];

export const START = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name:
  namespace: argocd
spec:
  project: default
  source:
    repoURL:
    path: .
    targetRevision: HEAD
  destination:
    server: https://kubernetes.default.svc
    namespace: default
`;

export function fieldOf(text: string, path: string[]): string {
  const found: unknown = parseDocument(text).getIn(path);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

/** The text with one field changed; comments and order stay. An empty value takes the field away. */
export function withField(text: string, path: string[], value: unknown): string {
  const document = parseDocument(text);
  if (value === "" || value === undefined) without(document, path);
  else document.setIn(path, value);
  return String(document);
}

function without(document: Document, path: string[]): void {
  if (document.hasIn(path)) document.deleteIn(path);
}

export type Automation = "off" | "on" | "prune" | "heal" | "both";

export function automationOf(text: string): Automation {
  const document = parseDocument(text);
  const found = document.getIn(["spec", "syncPolicy", "automated"]);
  if (!isMap(found) || document.getIn(["spec", "syncPolicy", "automated", "enabled"]) === false) return "off";
  const [prune, heal] = [found.get("prune") === true, found.get("selfHeal") === true];
  return prune && heal ? "both" : prune ? "prune" : heal ? "heal" : "on";
}

export function withAutomation(text: string, wanted: Automation): string {
  const document = parseDocument(text);
  const place = ["spec", "syncPolicy", "automated"];
  if (wanted === "off") {
    without(document, place);
    const rest = document.getIn(["spec", "syncPolicy"]);
    if (isMap(rest) && rest.items.length === 0) document.deleteIn(["spec", "syncPolicy"]);
  } else {
    document.setIn(place, document.createNode({
      ...(wanted === "prune" || wanted === "both" ? { prune: true } : {}),
      ...(wanted === "heal" || wanted === "both" ? { selfHeal: true } : {}),
    }));
  }
  return String(document);
}

const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** What is wrong, with the line of each; none: the server may be asked. */
export function problemsOf(text: string): Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length) {
    return document.errors.map((one) => ({ field: "", message: one.message.split("\n")[0] ?? "", line: one.linePos?.[0].line ?? 1 }));
  }
  const problem = (path: string[], message: string): Problem => ({ field: path.join("."), message, line: lineOf(document, path, lines) });
  const at = (...path: string[]): unknown => document.getIn(path);
  const found: Problem[] = [];
  const kind = at("kind");
  if (kind !== "Application") found.push(problem(["kind"], `the kind must be Application, not ${String(kind)}`));
  const name = at("metadata", "name");
  if (typeof name !== "string" || !NAME.test(name) || name.length > 253) {
    found.push(problem(["metadata", "name"], "a name may contain lower case letters, digits, '-' and '.', and must start and end with a letter or digit"));
  }
  if (!at("spec", "project")) found.push(problem(["spec", "project"], "a project is required, such as default"));
  if (!at("spec", "sources") && !at("spec", "sourceHydrator")) found.push(...ofSource(document, problem));
  if (!at("spec", "destination", "server") && !at("spec", "destination", "name")) {
    found.push(problem(["spec", "destination"], "a destination is required: set server or name"));
  }
  if (at("spec", "destination", "server") && at("spec", "destination", "name")) {
    found.push(problem(["spec", "destination", "name"], "set either server or name, not both"));
  }
  return found;
}

function ofSource(document: Document, problem: (path: string[], message: string) => Problem): Problem[] {
  const at = (name: string): unknown => document.getIn(["spec", "source", name]);
  const found: Problem[] = [];
  if (!at("repoURL")) found.push(problem(["spec", "source", "repoURL"], "a repository URL is required"));
  if (!at("path") && !at("chart")) found.push(problem(["spec", "source"], "a path or a chart is required"));
  if (at("chart") && !at("targetRevision")) found.push(problem(["spec", "source", "targetRevision"], "a chart requires a version"));
  return found;
}

function lineOf(document: Document, path: string[], lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

export interface Manifest {
  metadata: { name: string; namespace?: string };
  spec: Record<string, unknown>;
}

export function manifestOf(text: string): Manifest {
  return parseDocument(text).toJS() as Manifest;
}

/** What the server wants of an edit: the specification alone. */
/** What policies name: null while the text is not an Application with a name. */
export function targetOf(text: string): { project: string; namespace: string; name: string } | null {
  if (problemsOf(text).length > 0) return null;
  const { metadata, spec } = manifestOf(text);
  const project = (spec as { project?: string } | undefined)?.project;
  return metadata.name ? { project: project || "default", namespace: metadata.namespace || "argocd", name: metadata.name } : null;
}

export function requestOf(text: string, existing: boolean): { method: string; place: string; body: unknown } {
  const manifest = manifestOf(text);
  const { name, namespace } = manifest.metadata;
  const asked = new URLSearchParams({ validate: "true", ...(namespace ? { appNamespace: namespace } : {}) });
  if (existing) return { method: "PUT", place: `/api/v1/applications/${encodeURIComponent(name)}/spec?${asked}`, body: manifest.spec };
  return { method: "POST", place: "/api/v1/applications?validate=true", body: manifest };
}
