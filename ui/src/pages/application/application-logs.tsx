import { LogsView } from "../logs/view";
import type { Shown } from "./model";
import { go, query, withQuery } from "../../router";

const PRINT = new Set(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout", "Pod", "ReplicaSet"]);

/** Logs of the whole Application, or of one of its workloads. */
export function ApplicationLogs({ app }: { app: Shown }) {
  const workloads = app.resources.filter((one) => PRINT.has(one.kind));
  const of = query.value.get("of") ?? "";
  const chosen = workloads.find((one) => `${one.kind}/${one.namespace}/${one.name}` === of);
  return (
    <>
      {workloads.length > 1 && (
        <p>
          <label>
            Workload{" "}
            <select value={of} onChange={(event) => go(withQuery({ of: event.currentTarget.value || null }), "replace")}>
              <option value="">all workloads</option>
              {workloads.map((one) => (
                <option key={`${one.kind}/${one.namespace}/${one.name}`} value={`${one.kind}/${one.namespace}/${one.name}`}>
                  {one.kind} {one.name}
                </option>
              ))}
            </select>
          </label>
        </p>
      )}
      <LogsView
        place={{
          application: app.row.name,
          appNamespace: app.row.namespace,
          namespace: chosen?.namespace ?? "",
          kind: chosen?.kind ?? "",
          group: chosen?.group ?? "",
          name: chosen?.name ?? "",
        }}
      />
    </>
  );
}
