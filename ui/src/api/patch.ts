/** What a patch of the stream makes of what is shown: a JSON merge patch, and of `rows` those changed and the order. */
type Json = Record<string, unknown>;
type Row = { namespace: string; name: string };

export function patched<T extends object>(before: T, patch: Json): T {
  const { changed, order, ...rest } = patch as { changed?: Row[]; order?: string[] } & Json;
  const after = merged(before as Json, rest);
  const rows = (before as { rows?: Row[] }).rows;
  if (rows && (changed || order)) after["rows"] = rearranged(rows, changed ?? [], order);
  return after as T;
}

export function keyOf(row: Row): string {
  return `${row.namespace}/${row.name}`;
}

function rearranged(rows: Row[], changed: Row[], order?: string[]): Row[] {
  const known = new Map(rows.map((row) => [keyOf(row), row]));
  for (const row of changed) known.set(keyOf(row), row);
  return (order ?? rows.map(keyOf)).flatMap((key) => known.get(key) ?? []);
}

function merged(before: Json, patch: Json): Json {
  const after: Json = { ...before };
  for (const [name, value] of Object.entries(patch)) {
    const old = after[name];
    if (value === null) delete after[name];
    else if (isObject(value)) after[name] = merged(isObject(old) ? old : {}, value);
    else after[name] = value;
  }
  return after;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
