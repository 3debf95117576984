/** The tree of what an Application owns: nodes in layers, many alike folded, laid out from left to right. Pure. */

export interface Reference {
  group?: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
}

/** A node of Argo CD's resource tree. */
export interface Node extends Reference {
  version?: string;
  parentRefs?: Reference[];
  health?: { status?: string; message?: string };
  info?: { name: string; value: string }[];
  images?: string[];
  createdAt?: string;
  /** Of what the Application manages itself. */
  sync?: string;
  /** In a namespace of the Application, but of nobody. */
  orphaned?: boolean;
  networkingInfo?: {
    targetRefs?: Reference[] | null;
    targetLabels?: Record<string, string> | null;
    labels?: Record<string, string> | null;
  };
}

export interface Tree {
  nodes?: Node[] | null;
  orphanedNodes?: Node[] | null;
}

/** The tree as the stream has it: by place, so that a patch has only what differs. */
export interface KeyedTree {
  nodes?: Record<string, Node>;
  orphanedNodes?: Record<string, Node>;
}

export function listed(tree: KeyedTree): Tree {
  return { nodes: Object.values(tree.nodes ?? {}), orphanedNodes: Object.values(tree.orphanedNodes ?? {}) };
}

export interface Placed {
  key: string;
  node: Node | null;
  /** Of a fold: what it stands for. */
  folded: Node[];
  title: string;
  health: string;
  column: number;
  row: number;
  parent: string;
}

export interface Drawn {
  placed: Placed[];
  columns: number;
  rows: number;
  /** Nodes that are left out, because more than the budget would be drawn. */
  left: number;
}

export const BUDGET = 200;
const ALIKE = 4;
const RANK: Record<string, number> = { Degraded: 0, Missing: 1, Progressing: 2, Suspended: 3, Unknown: 4, Healthy: 6 };

export function keyOfNode(node: Reference): string {
  return `${node.group ?? ""}/${node.kind}/${node.namespace ?? ""}/${node.name}`;
}

export function drawn(tree: Tree, application: string, open: ReadonlySet<string>): Drawn {
  const nodes = tree.nodes ?? [];
  const known = new Set(nodes.map(keyOfNode));
  const children = new Map<string, Node[]>();
  for (const node of nodes) {
    const parent = node.parentRefs?.map(keyOfNode).find((key) => known.has(key)) ?? "";
    added(children, parent, node);
  }
  const placed: Placed[] = [];
  let row = 0;
  let columns = 1;
  let left = 0;

  function place(entry: Omit<Placed, "row">): Placed {
    const made = { ...entry, row };
    placed.push(made);
    columns = Math.max(columns, entry.column + 1);
    return made;
  }

  function grow(parent: Placed, key: string, column: number): void {
    const entries = grouped(children.get(key) ?? [], key, open, children);
    const first = row;
    for (const entry of entries) {
      if (placed.length >= BUDGET) {
        left += entry.folded.length;
        continue;
      }
      const node = entry.folded.length === 1 ? (entry.folded[0] ?? null) : null;
      const made = place({ ...entry, node, column, parent: parent.key });
      if (node && column < 30) grow(made, keyOfNode(node), column + 1);
      else row++;
    }
    if (entries.length === 0 || row === first) row = first + 1;
    parent.row = (first + row - 1) / 2;
  }

  const root = place({ key: "", node: null, folded: [], title: application, health: "", column: 0, parent: "" });
  grow(root, "", 1);
  return { placed, columns, rows: Math.max(1, row), left };
}

type Entry = Pick<Placed, "key" | "folded" | "title" | "health">;

/** What needs a look first. */
function first(a: Entry, b: Entry): number {
  return rankOf(a) - rankOf(b) || a.title.localeCompare(b.title, undefined, { numeric: true });
}

function rankOf(entry: Entry): number {
  return entry.folded[0] ? rank(entry.folded[0]) : 5;
}

/** What is unhealthy first; of a kind that has many leaves without a problem one line with their number. */
function grouped(nodes: Node[], parent: string, open: ReadonlySet<string>, children: Map<string, Node[]>): Entry[] {
  const groups = new Map<string, Node[]>();
  const entries: Entry[] = [];
  for (const node of nodes) {
    const leaf = !children.has(keyOfNode(node));
    const fold = `${parent}>${node.group ?? ""}/${node.kind}/${node.health?.status ?? ""}`;
    if (leaf && rank(node) >= 4 && !open.has(fold)) added(groups, fold, node);
    else entries.push(single(node));
  }
  for (const [key, folded] of groups) {
    if (folded.length <= ALIKE) entries.push(...folded.map(single));
    else entries.push({ key, folded, title: `${folded.length} × ${folded[0]?.kind}`, health: folded[0]?.health?.status ?? "" });
  }
  return entries.sort(first);
}

function added(lists: Map<string, Node[]>, key: string, node: Node): void {
  const list = lists.get(key);
  if (list) list.push(node);
  else lists.set(key, [node]);
}

function single(node: Node): Entry {
  return { key: keyOfNode(node), folded: [node], title: node.name, health: node.health?.status ?? "" };
}

/** What differs from Git is no worse than what is suspended, and is not folded away. */
function rank(node: Node): number {
  const health = node.health?.status;
  const found = health ? (RANK[health] ?? 4) : 5;
  return node.sync === "OutOfSync" ? Math.min(found, 3) : found;
}

/** How Argo CD's page names an object in its address: group/kind/namespace/name, and the number of a container after it. */
export function addressOf(node: Node): string {
  return [node.group ?? "", node.kind, node.namespace ?? "", node.name].join("/");
}

/** The object that an address names, if it is there. A name may have slashes of its own. */
export function nodeOf(tree: Tree, address: string | null): Node | null {
  if (!address) return null;
  const all = [...(tree.nodes ?? []), ...(tree.orphanedNodes ?? [])];
  const named = all.find((one) => addressOf(one) === address);
  const container = /\/\d+$/;
  return named ?? (container.test(address) ? (all.find((one) => addressOf(one) === address.replace(container, "")) ?? null) : null);
}
