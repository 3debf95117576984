/** Asks the server. Every answer that is no success is a Failure, whose text is for people. */
import { signal } from "@preact/signals";

import { go, href, path, query } from "../router";
import { showTokens } from "../theme/operator";
import type { components } from "./types";

export type Schemas = components["schemas"];
export type Me = Schemas["Me"];

export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const me = signal<Me | null>(null);

/** When this tab went to the provider by itself, or signed out: it does not go there again at once. */
export const LAST_AUTOMATIC = "argosy.automatic-sign-in";

/** Counts up when policies have changed, or something was refused: what one may is to be asked again. */
export const rightsChanged = signal(0);

export async function ask<T>(method: string, place: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined || method !== "GET") {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body ?? {});
  }
  let response: Response;
  try {
    response = await fetch(href(place), init);
  } catch {
    throw new Failure(0, "The server cannot be reached. Check your connection and try again.");
  }
  if (response.ok) return (await response.json()) as T;
  const failure = new Failure(response.status, await complaint(response));
  if (response.status === 401 && place !== "/api/v1/session") signInAgain();
  if (response.status === 403) rightsChanged.value++;
  throw failure;
}

async function complaint(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: string | { message?: string }; message?: string };
    const told = typeof body.error === "object" ? body.error.message : (body.message ?? body.error);
    if (told) return told;
  } catch {
    // no JSON: the status has to do
  }
  return `The server answered ${response.status} ${response.statusText}`.trim();
}

export function signInAgain(): void {
  me.value = null;
  if (path.value === "/login") return;
  const back = path.value + (query.value.size ? `?${query.value}` : "");
  go(`/login?return=${encodeURIComponent(back)}`, "replace");
}

export async function whoAmI(): Promise<Me> {
  me.value = await ask<Me>("GET", "/api/argosy/v1/me");
  showTokens(me.value.tokens);
  return me.value;
}

/** The token is revoked. A provider's session ends at the provider, too, where the operator has set its `logoutURL`. */
export async function signOut(): Promise<void> {
  sessionStorage.setItem(LAST_AUTOMATIC, String(Date.now()));
  const { iss } = await ask<{ iss?: string }>("GET", "/api/v1/session/userinfo");
  if (iss && iss !== "argocd") return location.assign(href("/auth/logout"));
  await fetch(href("/auth/logout"), { method: "POST", credentials: "same-origin", redirect: "manual" });
  me.value = null;
  go("/login?signed-out=1");
}
