/** What one may do with an Application: asked in one question; a missing right is shown as the reason. */
import { useEffect, useState } from "preact/hooks";

import { ask, type Schemas } from "../../api/client";

const ACTIONS = ["get", "sync", "rollback", "update", "delete"] as const;
export type Rights = Record<(typeof ACTIONS)[number], string | undefined>;
const NOT_KNOWN = Object.fromEntries(ACTIONS.map((action) => [action, undefined])) as Rights;

export function useRights(project: string, namespace: string, name: string): Rights {
  const [rights, setRights] = useState<Rights>(NOT_KNOWN);
  useEffect(() => {
    const object = namespace === "argocd" ? `${project}/${name}` : `${project}/${namespace}/${name}`;
    const questions = ACTIONS.map((action) => ({ resource: "applications", action, object }));
    ask<Schemas["Allowed"]>("POST", "/api/argosy/v1/rights", { rights: questions }).then(
      ({ allowed }) =>
        setRights(
          Object.fromEntries(
            ACTIONS.map((action, at) => [action, allowed[at] ? undefined : `you lack the right applications, ${action}, ${object}`]),
          ) as Rights,
        ),
      () => setRights(NOT_KNOWN),
    );
  }, [project, namespace, name]);
  return rights;
}
