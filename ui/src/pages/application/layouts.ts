/** Other ways to see the tree: how traffic flows (Ingress, Service, Pods), and which Pod runs where. Pure. */
import { keyOfNode, type Node, type Reference, type Tree } from "./tree-model";

export const LAYOUTS: Record<string, string> = { owners: "Ownership", traffic: "Traffic", nodes: "Nodes" };

/** The tree with parents as the layout has them; `owners` as it came. */
export function laidOut(tree: Tree, layout: string): Tree {
  const nodes = tree.nodes ?? [];
  if (layout === "traffic") return { nodes: traffic(nodes) };
  if (layout === "nodes") return { nodes: byMachine(nodes) };
  return tree;
}

/** What outside traffic meets first stands first; a Pod that several Services choose stands below the first of them. */
function traffic(nodes: Node[]): Node[] {
  const concerned = nodes.filter((node) => node.networkingInfo);
  const parents = new Map<string, Reference>();
  const below = (parent: Node, child: Node) => {
    if (!parents.has(keyOfNode(child)) && !leadsTo(parents, parent, child)) parents.set(keyOfNode(child), parent);
  };
  for (const from of concerned) {
    for (const to of concerned) if (from !== to && reaches(from, to)) below(from, to);
  }
  return concerned
    .filter((node) => parents.has(keyOfNode(node)) || node.kind !== "Pod")
    .map((node) => ({ ...node, parentRefs: [parents.get(keyOfNode(node))].flatMap((one) => one ?? []) }));
}

/** Whether the child is above the parent already: traffic never goes in a circle here. */
function leadsTo(parents: ReadonlyMap<string, Reference>, parent: Node, child: Node): boolean {
  for (let at: Reference | undefined = parent; at; at = parents.get(keyOfNode(at))) if (keyOfNode(at) === keyOfNode(child)) return true;
  return false;
}

export function reaches(from: Node, to: Node): boolean {
  const { targetRefs, targetLabels } = from.networkingInfo ?? {};
  if (targetRefs?.some((ref) => ref.kind === to.kind && ref.name === to.name && (ref.namespace ?? "") === (to.namespace ?? ""))) return true;
  const wanted = Object.entries(targetLabels ?? {});
  const has = to.networkingInfo?.labels ?? {};
  return to.kind === "Pod" && from.namespace === to.namespace && wanted.length > 0 && wanted.every(([name, value]) => has[name] === value);
}

function byMachine(nodes: Node[]): Node[] {
  const pods = nodes.filter((node) => node.kind === "Pod");
  const machines = [...new Set(pods.map(machineOf))];
  const known = new Map(machines.map((name): [string, Node] => [name, { kind: "Node", name, version: "v1" }]));
  return [...known.values(), ...pods.map((pod) => ({ ...pod, parentRefs: [known.get(machineOf(pod))].flatMap((one) => one ?? []) }))];
}

function machineOf(pod: Node): string {
  return pod.info?.find((one) => one.name === "Node")?.value ?? "not scheduled yet";
}
