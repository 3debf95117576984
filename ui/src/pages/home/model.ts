/** Where a line of the home page leads to, and what one can do there. Pure. */
import type { Schemas } from "../../api/client";

export type Item = Schemas["Home"]["items"][number];
/** Milliseconds. */
export const DAY = 86_400_000;

/** How the favourites are is told in any case. */
export function questionOf(favourites: string[]): string {
  const asked = new URLSearchParams(favourites.map((one): [string, string] => ["favourite", one]));
  return `/api/argosy/v1/stream/home${asked.size ? `?${asked}` : ""}`;
}

const PLACES: Record<string, string> = {
  Application: "applications",
  Rollout: "rollouts",
  ApplicationSet: "applicationsets",
  Warehouse: "warehouses",
  Stage: "stages",
  Freight: "freight",
  Promotion: "promotions",
  Certificate: "certificates",
  SealedSecret: "sealedsecrets",
  AnalysisRun: "analysisruns",
  Experiment: "experiments",
  Issuer: "issuers",
  ClusterIssuer: "clusterissuers",
};

export function placeOfItem(item: { kind: string; namespace: string; name: string }): string {
  const place = PLACES[item.kind];
  return place ? `/${place}/${encodeURIComponent(item.namespace || "-")}/${encodeURIComponent(item.name)}` : "/";
}

type Alike = Schemas["Home"]["alike"][number];
/** Of many that are alike so many are shown. */
const FEW = 3;

/** Many that need attention for one reason are a few and a number. */
export function folded(items: Item[], alike: Alike[]): { group: Alike; shown: Item[]; more: number; to: string }[] {
  return alike.map((group) => {
    const all = items.filter((item) => item.kind === group.kind && item.reason === group.reason);
    const shown = group.count > FEW + 2 && group.reason !== "Waiting" ? all.slice(0, FEW) : all;
    return { group, shown, more: group.count - shown.length, to: placeOfAlike(group) };
  });
}

function placeOfAlike({ kind, reason }: Alike): string {
  const asked = encodeURIComponent(reason);
  if (kind === "Application") return `/applications?reason=${asked}`;
  if (kind === "Stage" && reason === "Waiting") return "/pipelines";
  return `/${PLACES[kind] ?? ""}?state=${asked}`;
}

/** Several of a kind. */
export function severalOf(kind: string): string {
  return kind === "Freight" ? kind : `${kind}s`;
}

/** Either actions of the kind that are offered at once, or a link to where the next step is. */
export function nextOf(item: Item): { acts?: string; to: string; words: string } {
  const to = placeOfItem(item);
  if (item.kind === "Stage" && item.reason === "Waiting") return { acts: "stages", to, words: "Promote" };
  if (item.kind === "Rollout") return { acts: "rollouts", to, words: "Open" };
  if (item.kind === "Promotion") return { acts: "promotions", to, words: "Open" };
  if (item.kind === "Certificate") return { acts: "certificates", to, words: "Open" };
  if (item.kind !== "Application") return { to, words: "See why" };
  if (item.reason === "OutOfSync") return { to: `${to}?view=diff`, words: "View the diff" };
  if (/Health|Degraded|Missing/.test(item.reason)) return { to: `${to}?view=tree`, words: "View the unhealthy resources" };
  return { to, words: "See why" };
}
