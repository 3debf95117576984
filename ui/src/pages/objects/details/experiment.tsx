/** An Experiment: its versions side by side, and what judges them. */
import { Ago, Badge, Note, StateBadge } from "../../../parts";
import { href } from "../../../router";
import { placeOf } from "../model";
import { analysesOf, at, versionsOf } from "./model";
import { RunMeasurements } from "./runs";

export function ExperimentDetails({ object }: { object: unknown }) {
  const namespace = String(at(object, "metadata", "namespace") ?? "");
  const analyses = analysesOf(object);
  return (
    <>
      <section class="panel stacked" aria-label="Versions">
        <h2>Versions</h2>
        <div class="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">State</th>
                <th scope="col">Pods available</th>
                <th scope="col">Weight</th>
                <th scope="col">Service</th>
                <th scope="col">Why</th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {versionsOf(object).map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td>
                    <Badge severity={one.severity}>{one.status}</Badge>
                  </td>
                  <td class="number">
                    {one.available} of {one.replicas}
                  </td>
                  <td class="number">{one.weight && `${one.weight} %`}</td>
                  <td>{one.service}</td>
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
      {analyses.length > 0 && (
        <section class="panel stacked" aria-label="Analyses">
          <h2>Analyses</h2>
          {analyses.map((one) => (
            <article key={one.name}>
              <h3>
                {one.phase ? <StateBadge word={one.phase} /> : <Badge severity="attention">Not started</Badge>}{" "}
                {one.run ? <a href={href(`/${placeOf("analysisruns", { namespace, name: one.run })}`)}>{one.name}</a> : one.name}
                {one.required && <span class="muted small">required for completion</span>}
              </h3>
              {one.message && <Note severity="attention">{one.message}</Note>}
              {one.run && <RunMeasurements namespace={namespace} name={one.run} />}
            </article>
          ))}
        </section>
      )}
    </>
  );
}
