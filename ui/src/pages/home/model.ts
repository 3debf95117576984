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

/** Either actions of the kind that are offered at once, or a link to where the next step is. */
export function nextOf(item: Item): { acts?: string; to: string; words: string } {
  const to = placeOfItem(item);
  if (item.kind === "Stage" && item.reason === "Waiting") return { acts: "stages", to, words: "Promote" };
  if (item.kind === "Rollout") return { acts: "rollouts", to, words: "Open" };
  if (item.kind !== "Application") return { to, words: "See why" };
  if (item.reason === "OutOfSync") return { to: `${to}?view=diff`, words: "View the diff" };
  if (/Health|Degraded|Missing/.test(item.reason)) return { to: `${to}?view=tree`, words: "View the unhealthy resources" };
  return { to, words: "See why" };
}
