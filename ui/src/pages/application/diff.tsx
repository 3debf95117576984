import { useEffect, useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { Badge, Note } from "../../parts";
import { type Difference, differences, type Line, type Managed, type Shown } from "./model";

const SEVERITY = { created: "ok", changed: "attention", deleted: "broken" } as const;
const MARK: Record<Line["kind"], string> = { same: " ", add: "+", del: "-", gap: " " };

export function useDifferences(app: Shown): { found: Difference[] | null; problem: string } {
  const [found, setFound] = useState<Difference[] | null>(null);
  const [problem, setProblem] = useState("");
  const { namespace, name } = app.row;
  useEffect(() => {
    const place = `/api/v1/applications/${encodeURIComponent(name)}/managed-resources?appNamespace=${encodeURIComponent(namespace)}`;
    ask<{ items: Managed[] | null }>("GET", place).then(
      (answer) => {
        setFound(differences(answer.items ?? []));
        setProblem("");
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [namespace, name, app.reconciledAt, app.resourceVersion]);
  return { found, problem };
}

/** What a sync would change: from what is, to what Git says. */
export function DiffView({ app }: { app: Shown }) {
  const { found, problem } = useDifferences(app);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!found) return <p class="muted">Comparing…</p>;
  if (found.length === 0) return <Note severity="ok">Nothing differs from Git.</Note>;
  return <Differences found={found} />;
}

export function Differences({ found }: { found: Difference[] }) {
  return (
    <div class="differences">
      {found.map((one) => (
        <section key={one.key} class="panel" aria-label={one.key}>
          <h2>
            <Badge severity={SEVERITY[one.what]}>{one.what}</Badge> {one.key}
          </h2>
          <pre class="diff" tabIndex={0}>
            {one.lines.map((line, at) => (
              <span key={at} class={`line ${line.kind}`}>
                {MARK[line.kind]} {line.text}
                {"\n"}
              </span>
            ))}
          </pre>
        </section>
      ))}
    </div>
  );
}
