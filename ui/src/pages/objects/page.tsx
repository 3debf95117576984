import type { Schemas } from "../../api/client";
import { keyOf } from "../../api/patch";
import { Ago, Badge, Copy, Facets, Loading, Note, now, Search, type Severity, Sortable, Trouble } from "../../parts";
import { Favourite } from "../../parts/favourites";
import { counted, readable } from "../../parts/format";
import { href, query } from "../../router";
import { SavedViews } from "../../parts/saved-views";
import { VirtualTable } from "../../parts/virtual";
import { useLive, useWindow, type Window } from "../live-page";
import { ObjectActions } from "./actions";
import { Dependencies, StoryView } from "./details/story";
import { LifetimeBar } from "./details/lifetime-bar";
import { lifetimeOf } from "./details/model";
import { Details } from "./details/view";
import { FACETS, FACTS, imagesOf, KINDS, placeOf, questionOf, TOGETHER, yaml } from "./model";
import "../list.css";

type Page = Schemas["ObjectPage"];
type Row = Schemas["ObjectRow"];

export function ObjectsPage({ kind }: { kind: string }) {
  const found = useWindow<Row, Page>(questionOf(kind, query.value));
  const { page, problem } = found;
  const title = KINDS[kind]?.title ?? kind;
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        <Search label={`Search ${title.toLowerCase()}`} />
        {kind === "sealedsecrets" && (
          <div class="actions">
            <a class="button primary" href={href("/seal")}>
              Seal a value…
            </a>
          </div>
        )}
        <span class="muted number">{page && counted(page)}</span>
      </div>
      <SavedViews />
      <Parts kind={kind} />
      {problem && <Note severity="broken">{problem}</Note>}
      <div class="list">
        {page && page.total > 0 && <Facets facets={page.facets} names={FACETS} />}
        <div>{page ? <Rows kind={kind} page={page} found={found} /> : !problem && <Loading />}</div>
      </div>
    </>
  );
}

function Parts({ kind }: { kind: string }) {
  const kinds = TOGETHER.find((some) => some.includes(kind));
  if (!kinds) return null;
  return (
    <nav class="tabs" aria-label="Related kinds">
      {kinds.map((name) => (
        <a key={name} href={href(`/${name}`)} aria-current={name === kind ? "page" : undefined}>
          {KINDS[name]?.title}
        </a>
      ))}
    </nav>
  );
}

function Rows({ kind, page, found }: { kind: string; page: Page; found: Window<Page, Row> }) {
  const columns = KINDS[kind]?.columns ?? [];
  if (page.matched === 0) {
    return <Empty kind={kind} filtered={page.total > 0} />;
  }
  const shown = [...found.rows.values()];
  const told: Told = { why: shown.some((row) => row.message), until: shown.some((row) => row.until) };
  const usual = KINDS[kind]?.sort ?? "name";
  const head = (
    <>
      <Sortable column="name" usual={usual}>Name</Sortable>
      <Sortable column="severity" usual={usual}>State</Sortable>
      {told.why && <th scope="col">Why</th>}
      {columns.map(([name, title]) => (
        <th key={name} scope="col">
          {title}
        </th>
      ))}
      <Sortable column={usual === "-created" ? "created" : "since"} usual={usual}>Since</Sortable>
      {told.until && <Sortable column="until" usual={usual}>{UNTIL[kind] ?? "Until"}</Sortable>}
    </>
  );
  return (
    <VirtualTable
      label={KINDS[kind]?.title ?? kind}
      head={head}
      columns={columns.length + 3 + Number(told.why) + Number(told.until)}
      matched={page.matched}
      rows={found.rows}
      question={found.question}
      onView={found.onView}
      draw={(row, at) => <Line key={keyOf(row)} kind={kind} row={row} at={at} told={told} />}
    />
  );
}

/** Which columns have anything in them: an empty one says nothing. */
type Told = { why: boolean; until: boolean };

function Empty({ kind, filtered }: { kind: string; filtered: boolean }) {
  const { title = kind, about = "" } = KINDS[kind] ?? {};
  return (
    <div class="panel">
      {filtered ? (
        <p>
          No {title} match the filters. <a href={href(`/${kind}`)}>Clear filters</a>
        </p>
      ) : (
        <>
          <p>No {title} yet, or none that you may see.</p>
          <p class="muted">{about}</p>
        </>
      )}
    </div>
  );
}

function Line({ kind, row, at, told }: { kind: string; row: Row; at: number; told: Told }) {
  return (
    <tr aria-rowindex={at + 2} data-drawn>
      <td>
        <div class="cell">
          <a class="one-line name" title={row.name} href={href(`/${placeOf(kind, row)}`)} data-row>
            {row.name}
          </a>
          <div class="muted small one-line">{row.namespace || "cluster-scoped"}</div>
        </div>
      </td>
      <td class="tight">
        <Badge severity={row.severity as Severity}>{row.state}</Badge>
      </td>
      {told.why && (
        <td class="wide why">
          <div class="cell" title={row.message}>
            {row.message}
          </div>
        </td>
      )}
      {(KINDS[kind]?.columns ?? []).map(([name]) => (
        <td key={name} class="small">
          <div class="cell" title={row.facts[name]}>
            <Fact row={row} name={name} />
          </div>
        </td>
      ))}
      <td class="tight small">
        <Ago at={row.since || row.createdAt} />
      </td>
      {told.until && (
        <td class="tight small">
          <Ago at={row.until} />
        </td>
      )}
    </tr>
  );
}

function Fact({ row, name }: { row: Row; name: string }) {
  const value = row.facts[name] ?? "";
  const lifetime = name === "notAfter" ? lifetimeOf(row.facts["notBefore"] ?? "", value, row.until, now.value) : null;
  if (lifetime) {
    return (
      <>
        <Ago at={value} />
        <LifetimeBar found={lifetime} />
      </>
    );
  }
  return /^\d{4}-\d\d-\d\dT/.test(value) ? <Ago at={value} /> : <>{value}</>;
}

/** What happens then. */
const UNTIL: Record<string, string> = { certificates: "Renewal" };

type Live = Schemas["ObjectShown"] & { gone?: string };

export function ObjectPage({ kind, namespace, name }: { kind: string; namespace: string; name: string }) {
  const place = placeOf(kind, { namespace, name });
  const found = useLive<Live>(`/api/argosy/v1/stream/${place}`);
  const shown = found?.value.value;
  const problem = found?.problem.value;
  if (problem) return <Trouble title={name} problem={problem} up={[`/${kind}`, `All ${KINDS[kind]?.title}`]} />;
  if (!shown) return <Loading />;
  if (shown.gone) {
    return (
      <Note severity="attention">
        {name} was deleted. <a href={href(`/${kind}`)}>All {KINDS[kind]?.title.toLowerCase()}</a>
      </Note>
    );
  }
  const { row } = shown;
  const text = yaml(shown.object).trimStart();
  return (
    <>
      <div class="head">
        <h1>
          <a href={href(`/${kind}`)}>{KINDS[kind]?.title ?? kind}</a> / {row.name} <Copy text={row.name} what="the name" />
          <Favourite of={row} />
        </h1>
        <Badge severity={row.severity as Severity}>{row.state}</Badge>
        {kind === "applicationsets" && (
          <div class="actions">
            <a class="button usual" href={href(`/applicationsets/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}/edit`)}>
              Edit…
            </a>
          </div>
        )}
        <ObjectActions kind={kind} row={row} facts={{ ...row.facts, images: imagesOf(shown.object) }} onDone={() => undefined} />
      </div>
      {row.message && <Note severity={row.severity as Severity}>{row.message}</Note>}
      <div class="object">
        <div class="panel stacked">
          <dl class="facts">
            <dt>Namespace</dt>
            <dd>{row.namespace || "none (cluster-scoped)"}</dd>
            {Object.entries(row.facts)
              .filter(([, value]) => value)
              .map(([fact, value]) => (
                <>
                  <dt>{KINDS[kind]?.columns.find(([column]) => column === fact)?.[1] ?? FACTS[fact] ?? fact}</dt>
                  <dd>{/^\d{4}-\d\d-\d\dT/.test(value) ? <span title={value}>{readable(value)}</span> : value}</dd>
                </>
              ))}
            {row.until && (
              <>
                <dt>{UNTIL[kind] ?? "Until"}</dt>
                <dd>
                  <Ago at={row.until} />
                </dd>
              </>
            )}
          </dl>
        </div>
        {(kind === "certificates" || kind === "sealedsecrets") && <StoryView kind={kind} row={row} changed={shown.object} />}
        <Details kind={kind} object={shown.object} />
        <Dependencies kind={kind} row={row} />
        <details class="panel stacked">
          <summary>
            YAML <Copy text={text} what="the YAML" />
          </summary>
          <pre class="diff" tabIndex={0}>
            {text}
          </pre>
        </details>
      </div>
    </>
  );
}
