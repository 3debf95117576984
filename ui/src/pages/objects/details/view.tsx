import { useLive } from "../../live-page";
import type { Schemas } from "../../../api/client";
import { Ago, Badge, now, type Severity, StateBadge } from "../../../parts";
import { span, safeLink } from "../../../parts/format";
import { href } from "../../../router";
import { yaml } from "../model";
import { conditionsOf, generated, lifetime, linksOf, measured, type Measured, plotted, promotionSteps, rollingSteps, rolloutFacts, rolloutTrack, threshold } from "./model";
import { Revisions } from "./revisions";
import "./view.css";

/** What its kind is about; nothing for kinds that have no more than facts and conditions. */
export function Details({ kind, object }: { kind: string; object: unknown }) {
  return (
    <>
      {kind === "promotions" && <PromotionSteps object={object} />}
      {kind === "rollouts" && <RolloutDetails object={object} />}
      {kind === "analysisruns" && <Measurements run={object} />}
      {kind === "certificates" && <Lifetime object={object} />}
      {kind === "applicationsets" && <GeneratedApplications object={object} />}
      <Conditions object={object} />
    </>
  );
}

function GeneratedApplications({ object }: { object: unknown }) {
  const found = generated(object);
  const steps = rollingSteps(object);
  return (
    <section class="panel stacked" aria-label="Applications">
      <h2>Applications</h2>
      {steps.length > 0 && (
        <ol class="track">
          {steps.map((one) => (
            <li key={one.step} class={one.done === one.all ? "done" : one.done > 0 ? "now" : "next"}>
              <strong>step {one.step}</strong>
              <span class="small">
                {one.done} of {one.all} healthy
              </span>
            </li>
          ))}
        </ol>
      )}
      {found.length === 0 ? (
        <p class="muted">It has generated none.</p>
      ) : (
        <div class="table-box">
          <table>
            <tbody>
              {found.map((one) => (
                <tr key={`${one.namespace}/${one.name}`}>
                  <td>
                    <a href={href(`/applications/${encodeURIComponent(one.namespace)}/${encodeURIComponent(one.name)}`)} data-row>
                      {one.name}
                    </a>
                  </td>
                  <td>
                    <StateBadge word={one.sync} />
                  </td>
                  <td>
                    <StateBadge word={one.health} />
                  </td>
                  <td>{one.step && `step ${one.step}: ${one.progress}`}</td>
                  <td class="wide">{one.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function PromotionSteps({ object }: { object: unknown }) {
  return (
    <section class="panel stacked" aria-label="Steps">
      <h2>Steps</h2>
      <ol class="promotion">
        {promotionSteps(object).map((step) => (
          <li key={step.name}>
            <details>
              <summary>
                <Badge severity={step.severity}>{step.status}</Badge> <strong>{step.name}</strong> <code>{step.uses}</code>{" "}
                <span class="muted">
                  {step.finishedAt ? span(step.startedAt, step.finishedAt) : <Ago at={step.startedAt} />}
                  {step.errors > 0 && `, ${step.errors} errors`} {step.message}
                </span>{" "}
                {linksOf(step.output).map((link) =>
                  safeLink(link.url) ? (
                    <a key={link.url} href={safeLink(link.url) ?? ""} target="_blank" rel="noopener noreferrer">
                      {link.title}
                    </a>
                  ) : null,
                )}
              </summary>
              <div class="two">
                <div>
                  <h3>Configuration</h3>
                  <pre class="diff">{step.config ? yaml(step.config).trimStart() : "none"}</pre>
                </div>
                <div>
                  <h3>Output</h3>
                  <pre class="diff">{step.output ? yaml(step.output).trimStart() : "none"}</pre>
                </div>
              </div>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}

function RolloutDetails({ object }: { object: unknown }) {
  const track = rolloutTrack(object);
  return (
    <>
      {track.length > 0 && (
        <section class="panel stacked" aria-label="Steps">
          <h2>Steps</h2>
          <ol class="track">
            {track.map((step, number) => (
              <li key={number} class={step.state} aria-current={step.state === "now" ? "step" : undefined}>
                <strong>{step.title}</strong>
                <span class="small">{step.detail}</span>
                <span class="hidden-but-read">{{ done: "is done", now: "is now", next: "comes" }[step.state]}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <section class="panel stacked" aria-label="Revisions and traffic">
        <h2>Revisions and traffic</h2>
        <dl class="facts">
          {rolloutFacts(object).map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
        <Revisions {...placed(object)} />
      </section>
      <Runs object={object} />
    </>
  );
}

function placed(object: unknown): { namespace: string; name: string } {
  const { namespace = "", name = "" } = (object as Metadata).metadata ?? {};
  return { namespace, name };
}

type Metadata = { metadata?: { namespace?: string; name?: string } };

/** The AnalysisRuns of a Rollout, the newest first. */
function Runs({ object }: { object: unknown }) {
  const { namespace, name } = placed(object);
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
  const place = `${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;
  const shown = useLive<Schemas["ObjectShown"]>(`/api/argosy/v1/stream/analysisruns/${place}`)?.value.value;
  return (
    <article>
      <h3>
        <Badge severity={row.severity as Severity}>{row.state}</Badge> <a href={href(`/analysisruns/${place}`)}>{row.name}</a>
        <span class="muted">
          {row.message} <Ago at={row.since} />
        </span>
      </h3>
      {shown && <Measurements run={shown.object} />}
    </article>
  );
}

function Measurements({ run }: { run: unknown }) {
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
          {metric.values.length} measurements{metric.failures > 0 && `, ${metric.failures} bad`} {metric.message}
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

function Lifetime({ object }: { object: unknown }) {
  const found = lifetime(object, now.value);
  if (!found) return null;
  const words = found.days < 0 ? `expired ${-found.days} days ago` : `${found.days} days are left`;
  return (
    <section class="panel stacked" aria-label="Lifetime">
      <h2>Lifetime: {words}</h2>
      <svg class="lifetime" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="8" class="whole" />
        <rect width={found.used * 100} height="8" class="used" />
        <rect x={found.renewal * 100 - 0.3} width="0.6" height="8" class="renewal" />
      </svg>
      <p class="muted small">The mark is when it is renewed.</p>
    </section>
  );
}

function Conditions({ object }: { object: unknown }) {
  const found = conditionsOf(object);
  if (found.length === 0) return null;
  return (
    <section class="panel stacked" aria-label="Conditions">
      <h2>Conditions</h2>
      <div class="table-box">
        <table>
          <tbody>
            {found.map((one) => (
              <tr key={one.type}>
                <th scope="row">{one.type}</th>
                <td>{one.status}</td>
                <td>{one.reason}</td>
                <td class="wide">{one.message}</td>
                <td class="tight small">
                  <Ago at={one.since} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
