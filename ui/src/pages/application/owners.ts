/** Which manager set which field of a live object, by its managedFields. Pure. Source: Kubernetes, fieldsV1. */

export interface Owner {
  manager: string;
  operation: string;
  subresource: string;
  time: string;
  fields: string[];
}

interface Entry {
  manager?: string;
  operation?: string;
  subresource?: string;
  time?: string;
  fieldsV1?: Record<string, unknown>;
}

export function ownersOf(live: Record<string, unknown>): Owner[] {
  const metadata = live["metadata"] as { managedFields?: Entry[] } | undefined;
  return (metadata?.managedFields ?? []).map((one) => ({
    manager: one.manager ?? "",
    operation: one.operation ?? "",
    subresource: one.subresource ?? "",
    time: one.time ?? "",
    fields: fieldsOf(one.fieldsV1 ?? {}),
  }));
}

/** Leaves alone; an item of a list is named by its key, such as `containers[name=web]`. */
function fieldsOf(fields: Record<string, unknown>, at = ""): string[] {
  const names = Object.keys(fields).filter((name) => name !== ".");
  if (names.length === 0) return at ? [at] : [];
  return names.flatMap((name) => fieldsOf((fields[name] ?? {}) as Record<string, unknown>, joined(at, name)));
}

function joined(at: string, name: string): string {
  if (name.startsWith("f:")) return at ? `${at}.${name.slice(2)}` : name.slice(2);
  if (name.startsWith("k:")) return `${at}[${keyed(name.slice(2))}]`;
  return `${at}[${name.slice(2)}]`;
}

function keyed(text: string): string {
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(",");
  } catch {
    return text;
  }
}

/** For reading: without what says who set what. */
export function withoutOwners(live: Record<string, unknown>): Record<string, unknown> {
  const { managedFields: _managedFields, ...metadata } = (live["metadata"] ?? {}) as Record<string, unknown>;
  return { ...live, metadata };
}
