/** Who wrote a revision, when, and what they said of it. */
import { useEffect, useState } from "preact/hooks";

import { ask } from "../../api/client";
import { Ago } from "../../parts";

type Of = { namespace: string; name: string; project: string };

interface Commit {
  author?: string;
  date?: string;
  message?: string;
  tags?: string[] | null;
  signatureInfo?: string;
}

/** Asked once for each revision; what has no author, such as a chart, shows none. */
export function useCommit(app: Of, revision: string, source?: number): Commit | null {
  const [found, setFound] = useState<{ revision: string; commit: Commit } | null>(null);
  useEffect(() => {
    if (!/^[0-9a-f]{40}$/.test(revision)) return;
    const asked = new URLSearchParams({ appNamespace: app.namespace, project: app.project });
    if (source !== undefined) asked.set("sourceIndex", String(source));
    ask<Commit>("GET", `/api/v1/applications/${encodeURIComponent(app.name)}/revisions/${revision}/metadata?${asked}`).then(
      (commit) => setFound({ revision, commit }),
      () => setFound(null),
    );
  }, [app.namespace, app.name, revision, source]);
  return found?.revision === revision ? found.commit : null;
}

/** `source`: its place among several. */
export function CommitFacts({ app, revision, source }: { app: Of; revision: string; source?: number | undefined }) {
  const commit = useCommit(app, revision, source);
  if (!commit) return null;
  return (
    <>
      <dt>Commit</dt>
      <dd>
        <span class="message">{commit.message}</span>
        <div class="muted">
          {commit.author}, <Ago at={commit.date} />
          {commit.tags?.length ? `, ${commit.tags.join(", ")}` : ""}
        </div>
        {commit.signatureInfo && <div>{commit.signatureInfo}</div>}
      </dd>
    </>
  );
}

export function CommitLine({ app, revision }: { app: Of; revision: string }) {
  const commit = useCommit(app, revision);
  if (!commit) return null;
  return (
    <div class="small">
      <span class="clamped">{commit.message?.split("\n")[0]}</span> <span class="muted">{commit.author}</span>
    </div>
  );
}
