/** What one may, asked in one question for many rights; a missing right is the reason why something cannot be pressed. */
import { useEffect, useRef, useState } from "preact/hooks";

import { ask, rightsChanged, type Schemas } from "./client";

export type Right = Schemas["Right"];

/** A right without an object is one for any object: it is asked before a form names one. */
export function lackOf(right: Right): string {
  return `missing permission: ${[right.resource, right.action, right.object].filter(Boolean).join(", ")}`;
}

/** In the order of the rights; undefined where one may, and while it is not known: the server decides in any case. */
export function useLacking(rights: Right[]): (string | undefined)[] {
  const [lacks, setLacks] = useState<(string | undefined)[]>([]);
  const question = JSON.stringify(rights);
  const answered = useRef("");
  const version = rightsChanged.value;
  useEffect(() => {
    let current = true;
    if (answered.current !== question) setLacks([]); // else what is known stays until the new answer is there
    answered.current = question;
    const asked = JSON.parse(question) as Right[];
    if (asked.length > 0) {
      ask<Schemas["Allowed"]>("POST", "/api/argosy/v1/rights", { rights: asked }).then(
        ({ allowed }) => current && setLacks(asked.map((one, at) => (allowed[at] ? undefined : lackOf(one)))),
        () => undefined,
      );
    }
    return () => (current = false);
  }, [question, version]);
  return lacks;
}

/** An Application in policies: in the control plane's namespace it is named without it. */
export function objectOf(project: string, namespace: string, name: string): string {
  return namespace === "argocd" ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}
