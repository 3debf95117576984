/** Applications as tiles, and as counts: other looks at the same question as the list. */
import type { Schemas } from "../../api/client";
import { keyOf } from "../../api/patch";
import { Ago, Badge, Loading, Note, Pages, StateBadge } from "../../parts";
import { Favourite } from "../../parts/favourites";
import { grouped, shortRevision } from "../../parts/format";
import { ASKED } from "../../parts/window-model";
import { href, query, withQuery } from "../../router";
import { useLive } from "../live-page";
import { FACETS, placeOf, shares } from "./model";
import "./page.css";

type Page = Schemas["ApplicationPage"];
type Row = Schemas["ApplicationRow"];

/** A page of them at a time; where it begins stands in the address. */
export function Tiles({ question }: { question: string }) {
  const offset = Number(query.value.get("offset")) || 0;
  const found = useLive<Page>(`${question}&offset=${offset}`);
  const page = found?.value.value;
  if (found?.problem.value) return <Note severity="broken">{found.problem.value}</Note>;
  if (!page) return <Loading />;
  return (
    <>
      <ul class="tiles">
        {page.rows.map((row) => (
          <Tile key={keyOf(row)} row={row} />
        ))}
      </ul>
      <Pages matched={page.matched} offset={offset} limit={ASKED} />
    </>
  );
}

function Tile({ row }: { row: Row }) {
  return (
    <li class={`panel tile ${row.why.severity}`}>
      <span class="named">
        <a href={href(placeOf(row))} data-row>
          <strong>{row.name}</strong>
        </a>
        <Favourite of={{ kind: "Application", namespace: row.namespace, name: row.name }} />
      </span>
      <span>
        <StateBadge word={row.sync} /> <StateBadge word={row.health} />
      </span>
      <span class="clamped" title={row.why.message}>
        <Badge severity={row.why.severity}>{row.why.reason}</Badge> {row.why.message}
      </span>
      <span class="muted small one-line" title={row.repository}>
        {row.path || row.repository} @ {row.targetRevision} {row.revision && row.revision !== row.targetRevision && `(${shortRevision(row.revision)})`}
      </span>
      <span class="muted small">
        to {row.destinationNamespace} of {row.cluster} <Ago at={row.syncedAt} />
      </span>
    </li>
  );
}

/** How many are how; each count leads to the list of those. */
export function Summary({ page }: { page: Page }) {
  return (
    <div class="counted">
      {Object.entries(FACETS).map(([facet, title]) => {
        const counts = shares(page.facets[facet] ?? {}, page.matched);
        if (counts.length === 0) return null;
        return (
          <section key={facet} class="panel summary" aria-label={title}>
            <h2>{title}</h2>
            <dl>
              {counts.map(({ value, count, share }) => (
                <div key={value}>
                  <dt>
                    <a href={href(withQuery({ view: null, offset: null, [facet]: value }))}>{value || "(none)"}</a>
                  </dt>
                  <dd class="number">{grouped(count)}</dd>
                  <meter min={0} max={1} value={share} aria-hidden="true" />
                </div>
              ))}
            </dl>
          </section>
        );
      })}
    </div>
  );
}
