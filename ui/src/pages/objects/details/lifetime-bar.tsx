import type { Lifetime } from "./model";
import "./view.css";

/** How much of a certificate's lifetime is used, and when it will be renewed. */
export function LifetimeBar({ found }: { found: Lifetime }) {
  return (
    <svg class="lifetime" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="8" class="whole" />
      <rect width={found.used * 100} height="8" class="used" />
      <rect x={found.renewal * 100 - 0.3} width="0.6" height="8" class="renewal" />
    </svg>
  );
}
