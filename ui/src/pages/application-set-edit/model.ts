/** From the text of an ApplicationSet's specification to what is asked of the server, and what it answers to what is shown. Pure. */
import type { Schemas } from "../../api/client";
import { type Difference, objectDifference } from "../application/model";

export type Preview = Schemas["SetPreview"];

/** In one line; nothing is said of what there is none of. */
export function effectOf(preview: Preview): string {
  const count = (many: number, word: string) => (many ? [`${many} ${many === 1 ? "Application is" : "Applications are"} ${word}`] : []);
  const parts = [...count(preview.created.length, "created"), ...count(preview.changed.length, "changed"), ...count(preview.deleted.length, "deleted")];
  return parts.length ? parts.join(", ") : "No changes";
}

/** What is deleted first: it is what would be missed. */
export function differencesOf(preview: Preview): Difference[] {
  return [...preview.deleted, ...preview.changed, ...preview.created].flatMap((one) => objectDifference({ kind: "Application", namespace: one.namespace, name: one.name }, one.before, one.after) ?? []);
}

/** The body of Argo CD's call that replaces a set: what one cannot change stays out. */
export function replaced(stored: { metadata: Record<string, unknown> }, spec: unknown): object {
  const { name, namespace, labels, annotations, finalizers } = stored.metadata;
  return { metadata: { name, namespace, labels, annotations, finalizers }, spec };
}
