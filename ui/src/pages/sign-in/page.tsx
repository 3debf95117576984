import { signal } from "@preact/signals";

import { ask, Failure, whoAmI } from "../../api/client";
import { Button, Note } from "../../parts";
import { go, query } from "../../router";
import { returnPath } from "./model";
import "./page.css";

const problem = signal("");
const busy = signal(false);

export function SignInPage() {
  async function signIn(event: SubmitEvent) {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    problem.value = "";
    try {
      await ask("POST", "/api/v1/session", { username: form.get("username"), password: form.get("password") });
      await whoAmI();
      go(returnPath(query.value.get("return")), "replace");
    } catch (error) {
      problem.value = error instanceof Failure ? error.message : "Signing in failed";
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="sign-in" id="main">
      <form class="panel" onSubmit={(event) => void signIn(event)}>
        <h1>Sign in to Argosy</h1>
        {query.value.get("return") && <p class="muted">You will return to the page you came from.</p>}
        <label class="field">
          User
          <input name="username" autocomplete="username" required autofocus />
        </label>
        <label class="field">
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <div role="alert">{problem.value && <Note severity="broken">{problem.value}</Note>}</div>
        <Button kind="primary" type="submit" disabled={busy.value}>
          {busy.value ? "Signing in…" : "Sign in"}
        </Button>
        <p class="muted">
          The first password of <code>admin</code> is in the Secret <code>argocd-initial-admin-secret</code>; <code>argosy admin initial-password</code> prints it.
        </p>
      </form>
    </main>
  );
}
