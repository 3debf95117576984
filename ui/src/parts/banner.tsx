/** What the operator says on every page: Argo CD's `ui.banner*`. */
import { signal } from "@preact/signals";

import { me } from "../api/client";
import { safeLink } from "./format";

const CLOSED = "argosy.banner";
const closed = signal(localStorage.getItem(CLOSED) ?? "");

/** One that is closed stays closed until its text changes. */
export function Banner({ at }: { at: "top" | "bottom" }) {
  const banner = me.value?.banner;
  if (!banner || (banner.position !== at && banner.position !== "both")) return null;
  if (!banner.permanent && closed.value === banner.content) return null;
  const link = safeLink(banner.url);
  const close = () => {
    localStorage.setItem(CLOSED, banner.content);
    closed.value = banner.content;
  };
  return (
    <aside class={`banner ${at}`} aria-label={at === "top" ? "Announcement" : "Announcement, repeated"}>
      {link ? (
        <a href={link} target="_blank" rel="noreferrer noopener">
          {banner.content}
        </a>
      ) : (
        <span>{banner.content}</span>
      )}
      {!banner.permanent && (
        <button type="button" class="copy" aria-label="Close the announcement" onClick={close}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 4l8 8M12 4l-8 8" fill="none" stroke="currentColor" stroke-width="1.5" />
          </svg>
        </button>
      )}
    </aside>
  );
}
