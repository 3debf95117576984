import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Badge, Loading, Note, type Severity, Trouble } from "../../parts";
import { readable } from "../../parts/format";
import { go, href, query, withQuery } from "../../router";
import { compare, extent, inWords, moments, outcomeOf, placeOf, type Environment, type Report } from "./model";
import "../list.css";
import "./page.css";

const e = encodeURIComponent;
const PLACE = "/api/argosy/v1/rehearsals";
const HOW = "argosy rehearse --image REPOSITORY:TAG --save NAME";

type Row = Schemas["RehearsalRow"];

/** Asks once: a report does not change by itself. */
function useAnswer<T>(place: string): { found: T | null; problem: string } {
  const [found, setFound] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setFound(null);
    setProblem("");
    if (!place) return;
    ask<T>("GET", place).then(setFound, (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)));
  }, [place]);
  return { found, problem };
}

/** The reports that rehearsals left, the newest first. */
export function RehearsalsPage() {
  const { found, problem } = useAnswer<Schemas["RehearsalList"]>(PLACE);
  return (
    <>
      <div class="head">
        <h1>Rehearsals</h1>
      </div>
      <p class="muted">Changes that were run through the whole delivery in virtual time, before anyone merged them.</p>
      {problem && <Note severity="broken">{problem}</Note>}
      {!found && !problem && <Loading />}
      {found && found.rehearsals.length === 0 && (
        <div class="panel">
          No reports yet. This command rehearses a change and saves its report: <code>{HOW}</code>
        </div>
      )}
      {found && found.rehearsals.length > 0 && <Rows rows={found.rehearsals} />}
    </>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            {["Rehearsal", "Outcome", "Why", "Saved"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <td>
                <a href={href(`/rehearsals/${e(row.name)}`)} data-row>
                  {row.name}
                </a>
              </td>
              <td class="tight">
                <Outcome word={row.outcome} />
              </td>
              <td class="wide">{readable(row.reason)}</td>
              <td class="tight">
                <Ago at={row.keptAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outcome({ word }: { word: string }) {
  const { severity, words } = outcomeOf(word);
  return <Badge severity={severity}>{words}</Badge>;
}

/** One report; with `?with=` beside another one. */
export function RehearsalPage({ name }: { name: string }) {
  const other = query.value.get("with") ?? "";
  const { found, problem } = useAnswer<Report>(`${PLACE}/${e(name)}`);
  const list = useAnswer<Schemas["RehearsalList"]>(PLACE).found?.rehearsals ?? [];
  if (problem) return <Trouble title={name} problem={problem} up={["/rehearsals", "All rehearsals"]} />;
  if (!found) return <Loading />;
  return (
    <>
      <div class="head">
        <h1>{name}</h1>
        <Outcome word={found.outcome} />
        <span class="muted">
          after {found.took} of virtual time{extent(found) && `, ${extent(found)}`}
        </span>
        {list.length > 1 && <Choice name={name} rows={list} chosen={other} />}
      </div>
      {other ? <Comparison left={found} other={other} /> : <Whole report={found} />}
    </>
  );
}

function Choice({ name, rows, chosen }: { name: string; rows: Row[]; chosen: string }) {
  return (
    <label>
      Compare with{" "}
      <select value={chosen} onChange={(event) => go(withQuery({ with: event.currentTarget.value || null }))}>
        <option value="">nothing</option>
        {rows.flatMap((row) =>
          row.name === name ? [] : (
            <option key={row.name} value={row.name}>
              {row.name}
            </option>
          ),
        )}
      </select>
    </label>
  );
}

function Comparison({ left, other }: { left: Report; other: string }) {
  const { found, problem } = useAnswer<Report>(`${PLACE}/${e(other)}`);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!found) return <Loading />;
  return (
    <div class="table-box">
      <table class="compared">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">{left.name}</th>
            <th scope="col">{found.name}</th>
          </tr>
        </thead>
        <tbody>
          {compare(left, found).map((row) => (
            <tr key={row.title} class={row.same ? "same" : ""}>
              <th scope="row">
                {row.title} <span class="muted small">{row.same ? "the same" : "differs"}</span>
              </th>
              <td>{row.left}</td>
              <td>{row.right}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Whole({ report }: { report: Report }) {
  return (
    <div class="report">
      <Note severity={outcomeOf(report.outcome).severity}>{readable(report.reason)}</Note>
      <Listed title="Proposed" lines={report.changes} />
      <Listed title="Gates that wait for a person" lines={report.gates.map(inWords)} />
      <Listed title="Failures" lines={report.failures.map(inWords)} />
      <Listed title="Still in progress" lines={report.busy.map(inWords)} />
      <Listed title="Already unhealthy before the change" lines={report.before.map(inWords)} />
      <Listed title="Could not be loaded" lines={report.problems} />
      <Timeline report={report} />
      {report.commits.map((one) => (
        <Listed key={one.repository + one.branch} title={`Commits to ${one.branch} of ${one.repository}`} lines={one.commits} />
      ))}
      {report.differences.map((one) => (
        <Changed key={one.namespace + one.application} environment={one} />
      ))}
      <Listed title="Assumptions" lines={report.notes.filter((one) => one.kind === "assumed").map((one) => one.text)} />
      <Listed title="Would be sent" lines={report.notes.filter((one) => one.kind === "sent").map((one) => one.text)} />
    </div>
  );
}

function Listed({ title, lines }: { title: string; lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>{readable(line)}</li>
        ))}
      </ul>
    </section>
  );
}

function Timeline({ report }: { report: Report }) {
  if (report.timeline.length === 0) return null;
  return (
    <section class="panel" aria-label="Timeline">
      <h2>Timeline</h2>
      {moments(report.timeline).map((moment, index) => (
        <div key={index} class="moment">
          <div class="muted">{moment.after}</div>
          <ul>
            {moment.lines.map((line, at) => (
              <li key={at}>
                {line.kind ? <Badge severity={line.severity as Severity}>{line.kind}</Badge> : <strong>you</strong>} <Subject line={line} /> {readable(line.text)}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function Subject({ line }: { line: Report["timeline"][number] }) {
  const place = placeOf(line.kind, line.namespace, line.name, line.cluster);
  const text = line.cluster ? `${line.name} in ${line.cluster}` : line.name;
  return place ? <a href={href(place)}>{text}</a> : <strong>{text}</strong>;
}

function Changed({ environment }: { environment: Environment }) {
  return (
    <section class="panel" aria-label={`Changes in ${environment.application}`}>
      <h2>
        {environment.application} <span class="muted small">{environment.destination}</span>
      </h2>
      {environment.objects.map((one) => (
        <details key={`${one.kind}/${one.namespace}/${one.name}`} open={environment.objects.length === 1}>
          <summary>
            {one.change} {one.kind} {one.name}
          </summary>
          <pre class="diff" tabIndex={0}>
            {one.lines.slice(2).map((line, index) => (
              <span key={index} class={`line ${line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : line.startsWith("@@") ? "gap" : ""}`}>
                {line}
              </span>
            ))}
          </pre>
        </details>
      ))}
    </section>
  );
}
