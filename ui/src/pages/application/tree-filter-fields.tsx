import { go, query, withQuery } from "../../router";
import { choices, FILTERS } from "./tree-filters";
import type { Tree } from "./tree-model";

const TITLES = { kind: "Kind", health: "Health", sync: "Sync" };

/** What is chosen stands in the address. */
export function TreeFilters({ tree }: { tree: Tree }) {
  const orphaned = tree.orphanedNodes?.length ?? 0;
  return (
    <>
      {FILTERS.map((filter) => {
        const chosen = query.value.get(filter) ?? "";
        const all = choices(tree, filter);
        if (all.length < 2 && !chosen) return null;
        return (
          <label key={filter}>
            {TITLES[filter]}{" "}
            <select value={chosen} onChange={(event) => go(withQuery({ [filter]: event.currentTarget.value || null }), "replace")}>
              <option value="">any</option>
              {chosen && !all.some((one) => one.value === chosen) && <option value={chosen}>{chosen} (0)</option>}
              {all.map(({ value, count }) => (
                <option key={value} value={value}>
                  {value} ({count})
                </option>
              ))}
            </select>
          </label>
        );
      })}
      {orphaned > 0 && (
        <label title="In the Application's namespaces, but not of any Application">
          <input
            type="checkbox"
            checked={query.value.get("orphaned") === "yes"}
            onChange={(event) => go(withQuery({ orphaned: event.currentTarget.checked ? "yes" : null }), "replace")}
          />{" "}
          orphaned ({orphaned})
        </label>
      )}
    </>
  );
}
