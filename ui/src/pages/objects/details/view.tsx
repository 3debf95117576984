import { Ago, now, StateBadge } from "../../../parts";
import { href } from "../../../router";
import { ExperimentDetails } from "./experiment";
import { LifetimeBar } from "./lifetime-bar";
import { conditionsOf, generated, lifetime, rollingSteps, rolloutFacts, rolloutTrack, wantedWeight } from "./model";
import { PromotionSteps } from "./promotion";
import { Revisions } from "./revisions";
import { Measurements, Runs } from "./runs";
import { SealedItems } from "./sealed-items";
import "./view.css";

/** What its kind is about; nothing for kinds that have no more than facts and conditions. */
export function Details({ kind, object }: { kind: string; object: unknown }) {
  return (
    <>
      {kind === "promotions" && <PromotionSteps object={object} />}
      {kind === "experiments" && <ExperimentDetails object={object} />}
      {kind === "rollouts" && <RolloutDetails object={object} />}
      {kind === "analysisruns" && <Measurements run={object} />}
      {kind === "sealedsecrets" && <SealedItems object={object} />}
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
        <Track
          steps={steps.map((one) => ({
            title: `step ${one.step}`,
            detail: `${one.done} of ${one.all} healthy`,
            state: one.done === one.all ? "done" : one.done > 0 ? "now" : "next",
          }))}
        />
      )}
      {found.length === 0 ? (
        <p class="muted">No Applications generated.</p>
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

function RolloutDetails({ object }: { object: unknown }) {
  const track = rolloutTrack(object);
  return (
    <>
      {track.length > 0 && (
        <section class="panel stacked" aria-label="Steps">
          <h2>Steps</h2>
          <Track steps={track} />
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
        <Revisions {...placed(object)} wanted={wantedWeight(object)} />
      </section>
      <Runs {...placed(object)} />
    </>
  );
}

interface TrackStep {
  title: string;
  detail: string;
  state: "done" | "now" | "next";
}

/** Steps in their order, and where one is. */
export function Track({ steps }: { steps: TrackStep[] }) {
  return (
    <ol class="track">
      {steps.map((step, number) => (
        <li key={number} class={step.state} aria-current={step.state === "now" ? "step" : undefined}>
          <strong>{step.title}</strong>
          <span class="small">{step.detail}</span>
          <span class="hidden-but-read">{{ done: "done", now: "current", next: "pending" }[step.state]}</span>
        </li>
      ))}
    </ol>
  );
}

function placed(object: unknown): { namespace: string; name: string } {
  const { namespace = "", name = "" } = (object as Metadata).metadata ?? {};
  return { namespace, name };
}

type Metadata = { metadata?: { namespace?: string; name?: string } };

export function Lifetime({ object }: { object: unknown }) {
  const found = lifetime(object, now.value);
  if (!found) return null;
  const words = found.days < 0 ? `expired ${-found.days} days ago` : `${found.days} days left`;
  return (
    <section class="panel stacked" aria-label="Lifetime">
      <h2>Lifetime: {words}</h2>
      <LifetimeBar found={found} />
      <p class="muted small">The mark shows when it will be renewed.</p>
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
