import { Badge, StateBadge } from "../../parts";
import { keyOf, type Shown } from "./model";

/** All resources of the Application; what is not as it should be comes first. */
export function ResourcesView({ app }: { app: Shown }) {
  const rank = (one: Shown["resources"][number]) => (one.health && one.health !== "Healthy" ? 0 : one.sync === "OutOfSync" ? 1 : 2);
  const sorted = [...app.resources].sort((a, b) => rank(a) - rank(b) || keyOf(a).localeCompare(keyOf(b)));
  if (sorted.length === 0) return <p class="muted">No resources yet.</p>;
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Name</th>
            <th scope="col">Namespace</th>
            <th scope="col">Sync</th>
            <th scope="col">Health</th>
            <th scope="col">Why</th>
            <th scope="col">Wave</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => (
            <tr key={keyOf(one)}>
              <td>
                {one.kind}
                <div class="muted small">{one.group}</div>
              </td>
              <td class="wide" tabIndex={0} data-row>
                {one.name}
              </td>
              <td>{one.namespace}</td>
              <td class="tight">{one.pruned ? <Badge severity="attention">would be pruned</Badge> : <StateBadge word={one.sync} />}</td>
              <td class="tight">
                <StateBadge word={one.health} />
              </td>
              <td class="wide">{one.healthMessage}</td>
              <td class="number">{one.hook ? "hook" : one.wave || ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
