import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { keyOf } from "../../api/patch";
import { Ago, Badge, Copy, Facets, Note, Pages, Search, type Severity, Sortable } from "../../parts";
import { href, query } from "../../router";
import { useLive } from "../live-page";
import { ObjectActions } from "./actions";
import { FACETS, KINDS, LIMIT, PIPELINES, streamOf, yaml } from "./model";
import "../list.css";

type Page = Schemas["ObjectPage"];
type Row = Schemas["ObjectRow"];

export function ObjectsPage({ kind }: { kind: string }) {
  const found = useLive<Page>(streamOf(kind, query.value));
  const page = found?.value.value;
  const problem = found?.problem.value;
  const title = KINDS[kind]?.title ?? kind;
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        <Search label={`Search ${title.toLowerCase()}`} />
        <span class="muted number">{page && (page.matched === page.total ? page.total : `${page.matched} of ${page.total}`)}</span>
      </div>
      {PIPELINES.includes(kind) && <Parts kind={kind} />}
      {problem && <Note severity="broken">{problem}</Note>}
      <div class="list">
        {page && page.total > 0 && <Facets facets={page.facets} names={FACETS} />}
        <div>
          {page ? <Rows kind={kind} page={page} /> : !problem && <p class="muted">Loading…</p>}
          {page && <Pages matched={page.matched} offset={Number(query.value.get("offset") ?? 0)} limit={LIMIT} />}
        </div>
      </div>
    </>
  );
}

function Parts({ kind }: { kind: string }) {
  return (
    <nav class="tabs" aria-label="Parts of pipelines">
      {PIPELINES.map((name) => (
        <a key={name} href={href(`/${name}`)} aria-current={name === kind ? "page" : undefined}>
          {KINDS[name]?.title}
        </a>
      ))}
    </nav>
  );
}

function Rows({ kind, page }: { kind: string; page: Page }) {
  const columns = KINDS[kind]?.columns ?? [];
  if (page.rows.length === 0) {
    return (
      <div class="panel">
        <p>{page.total ? "Nothing has all of this." : `There are no ${KINDS[kind]?.title.toLowerCase()} that you may see.`}</p>
      </div>
    );
  }
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            <Sortable column="name">Name</Sortable>
            <Sortable column="severity">State</Sortable>
            <th scope="col">Why</th>
            {columns.map(([name, title]) => (
              <th key={name} scope="col">
                {title}
              </th>
            ))}
            <Sortable column="since">Since</Sortable>
            <Sortable column="until">Until</Sortable>
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <tr key={keyOf(row)}>
              <td>
                <a href={href(`/${kind}/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`)} data-row>
                  {row.name}
                </a>
                <div class="muted small">{row.namespace}</div>
              </td>
              <td class="tight">
                <Badge severity={row.severity as Severity}>{row.state}</Badge>
              </td>
              <td class="wide">
                <span class="clamped">{row.message}</span>
              </td>
              {columns.map(([name]) => (
                <td key={name} class="small">
                  <Fact row={row} name={name} />
                </td>
              ))}
              <td class="tight small">
                <Ago at={row.since || row.createdAt} />
              </td>
              <td class="tight small">
                <Ago at={row.until} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Fact({ row, name }: { row: Row; name: string }) {
  const value = row.facts[name] ?? "";
  return /^\d{4}-\d\d-\d\dT/.test(value) ? <Ago at={value} /> : <span class="clamped">{value}</span>;
}

export function ObjectPage({ kind, namespace, name }: { kind: string; namespace: string; name: string }) {
  const [shown, setShown] = useState<Schemas["ObjectShown"] | null>(null);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const place = `/api/argosy/v1/${kind}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
    const load = () =>
      ask<Schemas["ObjectShown"]>("GET", place).then(setShown, (error: unknown) =>
        setProblem(error instanceof Failure ? error.message : String(error)),
      );
    void load();
    const timer = setInterval(() => void load(), 5000);
    return () => clearInterval(timer);
  }, [kind, namespace, name, asked]);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!shown) return <p class="muted">Loading…</p>;
  const { row } = shown;
  const text = yaml(shown.object).trimStart();
  return (
    <>
      <div class="head">
        <h1>
          <a href={href(`/${kind}`)}>{KINDS[kind]?.title ?? kind}</a> / {row.name} <Copy text={row.name} what="the name" />
        </h1>
        <Badge severity={row.severity as Severity}>{row.state}</Badge>
        <ObjectActions kind={kind} row={row} onDone={() => setAsked(asked + 1)} />
      </div>
      {row.message && <Note severity={row.severity as Severity}>{row.message}</Note>}
      <div class="panel stacked">
        <dl class="facts">
          <dt>Namespace</dt>
          <dd>{row.namespace}</dd>
          {Object.entries(row.facts)
            .filter(([, value]) => value)
            .map(([fact, value]) => (
              <>
                <dt>{KINDS[kind]?.columns.find(([column]) => column === fact)?.[1] ?? fact}</dt>
                <dd>{value}</dd>
              </>
            ))}
          {row.until && (
            <>
              <dt>Until</dt>
              <dd>
                <Ago at={row.until} />
              </dd>
            </>
          )}
        </dl>
      </div>
      <section class="panel stacked" aria-label="YAML">
        <h2>
          As stored <Copy text={text} what="the YAML" />
        </h2>
        <pre class="diff">{text}</pre>
      </section>
    </>
  );
}
