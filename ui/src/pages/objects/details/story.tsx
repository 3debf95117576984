import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../../api/client";
import { Ago, Badge, Note, type Severity } from "../../../parts";
import { readable } from "../../../parts/format";
import { href } from "../../../router";
import { KINDS, placeOf } from "../model";
import "../../application/page.css";
import "./view.css";

type Row = Schemas["ObjectRow"];
const e = encodeURIComponent;
const WELL = /^(Ready|Issued|Present|Valid|True|Approved|KeyPairVerified|Synced|ACMEAccountRegistered|VaultVerified)$/;
const BAD = /(Fail|Error|Denied|Invalid|Expired|Errored)/;

function severityOf(state: string): Severity {
  return WELL.test(state) ? "ok" : BAD.test(state) ? "broken" : state ? "busy" : "attention";
}

/** What led to it, from the object itself to what the issuer said, and what was told on the way. */
export function StoryView({ kind, row, changed }: { kind: string; row: Row; changed: unknown }) {
  const [story, setStory] = useState<Schemas["Story"] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<Schemas["Story"]>("GET", `/api/argosy/v1/${kind}/${e(row.namespace)}/${e(row.name)}/story`).then(setStory, (error: unknown) =>
      setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [kind, row.namespace, row.name, changed]);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!story) return null;
  return (
    <section class="panel stacked" aria-label="Story">
      <h2>{readable(story.headline) || "Story"}</h2>
      <ol class="way">
        {story.chapters.map((one) => (
          <li key={`${one.kind}/${one.name}`}>
            <Badge severity={severityOf(one.state)}>{one.state || "not found"}</Badge> <strong>{one.kind}</strong> {one.name}
            <div class="small">
              {one.message}{" "}
              <span class="muted">
                <Ago at={one.since} />
              </span>
            </div>
          </li>
        ))}
      </ol>
      {story.events.length > 0 && (
        <details>
          <summary>{story.events.length} events</summary>
          <ul class="steps">
            {story.events.map((one, at) => (
              <li key={at}>
                <Badge severity={one.type === "Warning" ? "attention" : "ok"}>{one.reason}</Badge> {one.message}{" "}
                <span class="muted">
                  {one.kind} {one.name} <Ago at={one.at} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const PLACES: Record<string, string> = Object.fromEntries(Object.entries(KINDS).map(([place, kind]) => [kind.title.replace(/s$/, "").replace(" ", ""), place]));
const GROUPS: Record<string, string> = {
  rollouts: "argoproj.io",
  analysisruns: "argoproj.io",
  experiments: "argoproj.io",
  issuers: "cert-manager.io",
  clusterissuers: "cert-manager.io",
  applicationsets: "argoproj.io",
  applications: "argoproj.io",
  stages: "kargo.akuity.io",
  warehouses: "kargo.akuity.io",
  freight: "kargo.akuity.io",
  promotions: "kargo.akuity.io",
  certificates: "cert-manager.io",
  sealedsecrets: "bitnami.com",
};

/** Where one sees an object of this kind; empty for kinds without a page. */
function placeOfDependency(one: Schemas["Dependency"]): string {
  if (one.kind === "Application") return `/applications/${e(one.namespace)}/${e(one.name)}`;
  if (one.kind === "AppProject") return `/settings/projects/${e(one.name)}`;
  const known = one.kind === "SealedSecret" ? "sealedsecrets" : PLACES[one.kind];
  return known ? `/${placeOf(known, one)}` : "";
}

/** What it depends on, and what uses it. */
export function Dependencies({ kind, row }: { kind: string; row: { kind: string; namespace: string; name: string } }) {
  const [found, setFound] = useState<Schemas["Dependencies"] | null>(null);
  useEffect(() => {
    const place = `${GROUPS[kind]}/${e(row.kind)}/${e(row.namespace || "-")}/${e(row.name)}`;
    ask<Schemas["Dependencies"]>("GET", `/api/argosy/v1/dependencies/${place}`).then(setFound, () => undefined);
  }, [kind, row.kind, row.namespace, row.name]);
  if (!found || found.needs.length + found.neededBy.length + found.hidden === 0) return null;
  return (
    <section class="panel stacked" aria-label="Dependencies">
      <h2>Dependencies</h2>
      <dl class="facts">
        {found.needs.map((one) => (
          <>
            <dt>{one.why[0]?.toUpperCase() + one.why.slice(1)}</dt>
            <dd>
              <Linked one={one} />
            </dd>
          </>
        ))}
        {found.neededBy.length + found.hidden > 0 && (
          <>
            <dt>Used by</dt>
            <dd>
              <ul class="steps">
                {found.neededBy.map((one) => (
                  <li key={`${one.kind}/${one.namespace}/${one.name}/${one.why}`}>
                    <Linked one={one} /> <span class="muted">as its {one.why}</span>
                  </li>
                ))}
                {found.hidden > 0 && <li class="muted">{found.hidden} more that you may not see</li>}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Linked({ one }: { one: Schemas["Dependency"] }) {
  const place = placeOfDependency(one);
  const words = `${one.kind} ${one.name}`;
  return place ? <a href={href(place)}>{words}</a> : <span>{words}</span>;
}
