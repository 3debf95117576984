import { Ago, Copy, StateBadge } from "../../parts";
import type { Node } from "./tree-model";

/** What the tree knows of one object. */
export function NodeFacts({ node }: { node: Node }) {
  return (
    <dl class="facts">
      <dt>Kind</dt>
      <dd>
        {node.kind} <span class="muted">{[node.group, node.version].filter(Boolean).join("/")}</span>
      </dd>
      <dt>Name</dt>
      <dd>
        {node.name} <Copy text={node.name} what="the name" />
      </dd>
      {node.namespace && (
        <>
          <dt>Namespace</dt>
          <dd>{node.namespace}</dd>
        </>
      )}
      {node.health?.status && (
        <>
          <dt>Health</dt>
          <dd>
            <StateBadge word={node.health.status} /> {node.health.message}
          </dd>
        </>
      )}
      {(node.sync || node.orphaned) && (
        <>
          <dt>Sync</dt>
          <dd>{node.orphaned ? "orphaned: not of any Application" : <StateBadge word={node.sync ?? ""} />}</dd>
        </>
      )}
      {node.createdAt && (
        <>
          <dt>Created</dt>
          <dd>
            <Ago at={node.createdAt} />
          </dd>
        </>
      )}
      {node.images?.length ? (
        <>
          <dt>Images</dt>
          <dd class="mono">{node.images.join(", ")}</dd>
        </>
      ) : null}
      {node.info?.map((one) => (
        <>
          <dt>{one.name}</dt>
          <dd>{one.value}</dd>
        </>
      ))}
    </dl>
  );
}
