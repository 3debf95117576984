import type { Schemas } from "../../api/client";
import { Ago, Badge, Facets, Loading, Note, Pages, Search, Tabs } from "../../parts";
import { counted } from "../../parts/format";
import { href, query } from "../../router";
import { placeOfItem } from "../home/model";
import { useLive } from "../live-page";
import { FACETS, inWords, LIMIT, objectInWords, streamOf, viewOf, VIEWS } from "./model";
import "../list.css";

const ABOUT = {
  changes: "Requests that changed something since this server started. The audit log records every request.",
  events: "Kubernetes Events of Applications, pipelines, Rollouts and certificates, for as long as the cluster keeps them.",
};

/** Who did what, and what happened; the newest first. */
export function ActivityPage() {
  const view = viewOf(query.value);
  const found = useLive<Schemas["ActPage"] | Schemas["EventPage"]>(streamOf(query.value));
  const page = found?.place === streamOf(query.value) ? found.value.value : null;
  const problem = found?.problem.value;
  return (
    <>
      <div class="head">
        <h1>Activity</h1>
        <Search label="Search activity" />
        <span class="muted number">{page && counted(page)}</span>
      </div>
      <Tabs names={[...VIEWS]} chosen={view} />
      <p class="muted">{ABOUT[view]}</p>
      {problem && <Note severity="broken">{problem}</Note>}
      <div class="list">
        {page && page.total > 0 && <Facets facets={page.facets} names={FACETS[view]} />}
        <div>
          {!page && !problem && <Loading />}
          {page && (view === "events" ? <Happened page={page as Schemas["EventPage"]} /> : <Lines page={page as Schemas["ActPage"]} />)}
          {page && <Pages matched={page.matched} offset={Number(query.value.get("offset") ?? 0)} limit={LIMIT} />}
        </div>
      </div>
    </>
  );
}

function Happened({ page }: { page: Schemas["EventPage"] }) {
  if (page.rows.length === 0) return <div class="panel">{page.total ? "No results match the filters." : "No Events yet, or none that you may see."}</div>;
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            {["Time", "Object", "Event", "Message"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <tr key={`${row.namespace}/${row.name}`}>
              <td class="tight">
                <Ago at={row.time} />
                {row.count > 1 && <div class="muted small">{row.count} times</div>}
              </td>
              <td>
                <div class="cell">
                  <a class="one-line brief" title={row.about} href={href(placeOfItem({ ...row, name: row.about }))} data-row>
                    {row.about}
                  </a>
                  <div class="muted small">
                    {row.kind} {row.namespace && `in ${row.namespace}`}
                  </div>
                </div>
              </td>
              <td class="tight">
                <Badge severity={row.type === "Warning" ? "attention" : "ok"}>{row.reason}</Badge>
              </td>
              <td class="wide">{row.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Lines({ page }: { page: Schemas["ActPage"] }) {
  if (page.rows.length === 0) return <div class="panel">{page.total ? "No results match the filters." : "No changes since this server started."}</div>;
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            {["Time", "User", "Action", "Object", "Result"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <tr key={row.name}>
              <td class="tight">
                <Ago at={row.time} />
              </td>
              <td>
                {row.subject}
                <div class="muted small">{row.address}</div>
              </td>
              <td title={row.method}>{inWords(row.method)}</td>
              <td class="wide">{objectInWords(row.object)}</td>
              <td class="tight">
                <Badge severity={row.result === "OK" ? "ok" : "broken"}>{row.result}</Badge>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
