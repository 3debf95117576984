/** The star beside a name: how it is, is then shown at home in any case. */
import { signal } from "@preact/signals";

import { favouriteOf, favouritesOf, toggled } from "./favourites-model";

const PLACE = "argosy.favourites";
export const favourites = signal<string[]>(favouritesOf(localStorage.getItem(PLACE)));
addEventListener("storage", (event) => {
  if (event.key === PLACE) favourites.value = favouritesOf(event.newValue);
});

export function Favourite({ of }: { of: { kind: string; namespace: string; name: string } }) {
  const one = favouriteOf(of);
  const on = favourites.value.includes(one);
  return (
    <button
      type="button"
      class={`copy star${on ? " on" : ""}`}
      aria-pressed={on}
      aria-label={`Favourite: ${of.name}`}
      title={on ? "Remove from favourites" : "Add to favourites"}
      onClick={() => {
        favourites.value = toggled(favourites.value, one);
        localStorage.setItem(PLACE, JSON.stringify(favourites.value));
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.8l1.9 4 4.3.5-3.2 3 .9 4.3L8 11.4l-3.9 2.2.9-4.3-3.2-3 4.3-.5z" fill={on ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.3" stroke-linejoin="round" />
      </svg>
    </button>
  );
}
