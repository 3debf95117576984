/**
 * What a cluster adds to the objects that Git describes: bookkeeping, status, and fields that Git does not set, such as
 * defaults. It is folded unless it is asked for. Pure.
 */
type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Written by the API server alone. Source: Kubernetes, ObjectMeta. */
const BOOKKEEPING = ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"];
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** What identifies an object, or says that it is being deleted, is never noise. */
const KEPT = new Set(["name", "namespace", "ownerReferences", "finalizers", "deletionTimestamp"]);
/** By which field the items of a list are the same in both. Source: Kubernetes, patchMergeKey. */
const KEYS = ["name", "containerPort", "port", "mountPath", "devicePath", "ip", "type", "topologyKey"];

export interface Quiet {
  object: Json;
  /** Values that are left out. */
  folded: number;
}

/** `wanted`: what Git says of it, null where Git does not say anything; then only bookkeeping and status are noise. */
export function withoutNoise(live: Json, wanted: Json | null = null): Quiet {
  const { status, ...rest } = live;
  const metadata = isObject(live["metadata"]) ? { ...live["metadata"] } : {};
  let folded = wanted && "status" in wanted ? 0 : leaves(status);
  for (const name of BOOKKEEPING) {
    folded += leaves(metadata[name]);
    delete metadata[name];
  }
  if (isObject(metadata["annotations"]) && LAST_APPLIED in metadata["annotations"]) {
    const { [LAST_APPLIED]: _applied, ...annotations } = metadata["annotations"];
    metadata["annotations"] = annotations;
    if (Object.keys(annotations).length === 0) delete metadata["annotations"];
    folded += 1;
  }
  const object = { ...rest, ...("metadata" in live ? { metadata } : {}), ...(wanted && "status" in wanted ? { status } : {}) };
  if (!wanted) return { object, folded };
  const always = Object.fromEntries(Object.entries(metadata).filter(([name]) => KEPT.has(name)));
  const only = within(object, { apiVersion: "", kind: "", ...wanted, metadata: { ...always, ...(isObject(wanted["metadata"]) ? wanted["metadata"] : {}) } });
  return { object: only as Json, folded: folded + leaves(object) - leaves(only) };
}

/** The part of a value that another one has, too. An item of a list that the other lacks stays: somebody added it. */
function within(value: unknown, wanted: unknown): unknown {
  if (isObject(value) && isObject(wanted)) {
    return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (name in wanted ? [[name, within(one, wanted[name])]] : [])));
  }
  if (!Array.isArray(value) || !Array.isArray(wanted)) return value;
  const key = KEYS.find((name) => wanted.every((one) => isObject(one) && name in one));
  return value.map((one: unknown, at) => {
    const other: unknown = key && isObject(one) ? wanted.find((candidate: Json) => candidate[key] === one[key]) : wanted[at];
    return other === undefined ? one : within(one, other);
  });
}

function leaves(value: unknown): number {
  if (value === undefined) return 0;
  const below = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return below.length ? below.reduce<number>((sum, one) => sum + leaves(one), 0) : 1;
}
