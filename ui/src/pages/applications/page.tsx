import { ask, Failure, type Schemas } from "../../api/client";
import { keyOf } from "../../api/patch";
import { useLacking } from "../../api/rights";
import { Ago, Badge, Button, Facets, Loading, Note, Search, Sortable, StateBadge, Tabs, toast } from "../../parts";
import { Favourite } from "../../parts/favourites";
import { counted, shortRevision } from "../../parts/format";
import { SavedViews } from "../../parts/saved-views";
import { VirtualTable } from "../../parts/virtual";
import { go, href, query } from "../../router";
import { useWindow, type Window } from "../live-page";
import { selectAll, selected, SelectionBar, toggle } from "./selection";
import { allOf, FACETS, placeOf, questionOf, readableProblem, VIEWS } from "./model";
import { Narrowing } from "./narrowing";
import { Summary, Tiles } from "./overviews";
import "../list.css";
import "./page.css";

type Page = Schemas["ApplicationPage"];
type Row = Schemas["ApplicationRow"];

export function ApplicationsPage() {
  const found = useWindow<Row, Page>(questionOf(query.value));
  const { page, problem } = found;
  const view = query.value.get("view") ?? "list";
  const [lacks] = useLacking([{ resource: "applications", action: "create" }]);
  return (
    <>
      <div class="head">
        <h1>Applications</h1>
        <Search label="Search applications" />
        <div class="actions">
          <Button kind="primary" lacks={lacks} onClick={() => go("/applications/new")}>
            New application…
          </Button>
        </div>
        <span class="muted number" aria-live="polite">
          {page && counted(page)}
        </span>
      </div>
      {problem && <Note severity="broken">{readableProblem(problem)}</Note>}
      <Tabs names={VIEWS} chosen={view} />
      <SavedViews />
      <Narrowing />
      <SelectionBar />
      <div class="list">
        {page && <Facets facets={page.facets} names={FACETS} />}
        <div>{page ? <Shown view={view} page={page} found={found} /> : !problem && <Loading />}</div>
      </div>
    </>
  );
}

function Shown({ view, page, found }: { view: string; page: Page; found: Window<Page, Row> }) {
  if (page.matched === 0) return <Empty filtered={page.total > 0} />;
  if (view === "tiles") return <Tiles question={found.question} />;
  if (view === "summary") return <Summary page={page} />;
  return <Rows page={page} found={found} />;
}

function Rows({ page, found }: { page: Page; found: Window<Page, Row> }) {
  return (
    <VirtualTable
      name="applications"
      label="Applications"
      head={<Head question={found.question} matched={page.matched} />}
      columns={8}
      matched={page.matched}
      rows={found.rows}
      question={found.question}
      onView={found.onView}
      draw={(row, at) => <Line key={keyOf(row)} row={row} at={at} />}
    />
  );
}

function Head({ question, matched }: { question: string; matched: number }) {
  async function all(on: boolean) {
    if (!on) return selectAll([]);
    try {
      const { rows } = await ask<Page>("GET", allOf(question));
      selectAll(rows);
      if (rows.length < matched) toast("attention", `The first ${rows.length} of ${matched} are selected, which is the maximum`);
    } catch (error) {
      toast("broken", error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <>
      <th scope="col">
        <input
          type="checkbox"
          aria-label="Select all that match"
          checked={selected.value.size > 0 && selected.value.size >= matched}
          onChange={(event) => void all(event.currentTarget.checked)}
        />
      </th>
      <Sortable column="name">Application</Sortable>
      <Sortable column="sync">Sync</Sortable>
      <Sortable column="health">Health</Sortable>
      <Sortable column="severity">Why and what next</Sortable>
      <th scope="col">Source</th>
      <th scope="col">Destination</th>
      <Sortable column="synced">Last sync</Sortable>
    </>
  );
}

function Line({ row, at }: { row: Row; at: number }) {
  const chosen = selected.value.has(keyOf(row));
  return (
    <tr class={chosen ? "selected" : undefined} aria-rowindex={at + 2} data-drawn>
      <td>
        <input type="checkbox" aria-label={`Select ${row.name}`} checked={chosen} onChange={(event) => toggle(row, event.currentTarget.checked)} />
      </td>
      <td>
        <div class="cell">
          <div class="named">
            <a href={href(placeOf(row))} title={row.name} data-row>
              {row.name}
            </a>
            <Favourite of={{ kind: "Application", namespace: row.namespace, name: row.name }} />
          </div>
          <div class="muted small only-wide">{row.project}</div>
          <div class="small one-line only-narrow">
            {row.why.reason}: {row.why.message}
          </div>
        </div>
      </td>
      <td class="tight">
        <StateBadge word={row.sync} />
      </td>
      <td class="tight">
        <StateBadge word={row.health} />
      </td>
      <td class="wide why">
        <div class="cell" title={row.why.message}>
          <Badge severity={row.why.severity}>{row.why.reason}</Badge> {row.why.message} <Since why={row.why} />
        </div>
      </td>
      <td class="wide small">
        <div class="cell" title={row.repository}>
          <div class="one-line">
            {row.repository}
            {row.otherSources > 0 && ` and ${row.otherSources} more`}
          </div>
          <div class="muted mono one-line">
            {row.path} @ {row.targetRevision}
            {row.revision && row.revision !== row.targetRevision ? ` (${shortRevision(row.revision)})` : ""}
          </div>
        </div>
      </td>
      <td class="small">
        <div class="cell">
          <div class="one-line">{row.cluster}</div>
          <div class="muted one-line">{row.destinationNamespace}</div>
        </div>
      </td>
      <td class="tight small">
        <Ago at={row.syncedAt} />
      </td>
    </tr>
  );
}

/** Since when it is so, and until when. */
function Since({ why }: { why: Row["why"] }) {
  if (!why.since && !why.until) return null;
  return (
    <span class="muted small">
      <Ago at={why.since} /> {why.until && <>until <Ago at={why.until} /></>}
    </span>
  );
}

function Empty({ filtered }: { filtered: boolean }) {
  return (
    <div class="panel">
      {filtered ? (
        <p>
          No Applications match the filters. <a href={href("/applications")}>Clear filters</a>
        </p>
      ) : (
        <>
          <p>No Applications yet, or none that you may see.</p>
          <p class="muted">
            An Application deploys a Git folder, a Helm chart or an OCI image of manifests to a cluster and keeps it in sync. Press <strong>New application…</strong> or run{" "}
            <code>kubectl apply -f your-application.yaml</code>.
          </p>
        </>
      )}
    </div>
  );
}
