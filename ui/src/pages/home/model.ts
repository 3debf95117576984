/** Where a line of the home page leads to. Pure. */

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
};

export function placeOfItem(item: { kind: string; namespace: string; name: string }): string {
  const place = PLACES[item.kind];
  return place ? `/${place}/${encodeURIComponent(item.namespace)}/${encodeURIComponent(item.name)}` : "/";
}
