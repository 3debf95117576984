/** A Promotion: its steps as they went and as their expressions evaluate, and what was told while it ran. */
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../../api/client";
import { Ago, Badge, Note } from "../../../parts";
import { safeLink, span } from "../../../parts/format";
import { placeOf, yaml } from "../model";
import { at, linksOf, logOf, promotionSteps, type PromotionStep, unlike } from "./model";

type Details = Schemas["PromotionDetails"];
type Evaluated = Details["steps"][number];

export function PromotionSteps({ object }: { object: unknown }) {
  const [details, setDetails] = useState<Details | null>(null);
  const [problem, setProblem] = useState("");
  const row = { namespace: String(at(object, "metadata", "namespace") ?? ""), name: String(at(object, "metadata", "name") ?? "") };
  const place = placeOf("promotions", row);
  useEffect(() => {
    let current = true;
    ask<Details>("GET", `/api/argosy/v1/${place}/details`).then(
      (found) => current && setDetails(found),
      (error: unknown) => current && setProblem(error instanceof Failure ? error.message : String(error)),
    );
    return () => (current = false);
  }, [place, object]);
  const steps = promotionSteps(object);
  const log = logOf(steps, details?.events ?? []);
  return (
    <>
      {problem && <Note severity="broken">{problem}</Note>}
      {details?.problem && <Note severity="attention">{details.problem}</Note>}
      {details && <Variables values={details.variables} />}
      <section class="panel stacked" aria-label="Steps">
        <h2>Steps</h2>
        <p class="muted small">Expressions are evaluated with the outputs of earlier steps and the current state. Values of Secrets are shown as ***.</p>
        <ol class="promotion">
          {steps.map((step) => (
            <Step key={step.name} step={step} evaluated={details?.steps.find((one) => one.step === step.name)} />
          ))}
        </ol>
      </section>
      {log.length > 0 && (
        <section class="panel stacked" aria-label="Log">
          <h2>Log</h2>
          <ol class="steps">
            {log.map((line, number) => (
              <li key={number}>
                <Ago at={line.at} /> <Badge severity={line.severity}>{line.word}</Badge> <strong>{line.of}</strong> {line.message}
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}

function Variables({ values }: { values: Record<string, unknown> }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return (
    <section class="panel stacked" aria-label="Variables">
      <h2>Variables</h2>
      <dl class="facts">
        {entries.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Step({ step, evaluated }: { step: PromotionStep; evaluated: Evaluated | undefined }) {
  return (
    <li>
      <details open={step.severity === "broken"}>
        <summary>
          <Badge severity={step.severity}>{step.status}</Badge> <strong>{step.name}</strong> <code>{step.uses}</code>{" "}
          <span class="muted">
            {step.finishedAt ? span(step.startedAt, step.finishedAt) : <Ago at={step.startedAt} />}
            {step.errors > 0 && `, ${step.errors} ${step.errors === 1 ? "error" : "errors"}`} {step.message}
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
            <h3>Configuration{evaluated && !evaluated.problem && ", as evaluated"}</h3>
            {evaluated?.problem && <Note severity="attention">{evaluated.problem}</Note>}
            <pre class="diff">{yamlOf(evaluated && !evaluated.problem ? evaluated.config : step.config)}</pre>
            {evaluated && !evaluated.problem && unlike(step.config, evaluated.config) && (
              <details>
                <summary>As written</summary>
                <pre class="diff">{yamlOf(step.config)}</pre>
              </details>
            )}
          </div>
          <div>
            <h3>Output</h3>
            <pre class="diff">{yamlOf(step.output)}</pre>
          </div>
        </div>
      </details>
    </li>
  );
}

function yamlOf(value: unknown): string {
  const isEmpty = value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
  return isEmpty ? "none" : yaml(value).trimStart();
}
