/** Where the manifests come from: one source, several, or what the hydrator reads and writes. */
import type { Schemas } from "../../api/client";
import { Ago, Copy, Note, StateBadge } from "../../parts";
import { shortRevision } from "../../parts/format";
import { CommitFacts } from "./commit";
import type { Shown } from "./model";

type Source = Schemas["SourceShown"];

export function SourceFacts({ app }: { app: Shown }) {
  const several = app.sources.length > 1;
  return (
    <>
      {app.sources.map((source, at) => (
        <>
          {several && (
            <>
              <dt>
                <strong>Source {at + 1}</strong>
              </dt>
              <dd>{[source.name, source.ref && `used by others as $${source.ref}`].filter(Boolean).join(", ")}</dd>
            </>
          )}
          <OneSource app={app} source={source} at={several ? at : undefined} />
        </>
      ))}
    </>
  );
}

function OneSource({ app, source, at }: { app: Shown; source: Source; at: number | undefined }) {
  return (
    <>
      <dt>Repository</dt>
      <dd>
        {source.repository} <Copy text={source.repository} what="the repository's URL" />
      </dd>
      {source.chart && (
        <>
          <dt>Chart</dt>
          <dd class="mono">{source.chart}</dd>
        </>
      )}
      {source.path && (
        <>
          <dt>Path</dt>
          <dd class="mono">{source.path}</dd>
        </>
      )}
      <dt>Target revision</dt>
      <dd class="mono">{source.targetRevision}</dd>
      <dt>Revision</dt>
      <dd class="mono">
        {source.revision ? shortRevision(source.revision) : "not compared yet"} {source.revision && <Copy text={source.revision} what="the revision" />}
      </dd>
      <CommitFacts app={app.row} revision={source.revision} source={at} />
    </>
  );
}

/** The last run of the source hydrator: from which commit to which. */
export function Hydration({ app }: { app: Shown }) {
  const found = app.hydration;
  if (!found) return null;
  return (
    <section class="panel" aria-label="Source hydrator">
      <h2>
        Source hydrator <StateBadge word={found.phase} />
      </h2>
      {found.message && <Note severity={found.phase === "Failed" ? "broken" : "busy"}>{found.message}</Note>}
      <dl class="facts">
        <dt>Dry source</dt>
        <dd>
          {found.dry.repository} <span class="mono">{found.dry.path}</span> at <span class="mono">{found.dry.targetRevision}</span>
        </dd>
        <dt>Dry commit</dt>
        <dd class="mono">{found.dryRevision ? shortRevision(found.dryRevision) : "none yet"}</dd>
        <dt>Writes to</dt>
        <dd>
          branch <span class="mono">{found.branch}</span>, <span class="mono">{found.path}</span>
        </dd>
        <dt>Hydrated commit</dt>
        <dd class="mono">{found.hydratedRevision ? shortRevision(found.hydratedRevision) : "none yet"}</dd>
        {found.startedAt && (
          <>
            <dt>Last run</dt>
            <dd>
              <Ago at={found.finishedAt || found.startedAt} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
