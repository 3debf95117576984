import { Ago, Badge } from "../../parts";
import { go, href, query, withQuery } from "../../router";
import { contentDiff, heldIn, type Pipeline } from "./model";

/** Pieces of Freight, the newest first; two that are chosen are compared. The first lights up where it is. */
export function FreightLine({ pipeline }: { pipeline: Pipeline }) {
  const chosen = query.value.getAll("freight").slice(0, 2);
  const [one, other] = chosen.map((name) => pipeline.freight.find((piece) => piece.name === name));
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((found) => found !== name) : [...chosen, name].slice(-2);
    go(withQuery({ freight: next }), "replace");
  };
  return (
    <section class="stacked" aria-label="Freight">
      <h2>Freight</h2>
      {pipeline.freight.length === 0 && <p class="muted">No Freight yet: no Warehouse has found anything.</p>}
      <div class="line">
        {pipeline.freight.map((piece) => {
          const held = heldIn(pipeline, piece.name);
          return (
            <button
              key={piece.name}
              type="button"
              class="panel piece"
              aria-pressed={chosen.includes(piece.name)}
              onClick={() => toggle(piece.name)}
              data-row
            >
              <strong>{piece.facts["alias"] || piece.name.slice(0, 8)}</strong>
              <span class="small mono">{piece.facts["content"]}</span>
              <span class="muted small">
                <Ago at={piece.createdAt} />
              </span>
              <span>
                {held.map((name) => (
                  <Badge key={name} severity="ok">
                    {name}
                  </Badge>
                ))}
              </span>
            </button>
          );
        })}
      </div>
      {one && other && (
        <div class="panel stacked" aria-label="Comparison">
          <h2>
            From {one.facts["alias"] || one.name.slice(0, 8)} to {other.facts["alias"] || other.name.slice(0, 8)}
          </h2>
          <dl class="facts">
            {contentDiff(one.facts["content"] ?? "", other.facts["content"] ?? "").map((found) => (
              <>
                <dt>{found.artefact}</dt>
                <dd class="mono">
                  {found.before || "(absent)"} → {found.after || "(absent)"}
                </dd>
              </>
            ))}
          </dl>
        </div>
      )}
      {one && !other && (
        <p>
          <a href={href(`/freight/${encodeURIComponent(pipeline.project)}/${encodeURIComponent(one.name)}`)}>
            Details of {one.facts["alias"] || one.name.slice(0, 8)}
          </a>
          <span class="muted"> – select a second piece of Freight to compare</span>
        </p>
      )}
    </section>
  );
}
