/** The settings that Argo CD's API keeps: what each list shows, how one is made and removed. Pure. */
import type { Right } from "../../api/rights";
import type { Severity } from "../../parts";

export type Item = Record<string, unknown>;

export interface Cell {
  text: string;
  /** Shown as a badge. */
  severity?: Severity;
  /** In full below it, such as the error of a connection. */
  detail?: string;
  at?: string;
  link?: string;
}

export interface FormField {
  name: string;
  title: string;
  hint?: string;
  kind?: "text" | "password" | "area" | "check" | "choice";
  choices?: string[];
  required?: boolean;
}

export interface Section {
  place: string;
  title: string;
  /** What one of them is called. */
  one: string;
  about: string;
  api: string;
  name: (item: Item) => string;
  columns: [string, (item: Item) => Cell][];
  fields: FormField[];
  create?: (values: Record<string, string>) => { place: string; body: unknown };
  remove?: (item: Item) => string;
  /** How one is edited: which fields, what they have now, what is sent, and what must be said before. */
  edit?: {
    fields: string[];
    values: (item: Item) => Record<string, string>;
    request: (item: Item, values: Record<string, string>) => { place: string; body: unknown };
    right: (item: Item) => Right;
    note?: string;
  };
  /** Where the state of its connection is asked anew. */
  test?: (item: Item) => string;
  /** The right to create what the form has. */
  creation?: (values: Record<string, string>) => Right;
  /** The right to remove it. */
  removal?: (item: Item) => Right;
  /** What is lost by removing it. */
  loses?: string;
}

export function at(item: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Item | null | undefined)?.[name], item);
}

function text(item: unknown, ...path: string[]): string {
  const found = at(item, ...path);
  return found === undefined || found === null ? "" : String(found);
}

/** Of a project where it belongs to one, as policies name it. */
const within = (item: Item, name: string): string => (text(item, "project") ? `${text(item, "project")}/${name}` : name);
const creates = (resource: string, object: (values: Record<string, string>) => string) => (values: Record<string, string>) => ({ resource, action: "create", object: object(values) });
const deletes = (resource: string, object: (item: Item) => string) => (item: Item) => ({ resource, action: "delete", object: object(item) });

const updates = (resource: string, object: (item: Item) => string) => (item: Item) => ({ resource, action: "update", object: object(item) });

const cell = (value: string): Cell => ({ text: value });

/** How a connection stands, with its error in full. */
export function connection(item: Item): Cell {
  const state = text(item, "connectionState", "status") || "Unknown";
  const severity: Severity = state === "Successful" ? "ok" : state === "Failed" ? "broken" : "busy";
  return { text: state, severity, detail: text(item, "connectionState", "message"), at: text(item, "connectionState", "attemptedAt") };
}

const list = (found: unknown): string[] => (Array.isArray(found) ? found.map(String) : []);
const e = encodeURIComponent;

export const SECTIONS: Section[] = [
  {
    place: "projects",
    title: "Projects",
    one: "project",
    about: "Projects limit which sources may be deployed to which destinations, and who may do it.",
    api: "/api/v1/projects",
    name: (item) => text(item, "metadata", "name"),
    columns: [
      ["Project", (item) => ({ text: text(item, "metadata", "name"), link: `/settings/projects/${e(text(item, "metadata", "name"))}` })],
      ["Description", (item) => cell(text(item, "spec", "description"))],
      ["Sources", (item) => cell(list(at(item, "spec", "sourceRepos")).join(", "))],
      ["Destinations", (item) => cell(destinations(item))],
      ["Roles", (item) => cell(rolesOf(item).map((role) => role.name).join(", "))],
      ["Applications", (item) => ({ text: "show", link: `/applications?project=${e(text(item, "metadata", "name"))}` })],
    ],
    fields: [
      { name: "name", title: "Name", required: true },
      { name: "description", title: "Description" },
      { name: "sourceRepos", title: "Repositories", hint: "one per line, * for all", kind: "area" },
      { name: "server", title: "Cluster", hint: "API server URL, * for all" },
      { name: "namespace", title: "Namespace", hint: "* for all" },
    ],
    create: (values) => ({
      place: "/api/v1/projects",
      body: {
        project: {
          metadata: { name: values["name"] },
          spec: {
            description: values["description"] ?? "",
            sourceRepos: lines(values["sourceRepos"]),
            destinations: values["server"] ? [{ server: values["server"], namespace: values["namespace"] || "*" }] : [],
          },
        },
      },
    }),
    creation: creates("projects", (values) => values["name"] ?? ""),
    removal: deletes("projects", (item) => text(item, "metadata", "name")),
    remove: (item) => `/api/v1/projects/${e(text(item, "metadata", "name"))}`,
    loses: "A project that still has Applications cannot be removed.",
  },
  {
    place: "repos",
    title: "Repositories",
    one: "repository",
    about: "Where manifests come from, and the credentials to read them.",
    api: "/api/v1/repositories",
    name: (item) => text(item, "repo"),
    columns: [
      ["Repository", (item) => cell(text(item, "repo"))],
      ["Type", (item) => cell(text(item, "type") || "git")],
      ["Name", (item) => cell(text(item, "name"))],
      ["Project", (item) => cell(text(item, "project"))],
      ["Connection", connection],
      ["Used by", (item) => ({ text: "show", link: `/applications?search=${e(text(item, "repo"))}` })],
    ],
    fields: [
      { name: "repo", title: "URL", hint: "https://, ssh:// or oci://", required: true },
      { name: "type", title: "Type", kind: "choice", choices: ["git", "helm", "oci"] },
      { name: "name", title: "Name", hint: "needed for Helm" },
      { name: "project", title: "Project", hint: "empty: all projects may use it" },
      { name: "username", title: "User" },
      { name: "password", title: "Password or token", kind: "password" },
      { name: "sshPrivateKey", title: "SSH private key", kind: "area" },
      { name: "insecure", title: "Skip server verification", kind: "check" },
      { name: "enableLfs", title: "Git LFS", kind: "check" },
    ],
    create: (values) => ({ place: "/api/v1/repositories", body: repository(values) }),
    edit: {
      fields: ["name", "project", "username", "password", "sshPrivateKey", "insecure", "enableLfs"],
      values: (item) => ({
        ...Object.fromEntries(["repo", "type", "name", "project", "username"].map((name) => [name, text(item, name)])),
        insecure: String(at(item, "insecure") === true),
        enableLfs: String(at(item, "enableLfs") === true),
      }),
      request: (item, values) => ({ place: `/api/v1/repositories/${e(text(item, "repo"))}`, body: repository(values) }),
      right: updates("repositories", (item) => within(item, text(item, "repo"))),
      note: "Stored passwords and keys are never shown. What you leave empty is removed: enter the credentials again.",
    },
    test: (item) => `/api/v1/repositories/${e(text(item, "repo"))}?forceRefresh=true&appProject=${e(text(item, "project"))}`,
    creation: creates("repositories", (values) => within(values, values["repo"] ?? "")),
    removal: deletes("repositories", (item) => within(item, text(item, "repo"))),
    remove: (item) => `/api/v1/repositories/${e(text(item, "repo"))}?appProject=${e(text(item, "project"))}`,
    loses: "Its credentials are deleted. Applications that need them can no longer be compared.",
  },
  {
    place: "repocreds",
    title: "Credential templates",
    one: "credential template",
    about: "Credentials of every repository whose URL begins with theirs; the longest match wins.",
    api: "/api/v1/repocreds",
    name: (item) => text(item, "url"),
    columns: [
      ["URL", (item) => cell(text(item, "url"))],
      ["Type", (item) => cell(text(item, "type") || "git")],
      ["User", (item) => cell(text(item, "username"))],
      ["Used by", (item) => ({ text: "show", link: `/applications?search=${e(text(item, "url"))}` })],
    ],
    fields: [
      { name: "url", title: "URL", hint: "such as https://git.example/team/", required: true },
      { name: "type", title: "Type", kind: "choice", choices: ["git", "helm", "oci"] },
      { name: "username", title: "User" },
      { name: "password", title: "Password or token", kind: "password" },
      { name: "sshPrivateKey", title: "SSH private key", kind: "area" },
    ],
    create: (values) => ({ place: "/api/v1/repocreds", body: filled(values) }),
    edit: {
      fields: ["username", "password", "sshPrivateKey"],
      values: (item) => ({ url: text(item, "url"), type: text(item, "type") || "git", username: text(item, "username") }),
      request: (item, values) => ({ place: `/api/v1/repocreds/${e(text(item, "url"))}`, body: filled(values) }),
      right: updates("repositories", (item) => text(item, "url")),
      note: "Stored passwords and keys are never shown. What you leave empty is removed: enter the credentials again.",
    },
    creation: creates("repositories", (values) => values["url"] ?? ""),
    removal: deletes("repositories", (item) => text(item, "url")),
    remove: (item) => `/api/v1/repocreds/${e(text(item, "url"))}`,
    loses: "Repositories without credentials of their own can no longer be read.",
  },
  {
    place: "clusters",
    title: "Clusters",
    one: "cluster",
    about: "Where Applications are deployed to.",
    api: "/api/v1/clusters",
    name: (item) => text(item, "server"),
    columns: [
      ["Cluster", (item) => cell(text(item, "name"))],
      ["Address", (item) => cell(text(item, "server"))],
      ["Version", (item) => cell(text(item, "serverVersion"))],
      ["Namespaces", (item) => cell(list(at(item, "namespaces")).join(", ") || "all")],
      ["Connection", connection],
      ["Applications", (item) => ({ text: text(item, "info", "applicationsCount") || "0", link: `/applications?cluster=${e(text(item, "name"))}` })],
    ],
    fields: [
      { name: "name", title: "Name", required: true },
      { name: "server", title: "Address", hint: "https://…", required: true },
      { name: "bearerToken", title: "Bearer token", kind: "password" },
      { name: "caData", title: "Certificate authority", hint: "PEM", kind: "area" },
      { name: "namespaces", title: "Namespaces", hint: "one per line, empty for all", kind: "area" },
      { name: "project", title: "Project", hint: "empty: all projects may use it" },
    ],
    create: (values) => ({
      place: "/api/v1/clusters",
      body: filled({
        name: values["name"],
        server: values["server"],
        project: values["project"],
        namespaces: lines(values["namespaces"]),
        config: filled({
          bearerToken: values["bearerToken"],
          tlsClientConfig: filled({ caData: values["caData"] ? btoa(values["caData"]) : "", insecure: false }),
        }),
      }),
    }),
    edit: {
      fields: ["name", "namespaces"],
      values: (item) => ({ name: text(item, "name"), namespaces: list(at(item, "namespaces")).join("\n") }),
      request: (item, values) => ({
        place: `/api/v1/clusters/${e(text(item, "server"))}?updatedFields=name&updatedFields=namespaces`,
        body: { name: values["name"], server: text(item, "server"), namespaces: lines(values["namespaces"]) },
      }),
      right: updates("clusters", (item) => within(item, text(item, "server"))),
    },
    test: (item) => `/api/v1/clusters/${e(text(item, "server"))}`,
    creation: creates("clusters", (values) => within(values, values["server"] ?? "")),
    removal: deletes("clusters", (item) => within(item, text(item, "server"))),
    remove: (item) => `/api/v1/clusters/${e(text(item, "server"))}`,
    loses: "Applications on this cluster can no longer be compared or synced. Its workloads keep running.",
  },
  {
    place: "certs",
    title: "Certificates and known hosts",
    one: "certificate",
    about: "Git and Helm servers that are trusted in addition to the system's certificates.",
    api: "/api/v1/certificates",
    name: (item) => `${text(item, "serverName")} ${text(item, "certSubType")}`,
    columns: [
      ["Server", (item) => cell(text(item, "serverName"))],
      ["Type", (item) => cell(text(item, "certType"))],
      ["Algorithm", (item) => cell(text(item, "certSubType"))],
      ["Fingerprint or subject", (item) => cell(text(item, "certInfo"))],
    ],
    fields: [
      { name: "serverName", title: "Server", required: true },
      { name: "certType", title: "Type", kind: "choice", choices: ["https", "ssh"] },
      { name: "certSubType", title: "Algorithm", hint: "of an SSH key, such as ssh-ed25519" },
      { name: "certData", title: "Certificate (PEM) or SSH public key", kind: "area", required: true },
    ],
    create: (values) => ({
      place: "/api/v1/certificates",
      body: { items: [filled({ ...values, certData: btoa(values["certData"] ?? "") })] },
    }),
    creation: creates("certificates", () => ""),
    removal: deletes("certificates", () => ""),
    remove: (item) =>
      `/api/v1/certificates?hostNamePattern=${e(text(item, "serverName"))}&certType=${e(text(item, "certType"))}&certSubType=${e(text(item, "certSubType"))}`,
    loses: "The server is no longer trusted by this entry.",
  },
  {
    place: "gpgkeys",
    title: "GnuPG keys",
    one: "key",
    about: "Keys that may sign commits, for projects that require signatures.",
    api: "/api/v1/gpgkeys",
    name: (item) => text(item, "keyID"),
    columns: [
      ["Key", (item) => cell(text(item, "keyID"))],
      ["Owner", (item) => cell(text(item, "owner"))],
      ["Type", (item) => cell(text(item, "subType"))],
      ["Fingerprint", (item) => cell(text(item, "fingerprint"))],
    ],
    fields: [{ name: "keyData", title: "Public key", hint: "ASCII armoured", kind: "area", required: true }],
    create: (values) => ({ place: "/api/v1/gpgkeys", body: { keyData: values["keyData"] } }),
    creation: creates("gpgkeys", () => ""),
    removal: deletes("gpgkeys", () => ""),
    remove: (item) => `/api/v1/gpgkeys?keyID=${e(text(item, "keyID"))}`,
    loses: "Commits signed with this key no longer count as signed.",
  },
  {
    place: "accounts",
    title: "Accounts",
    one: "account",
    about: "Local users. Users of a single sign-on provider are not listed.",
    api: "/api/v1/account",
    name: (item) => text(item, "name"),
    columns: [
      ["Account", (item) => ({ text: text(item, "name"), link: `/settings/accounts/${e(text(item, "name"))}` })],
      ["State", (item) => (at(item, "enabled") ? { text: "enabled", severity: "ok" } : { text: "disabled", severity: "attention" })],
      ["Capabilities", (item) => cell(list(at(item, "capabilities")).join(", "))],
      ["Tokens", (item) => cell(String(Array.isArray(at(item, "tokens")) ? (at(item, "tokens") as unknown[]).length : 0))],
    ],
    fields: [],
  },
];

export interface Role {
  name: string;
  description: string;
  groups: string[];
  policies: string[];
  tokens: { id: string; iat: number; exp: number }[];
}

export function rolesOf(project: unknown): Role[] {
  const found = at(project, "spec", "roles");
  return (Array.isArray(found) ? (found as unknown[]) : []).map((role) => ({
    name: text(role, "name"),
    description: text(role, "description"),
    groups: list(at(role, "groups")),
    policies: list(at(role, "policies")),
    tokens: ((at(role, "jwtTokens") as { id?: string; iat?: number; exp?: number }[] | undefined) ?? []).map((one) => ({
      id: one.id ?? "",
      iat: one.iat ?? 0,
      exp: one.exp ?? 0,
    })),
  }));
}

/** A rule of a policy as a sentence. */
export function ruleInWords(rule: string): string {
  const [, , resource, action, object, effect] = rule.split(",").map((part) => part.trim());
  if (!effect) return rule;
  const what = object === "*" ? `all ${resource}` : `${resource} ${object}`;
  return `${effect === "deny" ? "may not" : "may"} ${action === "*" ? "do anything with" : action} ${what}`;
}

function repository(values: Record<string, string>): Item {
  return filled({ ...values, insecure: values["insecure"] === "true", enableLfs: values["enableLfs"] === "true" });
}

function destinations(item: Item): string {
  const found = at(item, "spec", "destinations");
  return (Array.isArray(found) ? (found as unknown[]) : [])
    .map((one) => `${text(one, "name") || text(one, "server")} / ${text(one, "namespace")}`)
    .join(", ");
}

export function lines(value: string | undefined): string[] {
  return (value ?? "").split("\n").map((one) => one.trim()).filter(Boolean);
}

/** Without what was left empty. */
export function filled(values: Item): Item {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}

export function missing(fields: FormField[], values: Record<string, string>): string[] {
  return fields.filter((field) => field.required && !values[field.name]?.trim()).map((field) => field.title);
}
