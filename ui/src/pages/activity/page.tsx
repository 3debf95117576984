import type { Schemas } from "../../api/client";
import { Ago, Badge, Facets, Note, Pages, Search } from "../../parts";
import { query } from "../../router";
import { useLive } from "../live-page";
import { FACETS, inWords, LIMIT, objectInWords, streamOf } from "./model";
import "../list.css";

/** Who did what, the newest first: the audit log's latest lines. */
export function ActivityPage() {
  const found = useLive<Schemas["ActPage"]>(streamOf(query.value));
  const page = found?.value.value;
  const problem = found?.problem.value;
  return (
    <>
      <div class="head">
        <h1>Activity</h1>
        <Search label="Search activity" />
        <span class="muted number">{page && (page.matched === page.total ? page.total : `${page.matched} of ${page.total}`)}</span>
      </div>
      <p class="muted">Requests that changed something since this server started. The audit log records every request.</p>
      {problem && <Note severity="broken">{problem}</Note>}
      <div class="list">
        {page && page.total > 0 && <Facets facets={page.facets} names={FACETS} />}
        <div>
          {page ? <Lines page={page} /> : !problem && <p class="muted">Loading…</p>}
          {page && <Pages matched={page.matched} offset={Number(query.value.get("offset") ?? 0)} limit={LIMIT} />}
        </div>
      </div>
    </>
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
