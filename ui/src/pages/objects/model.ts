/** The kinds that have a plain list: what each is called, and which facts are its columns. Pure. */
import { ASKED } from "../../parts/window-model";

export interface Kind {
  title: string;
  columns: [string, string][];
  /** What such an object is and how one comes to be: said where there is none. */
  about: string;
  /** How its list is sorted when the address does not say it. */
  sort?: string;
}

export const KINDS: Record<string, Kind> = {
  rollouts: {
    title: "Rollouts",
    about: "A Rollout replaces Pods with a new version step by step and rolls back automatically when an analysis fails. To get one, add a Rollout (argoproj.io/v1alpha1) to the manifests of an Application.",
    columns: [
      ["strategy", "Strategy"],
      ["step", "Step"],
      ["weight", "Weight"],
      ["replicas", "Pods"],
      ["image", "Image"],
    ],
  },
  analysisruns: {
    title: "AnalysisRuns",
    about: "An AnalysisRun measures a new version and decides whether it is good. Rollouts and the verification of Stages create them.",
    sort: "-created",
    columns: [
      ["owner", "Of"],
      ["metrics", "Metrics"],
    ],
  },
  experiments: {
    title: "Experiments",
    about: "An Experiment runs versions side by side for a while and compares them. A step of a Rollout creates one, or you add an Experiment (argoproj.io/v1alpha1) to the manifests of an Application.",
    sort: "-created",
    columns: [
      ["owner", "Of"],
      ["templates", "Pods available"],
      ["analyses", "Analyses"],
      ["duration", "Duration"],
    ],
  },
  applicationsets: {
    title: "ApplicationSets",
    about: "An ApplicationSet generates Applications from a list, a folder of Git, clusters or pull requests. To get one, apply an ApplicationSet (argoproj.io/v1alpha1).",
    columns: [["applications", "Applications"]],
  },
  stages: {
    title: "Stages",
    about: "A Stage is an environment that Freight is promoted to, such as test or prod. To get one, apply a Stage (kargo.akuity.io/v1alpha1) in the namespace of a Project.",
    columns: [["freight", "Freight"]],
  },
  warehouses: {
    title: "Warehouses",
    about: "A Warehouse watches repositories of images, charts and commits, and creates Freight from what is new. To get one, apply a Warehouse (kargo.akuity.io/v1alpha1) in the namespace of a Project.",
    columns: [
      ["subscriptions", "Subscriptions"],
      ["freight", "Newest freight"],
    ],
  },
  freight: {
    title: "Freight",
    about: "Freight is a set of versions that are promoted together from Stage to Stage. A Warehouse creates it when it finds something new.",
    sort: "-created",
    columns: [
      ["alias", "Alias"],
      ["content", "Content"],
      ["currentlyIn", "In"],
      ["verifiedIn", "Verified in"],
    ],
  },
  promotions: {
    title: "Promotions",
    about: "A Promotion moves Freight into a Stage. Press Promote… on a Stage, or enable auto-promotion in the project.",
    sort: "-created",
    columns: [
      ["stage", "Stage"],
      ["freight", "Freight"],
      ["step", "Step"],
    ],
  },
  certificates: {
    title: "Certificates",
    about: "A Certificate is issued into a Secret and renewed before it expires. To get one, apply a Certificate (cert-manager.io/v1).",
    columns: [
      ["names", "Names"],
      ["issuer", "Issuer"],
      ["secret", "Secret"],
      ["notAfter", "Expires"],
    ],
  },
  issuers: {
    title: "Issuers",
    about: "An Issuer signs the Certificates of its namespace: by ACME, a CA, Vault or self-signed. To get one, apply an Issuer (cert-manager.io/v1).",
    columns: [
      ["type", "Type"],
      ["server", "Server"],
      ["email", "E-mail"],
      ["secret", "Secret"],
    ],
  },
  clusterissuers: {
    title: "ClusterIssuers",
    about: "A ClusterIssuer signs Certificates of every namespace. To get one, apply a ClusterIssuer (cert-manager.io/v1).",
    columns: [
      ["type", "Type"],
      ["server", "Server"],
      ["email", "E-mail"],
      ["secret", "Secret"],
    ],
  },
  sealedsecrets: {
    title: "Sealed secrets",
    about: "A sealed secret is safe to commit: only this control plane can open it. Press Seal a value… to create one.",
    columns: [["keys", "Keys"]],
  },
};
/** Kinds that stand together under one entry of the navigation. */
export const TOGETHER: string[][] = [
  ["stages", "warehouses", "freight", "promotions"],
  ["rollouts", "analysisruns", "experiments"],
  ["certificates", "issuers", "clusterissuers"],
];
/** Names of facts that are no column. */
export const FACTS: Record<string, string> = { account: "Account", metrics: "Metrics", notBefore: "Valid from" };

/** Where an object of a kind is: `-` stands for the namespace of what is of the whole cluster. */
export function placeOf(kind: string, row: { namespace: string; name: string }): string {
  return `${kind}/${encodeURIComponent(row.namespace || "-")}/${encodeURIComponent(row.name)}`;
}
export const FACETS: Record<string, string> = { state: "State", severity: "Severity", namespace: "Namespace" };

/** The question without its window: where the list is scrolled to is no part of it. */
export function questionOf(kind: string, query: URLSearchParams): string {
  const asked = new URLSearchParams({ limit: String(ASKED) });
  for (const [name, value] of query) {
    if (name in FACETS || (["search", "sort"].includes(name) && value)) asked.append(name, value);
  }
  const sort = KINDS[kind]?.sort;
  if (sort && !asked.has("sort")) asked.set("sort", sort);
  return `/api/argosy/v1/stream/${kind}?${asked}`;
}

/** YAML for reading: plain JSON values, keys in their order. */
export function yaml(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return " []\n";
    return `\n${value.map((item) => `${indent}-${nested(item, `${indent}  `)}`).join("")}`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return " {}\n";
    return `\n${entries.map(([key, item]) => `${indent}${scalar(key)}:${yaml(item, `${indent}  `)}`).join("")}`;
  }
  return ` ${scalar(value)}\n`;
}

function nested(item: unknown, indent: string): string {
  const text = yaml(item, indent);
  return typeof item === "object" && item !== null && text.startsWith("\n") ? ` ${text.slice(1 + indent.length)}` : text;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "null";
  const plain = /^[A-Za-z_./][\w./@:-]*(?: [\w./@:()-]+)*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return plain && !value.endsWith(":") && !value.includes(": ") ? value : JSON.stringify(value);
}

/** The containers of a Pod template with their images, as one text. */
export function imagesOf(object: unknown): string {
  const spec = (object as { spec?: { template?: { spec?: Record<string, unknown> } } }).spec?.template?.spec ?? {};
  const all = ["initContainers", "containers"].flatMap((name) => (Array.isArray(spec[name]) ? (spec[name] as { name?: string; image?: string }[]) : []));
  return JSON.stringify(all.map((one) => [one.name ?? "", one.image ?? ""]));
}

export function containersOf(text: string): [name: string, image: string][] {
  try {
    return JSON.parse(text) as [string, string][];
  } catch {
    return [];
  }
}

export interface Verb {
  name: string;
  title: string;
  kind: "primary" | "danger" | "usual";
  /** What it would do, asked before it is done; empty for what does no harm. */
  effect: string;
}

const ABORT: Verb = {
  name: "abort",
  title: "Abort",
  kind: "danger",
  effect: "Traffic returns to the stable version, and the new version is scaled down.",
};
const FULL: Verb = {
  name: "promote-full",
  title: "Promote full",
  kind: "usual",
  effect: "All remaining steps, pauses and analyses are skipped: the new version gets all traffic.",
};

/** What can be done with a Rollout in this state, the likeliest first. */
export function rolloutVerbs(state: string): Verb[] {
  const restart: Verb = { name: "restart", title: "Restart", kind: "usual", effect: "All Pods are replaced, a few at a time." };
  switch (state) {
    case "Paused":
      return [{ name: "promote", title: "Promote", kind: "primary", effect: "" }, FULL, ABORT];
    case "Progressing":
      return [{ name: "pause", title: "Pause", kind: "usual", effect: "" }, FULL, ABORT];
    case "Aborted":
    case "Degraded":
      return [{ name: "retry", title: "Retry", kind: "primary", effect: "" }, restart];
    default:
      return [restart];
  }
}

/** What can be done with a Certificate in this state: who decides about requests is asked only while one may wait. */
export function certificateVerbs(state: string): Verb[] {
  const renew: Verb = {
    name: "renew",
    title: "Renew",
    kind: "usual",
    effect: "A new certificate is issued now. The current one stays in its Secret until the new one is ready. Workloads that use the Secret must reload it.",
  };
  if (state === "Ready") return [renew];
  const decide: Verb[] = [
    { name: "approve", title: "Approve", kind: "primary", effect: "The pending request is approved, and its issuer signs it." },
    { name: "deny", title: "Deny", kind: "danger", effect: "The pending request is denied. This cannot be undone: the Certificate fails and is retried later." },
  ];
  return state === "Issuing" ? decide : [...decide, renew];
}
