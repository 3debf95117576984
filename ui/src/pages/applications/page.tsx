import type { Schemas } from "../../api/client";
import { keyOf } from "../../api/patch";
import { Ago, Badge, Button, Facets, Note, Pages, Search, Sortable, StateBadge } from "../../parts";
import { shortRevision } from "../../parts/format";
import { go, href, query } from "../../router";
import { useLive } from "../live-page";
import { selected, SelectionBar, toggle } from "./selection";
import { FACETS, LIMIT, placeOf, streamOf } from "./model";
import "../list.css";

type Page = Schemas["ApplicationPage"];

export function ApplicationsPage() {
  const found = useLive<Page>(streamOf(query.value));
  const page = found?.value.value;
  const problem = found?.problem.value;
  return (
    <>
      <div class="head">
        <h1>Applications</h1>
        <Search label="Search applications" />
        <div class="actions">
          <Button kind="primary" onClick={() => go("/applications/new")}>
            New application…
          </Button>
        </div>
        <span class="muted number" aria-live="polite">
          {page && (page.matched === page.total ? `${page.total}` : `${page.matched} of ${page.total}`)}
        </span>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      <SelectionBar />
      <div class="list">
        {page && <Facets facets={page.facets} names={FACETS} />}
        <div>
          {page ? <Rows page={page} /> : !problem && <p class="muted">Loading…</p>}
          {page && <Pages matched={page.matched} offset={Number(query.value.get("offset") ?? 0)} limit={LIMIT} />}
        </div>
      </div>
    </>
  );
}

function Rows({ page }: { page: Page }) {
  if (page.rows.length === 0) return <Empty filtered={page.total > 0} />;
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            <th scope="col">
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={page.rows.every((row) => selected.value.has(keyOf(row)))}
                onChange={(event) => page.rows.forEach((row) => toggle(row, event.currentTarget.checked))}
              />
            </th>
            <Sortable column="name">Application</Sortable>
            <Sortable column="sync">Sync</Sortable>
            <Sortable column="health">Health</Sortable>
            <Sortable column="severity">Why, and what next</Sortable>
            <th scope="col">Source</th>
            <th scope="col">Destination</th>
            <Sortable column="synced">Synced</Sortable>
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <tr key={keyOf(row)} class={selected.value.has(keyOf(row)) ? "selected" : undefined}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`Select ${row.name}`}
                  checked={selected.value.has(keyOf(row))}
                  onChange={(event) => toggle(row, event.currentTarget.checked)}
                />
              </td>
              <td>
                <a href={href(placeOf(row))} data-row>
                  {row.name}
                </a>
                <div class="muted small">{row.project}</div>
              </td>
              <td class="tight">
                <StateBadge word={row.sync} />
              </td>
              <td class="tight">
                <StateBadge word={row.health} />
              </td>
              <td class="wide">
                <Badge severity={row.why.severity}>{row.why.reason}</Badge> <span class="clamped">{row.why.message}</span>
              </td>
              <td class="wide small">
                <span class="clamped">{row.repository}</span>
                <span class="muted mono">
                  {row.path} @ {row.targetRevision}
                  {row.revision && row.revision !== row.targetRevision ? ` (${shortRevision(row.revision)})` : ""}
                </span>
              </td>
              <td class="small">
                {row.cluster}
                <div class="muted">{row.destinationNamespace}</div>
              </td>
              <td class="tight small">
                <Ago at={row.syncedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Empty({ filtered }: { filtered: boolean }) {
  return (
    <div class="panel">
      {filtered ? (
        <p>
          No application has all of this. <a href={href("/applications")}>Show all</a>
        </p>
      ) : (
        <p>
          There are no applications that you may see. <code>kubectl apply -f your-application.yaml</code> makes one.
        </p>
      )}
    </div>
  );
}
