import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, me } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Badge, Button, Copy, Loading, Note, toast } from "../../parts";
import { yaml } from "../objects/model";
import { at, type Item, type Role, rolesOf, ruleInWords } from "./model";

const Editor = lazy(() => import("../../parts/editor").then((found) => found.Editor));

/** What a project allows, who may do what in it, and its specification to edit. */
export function ProjectPage({ name }: { name: string }) {
  const [project, setProject] = useState<Item | null>(null);
  const [problem, setProblem] = useState("");
  const [text, setText] = useState("");
  const place = `/api/v1/projects/${encodeURIComponent(name)}`;
  const load = () =>
    ask<Item>("GET", place).then(
      (found) => {
        setProject(found);
        setText(yaml(found["spec"] ?? {}).trimStart());
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  useEffect(() => void load(), [name]);
  async function save() {
    setProblem("");
    try {
      const { parse } = await import("yaml");
      const metadata = project?.["metadata"];
      await ask("PUT", place, { project: { metadata, spec: parse(text) as unknown } });
      toast("ok", `${name} saved`);
      await load();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }
  const [lacks] = useLacking([{ resource: "projects", action: "update", object: name }]);
  if (!project) return problem ? <Note severity="broken">{problem}</Note> : <Loading />;
  return (
    <>
      <h2>Project {name}</h2>
      {problem && <Note severity="broken">{problem}</Note>}
      <Roles project={name} roles={rolesOf(project)} lacks={lacks} onDone={() => void load()} />
      <section class="panel stacked" aria-label="Specification">
        <h2>Specification</h2>
        <Suspense fallback={<p class="muted">Loading the editor…</p>}>
          <Editor text={text} label={`The specification of ${name} as YAML`} onChange={setText} />
        </Suspense>
        <div class="buttons">
          <Button kind="primary" lacks={lacks} onClick={() => void save()} disabled={text === yaml(at(project, "spec") ?? {}).trimStart()}>
            Save
          </Button>
        </div>
      </section>
    </>
  );
}

function Roles({ project, roles, lacks, onDone }: { project: string; roles: Role[]; lacks: string | undefined; onDone: () => void }) {
  const [token, setToken] = useState("");
  async function make(role: string) {
    try {
      const found = await ask<{ token: string }>("POST", `/api/v1/projects/${encodeURIComponent(project)}/roles/${encodeURIComponent(role)}/token`, {
        project,
        role,
      });
      setToken(found.token);
      onDone();
    } catch (error) {
      toast("broken", error instanceof Failure ? error.message : String(error));
    }
  }
  async function revoke(role: string, iat: number) {
    try {
      await ask("DELETE", `/api/v1/projects/${encodeURIComponent(project)}/roles/${encodeURIComponent(role)}/token/${iat}`);
      onDone();
    } catch (error) {
      toast("broken", error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <section class="panel" aria-label="Roles">
      <h2>Roles and permissions</h2>
      {roles.length === 0 && <p class="muted">This project has no roles; the global RBAC policy applies.</p>}
      {token && (
        <Note severity="attention">
          <span>
            The new token. Copy it now, it is not shown again: <code class="wrapped">{token}</code> <Copy text={token} what="the token" />
          </span>
        </Note>
      )}
      {roles.map((role) => ({ ...role, lacks: holds(role) ? undefined : lacks })).map((role) => (
        <article key={role.name} class="stacked">
          <h3>
            {role.name} {role.groups.map((group) => <Badge key={group} severity="busy">{group}</Badge>)}
          </h3>
          <p class="muted">{role.description}</p>
          <ul>
            {role.policies.map((rule) => (
              <li key={rule} title={rule}>
                {ruleInWords(rule)}
              </li>
            ))}
          </ul>
          {role.tokens.map((one) => (
            <p key={one.iat}>
              Token <code>{one.id || one.iat}</code>{" "}
              <span class="muted">
                created {new Date(one.iat * 1000).toLocaleString()}, {one.exp ? `until ${new Date(one.exp * 1000).toLocaleString()}` : "never expires"}
              </span>{" "}
              <Button kind="plain" lacks={role.lacks} onClick={() => void revoke(role.name, one.iat)}>
                Revoke
              </Button>
            </p>
          ))}
          <Button lacks={role.lacks} onClick={() => void make(role.name)}>
            New token
          </Button>
        </article>
      ))}
    </section>
  );
}

/** Who has a role through a group may make and revoke its tokens without the right to change the project. */
function holds(role: Role): boolean {
  return role.groups.some((group) => me.value?.groups.includes(group));
}
