/** AnalysisRuns: each metric against its condition. */
import { Ago, Badge, type Severity } from "../../../parts";
import type { Schemas } from "../../../api/client";
import { href } from "../../../router";
import { useLive } from "../../live-page";
import { placeOf } from "../model";
import { measured, type Measured, plotted, threshold } from "./model";

/** The AnalysisRuns of a Rollout, the newest first. */
export function Runs({ namespace, name }: { namespace: string; name: string }) {
  const asked = new URLSearchParams({ namespace, search: `rollout ${name}`, sort: "-created", limit: "10" });
  const page = useLive<Schemas["ObjectPage"]>(`/api/argosy/v1/stream/analysisruns?${asked}`)?.value.value;
  const rows = page?.rows.filter((row) => row.facts["owner"] === `Rollout ${name}`) ?? [];
  if (rows.length === 0) return null;
  return (
    <section class="panel stacked" aria-label="Analyses">
      <h2>Analyses</h2>
      {rows.map((row) => (
        <Run key={row.name} row={row} />
      ))}
    </section>
  );
}

function Run({ row }: { row: Schemas["ObjectRow"] }) {
  return (
    <article>
      <h3>
        <Badge severity={row.severity as Severity}>{row.state}</Badge> <a href={href(`/${placeOf("analysisruns", row)}`)}>{row.name}</a>
        <span class="muted">
          {row.message} <Ago at={row.since} />
        </span>
      </h3>
      <RunMeasurements namespace={row.namespace} name={row.name} />
    </article>
  );
}

/** Of one AnalysisRun, live. */
export function RunMeasurements({ namespace, name }: { namespace: string; name: string }) {
  const shown = useLive<Schemas["ObjectShown"]>(`/api/argosy/v1/stream/${placeOf("analysisruns", { namespace, name })}`)?.value.value;
  return shown ? <Measurements run={shown.object} /> : null;
}

export function Measurements({ run }: { run: unknown }) {
  return (
    <div class="metrics">
      {measured(run).map((metric) => (
        <Metric key={metric.name} metric={metric} />
      ))}
    </div>
  );
}

const WIDTH = 300;
const HEIGHT = 70;

/** Values over time against the limit of the condition; the same as a table for who cannot see it. */
function Metric({ metric }: { metric: Measured }) {
  const { dots, limit } = plotted(metric.points, threshold(metric.condition), WIDTH, HEIGHT);
  return (
    <figure>
      <figcaption>
        <strong>{metric.name}</strong> <span class="muted small">{metric.condition}</span>
      </figcaption>
      {dots.length > 0 && (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
          {limit !== null && <line class="limit" x1={0} x2={WIDTH} y1={limit} y2={limit} />}
          <polyline points={dots.map(([x, y]) => `${x},${y}`).join(" ")} />
          {dots.map(([x, y, phase], number) => (
            <circle key={number} class={phase} cx={x} cy={y} r={3.5} />
          ))}
        </svg>
      )}
      <details>
        <summary>
          {metric.values.length} measurements{metric.failures > 0 && `, ${metric.failures} failed`} {metric.message}
        </summary>
        <table>
          <tbody>
            {metric.values.map((one, number) => (
              <tr key={number}>
                <td>
                  <Ago at={one.at} />
                </td>
                <td class="mono">{one.value}</td>
                <td>{one.phase}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

