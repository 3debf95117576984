import type { Schemas } from "../../api/client";
import { Ago, Badge, Loading, Note, type Severity } from "../../parts";
import { Favourite, favourites } from "../../parts/favourites";
import { grouped } from "../../parts/format";
import { href } from "../../router";
import { useLive } from "../live-page";
import { Newest } from "../deliveries/page";
import { ObjectActions } from "../objects/actions";
import { DAY, folded, type Item, nextOf, placeOfItem, questionOf, severalOf } from "./model";
import "./page.css";

type Home = Schemas["Home"];
const WORDS: [Severity, string][] = [
  ["broken", "broken"],
  ["attention", "need attention"],
  ["busy", "in progress"],
  ["ok", "healthy"],
];
const DELIVERIES = 5;
/** The first lines offer their actions at once, the others a link to them: each asks for its rights. */
const ACTING = 10;

export function HomePage() {
  const found = useLive<Home>(questionOf(favourites.value));
  const home = found?.value.value;
  const problem = found?.problem.value;
  return (
    <>
      <div class="head">
        <h1>What needs you now</h1>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {home ? <Needs home={home} /> : !problem && <Loading />}
      {home && <Favourites items={home.favourites} />}
      {home && (
        <section class="stacked" aria-label="Deliveries of the last day">
          <h2>Deliveries of the last day</h2>
          <Newest most={DELIVERIES} youngerThan={DAY} />
          <p>
            <a href={href("/deliveries")}>All deliveries</a>
          </p>
        </section>
      )}
    </>
  );
}

/** What one can do about it, where it stands. */
function Next({ item, acts }: { item: Item; acts: boolean }) {
  const next = nextOf(item);
  if (next.acts && acts) return <ObjectActions kind={next.acts} row={{ ...item, state: item.reason }} facts={item.facts} onDone={() => undefined} />;
  return (
    <p>
      <a href={href(next.to)}>{next.words}</a>
    </p>
  );
}

/** What one has starred, however it is. */
function Favourites({ items }: { items: Item[] }) {
  if (items.length === 0) {
    return favourites.value.length ? null : (
      <p class="muted small">Select the star next to a name to add it to your favourites.</p>
    );
  }
  return (
    <section class="stacked" aria-label="Favourites">
      <h2>Favourites</h2>
      <ul class="favourites">
        {items.map((item) => (
          <li key={`${item.kind}/${item.namespace}/${item.name}`} class={`panel ${item.severity}`}>
            <div class="head">
              <Favourite of={item} />
              <a href={href(placeOfItem(item))} data-row>
                {item.name}
              </a>
              <Badge severity={item.severity as Severity}>{item.reason}</Badge>
            </div>
            <div class="muted small">
              {item.kind} in {item.namespace} <Ago at={item.since} />
            </div>
            {item.message && <div class="small clamped">{item.message}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Needs({ home }: { home: Home }) {
  const acting = new Set(home.items.filter((item) => nextOf(item).acts).slice(0, ACTING));
  return (
    <>
      <ul class="counts" aria-label="Status counts">
        {WORDS.map(([severity, words]) => (
          <li key={severity} class="panel">
            <strong class="number">{grouped(home.counts[severity] ?? 0)}</strong>
            <Badge severity={severity}>{words}</Badge>
          </li>
        ))}
      </ul>
      {home.items.length === 0 ? (
        <Note severity="ok">Nothing needs your attention.</Note>
      ) : (
        <ul class="needs">
          {folded(home.items, home.alike).map(({ group, shown, more, to }) => (
            <>
              {shown.map((item) => (
                <Need key={`${item.kind}/${item.namespace}/${item.name}`} item={item} acts={acting.has(item)} />
              ))}
              {more > 0 && (
                <li key={`${group.kind}/${group.reason}`} class="panel">
                  <Badge severity={group.severity as Severity}>{group.reason}</Badge>{" "}
                  <a href={href(to)} data-row>
                    {grouped(more)} more {severalOf(group.kind)}
                  </a>
                </li>
              )}
            </>
          ))}
        </ul>
      )}
    </>
  );
}

function Need({ item, acts }: { item: Item; acts: boolean }) {
  return (
    <li class="panel">
      <div class="head">
        <Badge severity={item.severity as Severity}>{item.reason}</Badge>
        <a href={href(placeOfItem(item))} data-row>
          {item.name}
        </a>
        <span class="muted">
          {item.kind} in {item.namespace}
        </span>
        <span class="muted">
          <Ago at={item.since} />
        </span>
      </div>
      <p>{item.message}</p>
      <Next item={item} acts={acts} />
    </li>
  );
}
