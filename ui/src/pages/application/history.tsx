import { useState } from "preact/hooks";

import { Ago, Button, Dialog, Note } from "../../parts";
import { shortRevision, span } from "../../parts/format";
import { href, withQuery } from "../../router";
import { CommitLine } from "./commit";
import { Differences, useDifferences } from "./diff";
import type { Shown } from "./model";
import { act } from "./page";
import type { Rights } from "./rights";
import { comparison, LIVE } from "./sides";

type Entry = Shown["history"][number];

export function HistoryView({ app, rights }: { app: Shown; rights: Rights }) {
  const [chosen, setChosen] = useState<Entry | null>(null);
  const lacks = rights.rollback && (rights.sync ?? rights.rollback);
  if (app.history.length === 0) return <p class="muted">Nothing deployed yet. Press Sync to deploy for the first time.</p>;
  return (
    <>
      <div class="table-box">
        <table>
          <thead>
            <tr>
              <th scope="col">ID</th>
              <th scope="col">Revision</th>
              <th scope="col">Deployed</th>
              <th scope="col">Duration</th>
              <th scope="col">Initiated by</th>
              <th scope="col">Action</th>
            </tr>
          </thead>
          <tbody>
            {app.history.map((entry, at) => (
              <tr key={entry.id}>
                <td class="number">{entry.id}</td>
                <td class="wide">
                  <span class="mono">{entry.revisions.map(shortRevision).join(", ")}</span>
                  {entry.revisions.length === 1 && <CommitLine app={app.row} revision={entry.revisions[0] ?? ""} />}
                </td>
                <td>
                  <Ago at={entry.deployedAt} />
                </td>
                <td class="tight">{entry.startedAt && span(entry.startedAt, entry.deployedAt)}</td>
                <td>{entry.automated ? "automated sync" : entry.by}</td>
                <td>
                  {at === 0 ? (
                    <span class="muted">current</span>
                  ) : (
                    <>
                      <a href={href(withQuery({ view: "diff", from: `history:${entry.id}`, to: LIVE }))}>Compare</a>{" "}
                      <Button kind="plain" lacks={lacks} onClick={() => setChosen(entry)}>
                        Roll back…
                      </Button>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen && <RollBack app={app} entry={chosen} lacks={lacks} onClose={() => setChosen(null)} />}
    </>
  );
}

function RollBack({ app, entry, lacks, onClose }: { app: Shown; entry: Entry; lacks: string | undefined; onClose: () => void }) {
  const { row } = app;
  const { found, problem } = useDifferences(app, comparison(row.namespace, row.name, LIVE, `history:${entry.id}`));
  async function rollBack(event: SubmitEvent) {
    event.preventDefault();
    const body = { appNamespace: row.namespace, project: row.project, id: entry.id };
    if (await act("Rollback started", "POST", `/api/v1/applications/${row.name}/rollback`, body)) onClose();
  }
  return (
    <Dialog title="Roll back" onClose={onClose}>
      <form onSubmit={(event) => void rollBack(event)}>
        <h1>Roll {row.name} back</h1>
        <p>
          From <code>{shortRevision(row.revision)}</code> to <code>{entry.revisions.map(shortRevision).join(", ")}</code>,
          deployed <Ago at={entry.deployedAt} />.
        </p>
        {row.automated && (
          <Note severity="attention">
            Automated sync is held at that revision until Git has a newer commit or you sync manually.
          </Note>
        )}
        <details>
          <summary>{problem || (found ? `${found.length} ${found.length === 1 ? "object changes" : "objects change"}` : "Comparing…")}</summary>
          {found && <Differences found={found} />}
        </details>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={lacks}>
            Roll back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
