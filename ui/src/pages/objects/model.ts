/** The kinds that have a plain list: what each is called, and which facts are its columns. Pure. */

export interface Kind {
  title: string;
  columns: [string, string][];
  parent?: string;
}

export const KINDS: Record<string, Kind> = {
  rollouts: {
    title: "Rollouts",
    columns: [
      ["strategy", "Strategy"],
      ["step", "Step"],
      ["weight", "Weight"],
      ["replicas", "Pods"],
      ["image", "Image"],
    ],
  },
  applicationsets: { title: "ApplicationSets", columns: [["applications", "Applications"]] },
  stages: { title: "Stages", columns: [["freight", "Freight"]] },
  warehouses: {
    title: "Warehouses",
    columns: [
      ["subscriptions", "Subscriptions"],
      ["freight", "Newest freight"],
    ],
  },
  freight: {
    title: "Freight",
    columns: [
      ["alias", "Alias"],
      ["content", "Content"],
      ["currentlyIn", "In"],
      ["verifiedIn", "Verified in"],
    ],
  },
  promotions: {
    title: "Promotions",
    columns: [
      ["stage", "Stage"],
      ["freight", "Freight"],
      ["step", "Step"],
    ],
  },
  certificates: {
    title: "Certificates",
    columns: [
      ["names", "Names"],
      ["issuer", "Issuer"],
      ["secret", "Secret"],
      ["notAfter", "Expires"],
    ],
  },
  sealedsecrets: { title: "Sealed secrets", columns: [["keys", "Keys"]] },
};
export const PIPELINES = ["stages", "warehouses", "freight", "promotions"];
export const FACETS: Record<string, string> = { state: "State", severity: "Severity", namespace: "Namespace" };
export const LIMIT = 50;

export function streamOf(kind: string, query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const [name, value] of query) {
    if (name in FACETS || (["search", "sort", "offset"].includes(name) && value)) asked.append(name, value);
  }
  asked.set("limit", String(LIMIT));
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
