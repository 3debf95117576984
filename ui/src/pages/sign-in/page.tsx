import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, LAST_AUTOMATIC, type Schemas, whoAmI } from "../../api/client";
import { Button, Note } from "../../parts";
import { go, href, query } from "../../router";
import { goesByItself, providerAddress, returnPath } from "./model";
import "./page.css";

type Ways = Schemas["SignIn"];
const problem = signal("");
const busy = signal(false);

/** Where one was, within the page. */
function back(): string {
  return returnPath(query.value.get("return") ?? withinOrigin(query.value.get("return_url")), href(""));
}

function withinOrigin(address: string | null): string | null {
  return address?.startsWith(`${location.origin}/`) ? address.slice(location.origin.length) : address;
}

export function SignInPage() {
  const [ways, setWays] = useState<Ways | null>(null);
  useEffect(() => {
    // without an answer a password can still be tried: the server refuses it with its reason
    ask<Ways>("GET", "/api/argosy/v1/sign-in").then(setWays, () => setWays({ providers: [], local: true, buttonText: "", message: "", automatic: false, ended: "" }));
  }, []);
  useEffect(() => {
    const first = ways?.providers[0];
    const last = Number(sessionStorage.getItem(LAST_AUTOMATIC)) || null;
    if (!first || !goesByItself(ways.automatic, query.value, last, Date.now())) return;
    sessionStorage.setItem(LAST_AUTOMATIC, String(Date.now()));
    location.assign(providerAddress(first.place, back(), href("")));
  }, [ways]);
  if (!ways) return <main class="muted">Loading…</main>;
  return (
    <main class="sign-in" id="main">
      <div class="panel">
        <h1>Sign in to Argosy</h1>
        {ways.message && <Note severity="busy">{ways.message}</Note>}
        <WhyHere ways={ways} />
        {ways.providers.map((one) => (
          <a key={one.place} class="button primary" data-outside href={providerAddress(one.place, back(), href(""))}>
            {ways.buttonText || `Sign in with ${one.name}`}
          </a>
        ))}
        {ways.local && ways.providers.length > 0 && <p class="muted or">or with a password</p>}
        {ways.local && <Password first={ways.providers.length === 0} />}
        {!ways.local && ways.providers.length === 0 && (
          <Note severity="broken">Nobody can sign in: no account is enabled and no provider is configured. Set oidc.config or dex.config in the ConfigMap argocd-cm.</Note>
        )}
      </div>
    </main>
  );
}

/** Why one is asked to sign in, and where one will be afterwards. */
function WhyHere({ ways }: { ways: Ways }) {
  const asked = query.value;
  return (
    <>
      {asked.has("has_sso_error") && <Note severity="broken">The provider did not sign you in. Try again, or ask the operator: the server's log has the reason.</Note>}
      {asked.has("signed-out") && <Note severity="ok">You are signed out.</Note>}
      {!asked.has("signed-out") && ways.ended && <Note severity="attention">{ways.ended}</Note>}
      {back() !== "/" && <p class="muted">You will return to the page you came from.</p>}
    </>
  );
}

function Password({ first }: { first: boolean }) {
  async function signIn(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    problem.value = "";
    try {
      await ask("POST", "/api/v1/session", { username: form.get("username"), password: form.get("password") });
      await whoAmI();
      go(back(), "replace");
    } catch (error) {
      problem.value = error instanceof Failure ? error.message : "Signing in failed";
    } finally {
      busy.value = false;
    }
  }
  return (
    <form onSubmit={(event) => void signIn(event)}>
      <label class="field">
        User
        <input name="username" autocomplete="username" required autofocus={first} />
      </label>
      <label class="field">
        Password
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <div role="alert">{problem.value && <Note severity="broken">{problem.value}</Note>}</div>
      <Button kind={first ? "primary" : "usual"} type="submit" disabled={busy.value}>
        {busy.value ? "Signing in…" : "Sign in"}
      </Button>
      {first && (
        <p class="muted">
          The first password of <code>admin</code> is in the Secret <code>argocd-initial-admin-secret</code>; <code>argosy admin initial-password</code> prints it.
        </p>
      )}
    </form>
  );
}
