/** What one may do with an Application: asked in one question; a missing right is shown as the reason. */
import { objectOf, useLacking } from "../../api/rights";

const ACTIONS = ["get", "sync", "rollback", "update", "delete"] as const;
export type Rights = Record<(typeof ACTIONS)[number], string | undefined>;

export function useRights(project: string, namespace: string, name: string): Rights {
  const object = objectOf(project, namespace, name);
  const lacks = useLacking(ACTIONS.map((action) => ({ resource: "applications", action, object })));
  return Object.fromEntries(ACTIONS.map((action, at) => [action, lacks[at]])) as Rights;
}
