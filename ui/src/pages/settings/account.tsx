import { useEffect, useState } from "preact/hooks";

import { ask, Failure, me } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Badge, Button, Copy, Loading, Note, toast } from "../../parts";
import { Input } from "./forms";

interface Account {
  name: string;
  enabled?: boolean;
  capabilities?: string[];
  tokens?: { id: string; issuedAt: number | string; expiresAt?: number | string }[] | null;
}

/** A local user: the password, and API tokens. */
export function AccountPage({ name }: { name: string }) {
  const [account, setAccount] = useState<Account | null>(null);
  const [problem, setProblem] = useState("");
  const [token, setToken] = useState("");
  const lacks = useLackOfUpdate(name);
  const place = `/api/v1/account/${encodeURIComponent(name)}`;
  const told = (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error));
  const load = () => ask<Account>("GET", place).then(setAccount, told);
  useEffect(() => void load(), [name]);
  async function make() {
    setProblem("");
    await ask<{ token: string }>("POST", `${place}/token`, { name }).then((found) => setToken(found.token), told);
    await load();
  }
  async function revoke(id: string) {
    await ask("DELETE", `${place}/token/${encodeURIComponent(id)}`).then(() => toast("ok", "Token revoked"), told);
    await load();
  }
  if (!account) return problem ? <Note severity="broken">{problem}</Note> : <Loading />;
  return (
    <>
      <h2>
        Account {name} <Badge severity={account.enabled ? "ok" : "attention"}>{account.enabled ? "enabled" : "disabled"}</Badge>
      </h2>
      {problem && <Note severity="broken">{problem}</Note>}
      <Password name={name} />
      <section class="panel stacked" aria-label="Tokens">
        <h2>API tokens</h2>
        {token && (
          <Note severity="attention">
            <span>
              The new token. Copy it now, it is not shown again: <code class="wrapped">{token}</code> <Copy text={token} what="the token" />
            </span>
          </Note>
        )}
        {(account.tokens ?? []).map((one) => (
          <p key={one.id}>
            <code>{one.id}</code> <span class="muted">created {new Date(Number(one.issuedAt) * 1000).toLocaleString()}</span>{" "}
            <Button kind="plain" lacks={lacks} onClick={() => void revoke(one.id)}>
              Revoke
            </Button>
          </p>
        ))}
        <Button
          lacks={account.capabilities?.includes("apiKey") ? lacks : "the account lacks the capability apiKey"}
          onClick={() => void make()}
        >
          New token
        </Button>
      </section>
    </>
  );
}

/** One's own account needs no right. */
function useLackOfUpdate(name: string): string | undefined {
  return useLacking(me.value?.username === name ? [] : [{ resource: "accounts", action: "update", object: name }])[0];
}

function Password({ name }: { name: string }) {
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const [problem, setProblem] = useState("");
  const lacks = useLackOfUpdate(name);
  async function change(event: SubmitEvent) {
    event.preventDefault();
    setProblem("");
    try {
      await ask("PUT", "/api/v1/account/password", { name, currentPassword: current, newPassword: wanted });
      toast("ok", "Password changed");
      setCurrent("");
      setWanted("");
    } catch (error) {
      setProblem(error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <section class="panel stacked" aria-label="Password">
      <h2>Password</h2>
      <form class="narrow" onSubmit={(event) => void change(event)}>
        <Input field={{ name: "current", title: `Current password of ${me.value?.username ?? "you"}`, kind: "password" }} value={current} onChange={setCurrent} />
        <Input field={{ name: "wanted", title: `New password of ${name}`, hint: "8 to 32 characters", kind: "password" }} value={wanted} onChange={setWanted} />
        {problem && <Note severity="broken">{problem}</Note>}
        <Button type="submit" lacks={lacks ?? (current && wanted ? undefined : "both passwords are required")}>
          Change
        </Button>
      </form>
    </section>
  );
}
