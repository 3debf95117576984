/** Which nodes of the tree are shown: those that a search and filters name, with what is above them. Pure. */
import type { Schemas } from "../../api/client";
import { keyOfNode, type Node, type Tree } from "./tree-model";

export interface Narrowing {
  search: string;
  kind: string;
  health: string;
  sync: string;
  orphaned: boolean;
}

export const FILTERS = ["kind", "health", "sync"] as const;
type Filter = (typeof FILTERS)[number];

export function narrowingOf(query: URLSearchParams): Narrowing {
  const of = (name: string) => query.get(name) ?? "";
  return { search: of("search"), kind: of("kind"), health: of("health"), sync: of("sync"), orphaned: query.get("orphaned") === "yes" };
}

/** The nodes with the sync state that the Application's resources have; what is in Git alone, and what nothing manages. */
export function known(tree: Tree, resources: Schemas["ResourceShown"][]): Tree {
  const states = new Map(resources.map((one) => [keyOfNode(one), one.sync]));
  const nodes = (tree.nodes ?? []).map((node) => {
    const sync = states.get(keyOfNode(node));
    return sync ? { ...node, sync } : node;
  });
  const there = new Set(nodes.map(keyOfNode));
  const missing = resources.filter((one) => !one.hook && !there.has(keyOfNode(one))).map(missingNode);
  return { nodes: [...nodes, ...missing], orphanedNodes: (tree.orphanedNodes ?? []).map((node) => ({ ...node, orphaned: true })) };
}

function missingNode({ group, version, kind, namespace, name, sync }: Schemas["ResourceShown"]): Node {
  return { group, version, kind, namespace, name, sync, health: { status: "Missing", message: "It is in Git, but not in the cluster" } };
}

function valueOf(node: Node, filter: Filter): string {
  if (filter === "kind") return node.kind;
  return (filter === "health" ? node.health?.status : node.sync) ?? "";
}

/** What there is to choose from, the most first. */
export function choices(tree: Tree, filter: Filter): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const node of tree.nodes ?? []) {
    const value = valueOf(node, filter);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

export function narrowed(tree: Tree, narrowing: Narrowing): Tree {
  const nodes = [...(tree.nodes ?? []), ...(narrowing.orphaned ? (tree.orphanedNodes ?? []) : [])];
  const words = narrowing.search.toLowerCase().split(/\s+/).filter(Boolean);
  const filters = FILTERS.filter((filter) => narrowing[filter]);
  if (words.length === 0 && filters.length === 0) return { nodes };
  const by = new Map(nodes.map((node) => [keyOfNode(node), node]));
  const kept = new Set<string>();
  for (const node of nodes) {
    if (!filters.every((filter) => valueOf(node, filter) === narrowing[filter]) || !words.every((word) => textOf(node).includes(word))) continue;
    for (let at: Node | undefined = node; at && !kept.has(keyOfNode(at)); ) {
      kept.add(keyOfNode(at));
      at = by.get(at.parentRefs?.[0] ? keyOfNode(at.parentRefs[0]) : "");
    }
  }
  return { nodes: nodes.filter((node) => kept.has(keyOfNode(node))) };
}

/** Labels as they are written in a selector: `app=web`. */
function textOf(node: Node): string {
  const labels = Object.entries(node.networkingInfo?.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [node.kind, node.name, node.namespace, node.health?.status, node.sync, ...labels].join(" ").toLowerCase();
}
