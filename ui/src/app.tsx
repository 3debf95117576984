/** The frame: who one is, where one can go, and the page that the address names. */
import { Suspense, lazy } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";

import { Failure, me, signOut, whoAmI } from "./api/client";
import { connected } from "./api/stream";
import { helpIsOpen, paletteIsOpen, PLACES } from "./keyboard";
import { Button, Dialog, Loading, Note, Toasts } from "./parts";
import { Banner } from "./parts/banner";
import { safeLink } from "./parts/format";
import { SignInPage } from "./pages/sign-in/page";
import { KINDS } from "./pages/objects/model";
import { go, href, path, query } from "./router";

const HomePage = lazy(() => import("./pages/home/page").then((found) => found.HomePage));
const ApplicationsPage = lazy(() => import("./pages/applications/page").then((found) => found.ApplicationsPage));
const ApplicationPage = lazy(() => import("./pages/application/page").then((found) => found.ApplicationPage));
const NewApplicationPage = lazy(() => import("./pages/application-edit/page").then((found) => found.NewApplicationPage));
const EditApplicationPage = lazy(() => import("./pages/application-edit/page").then((found) => found.EditApplicationPage));
const EditApplicationSetPage = lazy(() => import("./pages/application-set-edit/page").then((found) => found.EditApplicationSetPage));
const SettingsPage = lazy(() => import("./pages/settings/page").then((found) => found.SettingsPage));
const PipelinesPage = lazy(() => import("./pages/pipelines/page").then((found) => found.PipelinesPage));
const PipelinePage = lazy(() => import("./pages/pipelines/page").then((found) => found.PipelinePage));
const SealPage = lazy(() => import("./pages/seal/page").then((found) => found.SealPage));
const ActivityPage = lazy(() => import("./pages/activity/page").then((found) => found.ActivityPage));
const DeliveriesPage = lazy(() => import("./pages/deliveries/page").then((found) => found.DeliveriesPage));
const RehearsalsPage = lazy(() => import("./pages/rehearsals/page").then((found) => found.RehearsalsPage));
const RehearsalPage = lazy(() => import("./pages/rehearsals/page").then((found) => found.RehearsalPage));
const ObjectsPage = lazy(() => import("./pages/objects/page").then((found) => found.ObjectsPage));
const Palette = lazy(() => import("./pages/palette/page").then((found) => found.Palette));
const PartsPage = lazy(() => import("./pages/parts/page").then((found) => found.PartsPage));
const ObjectPage = lazy(() => import("./pages/objects/page").then((found) => found.ObjectPage));

export function App() {
  const [problem, setProblem] = useState("");
  useEffect(() => {
    whoAmI().catch((error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)));
  }, []);
  useEffect(() => {
    document.title = path.value === "/" ? "Argosy" : `${path.value.slice(1)} – Argosy`;
  }, [path.value]);
  if (path.value === "/login") return <SignInPage />;
  if (problem) {
    return (
      <main>
        <Note severity="broken">
          {problem} <a href={href("/")} data-outside>Try again</a>
        </Note>
      </main>
    );
  }
  if (!me.value) return <main class="muted">Loading…</main>;
  if (!me.value.signedIn && !me.value.anonymous) {
    const back = path.value + (query.value.size ? `?${query.value}` : "");
    go(`/login?return=${encodeURIComponent(back)}`, "replace");
    return null;
  }
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Navigation />
      <main id="main">
        <Banner at="top" />
        {!connected.value && (
          <p class="connection" role="status">
            Connection lost. What you see may be out of date. Reconnecting…
          </p>
        )}
        <Suspense fallback={<Loading />}>
          <Page />
        </Suspense>
        <Banner at="bottom" />
      </main>
      <Toasts />
      {helpIsOpen.value && <Help />}
      {paletteIsOpen.value && (
        <Suspense fallback={null}>
          <Palette onClose={() => (paletteIsOpen.value = false)} />
        </Suspense>
      )}
    </div>
  );
}

function Page() {
  const [first = "", namespace, name, ...rest] = path.value.slice(1).split("/").map(decodeURIComponent);
  if (path.value === "/") return <HomePage />;
  if (first === "applications" && !namespace) return <ApplicationsPage />;
  if (path.value === "/applications/new") return <NewApplicationPage />;
  if (first === "applications" && namespace && name && rest.length === 1 && rest[0] === "edit") {
    return <EditApplicationPage key={path.value} namespace={namespace} name={name} />;
  }
  if (first === "applications" && namespace && rest.length === 0) {
    const [ofNamespace, ofName] = name ? [namespace, name] : ["argocd", namespace];
    return <ApplicationPage key={path.value} namespace={ofNamespace} name={ofName} />;
  }
  if (first === "pipelines" && !namespace) return <PipelinesPage />;
  if (first === "pipelines" && namespace && !name) return <PipelinePage key={namespace} project={namespace} />;
  if (first === "project" && namespace) return <Moved to={pipelinePlace(namespace, name === "stage" ? rest[0] : undefined)} />;
  if (path.value === "/deliveries") return <DeliveriesPage />;
  if (first === "rehearsals" && !namespace) return <RehearsalsPage />;
  if (first === "rehearsals" && namespace && !name) return <RehearsalPage key={namespace} name={namespace} />;
  if (path.value === "/activity") return <ActivityPage />;
  if (path.value === "/_parts") return <PartsPage />;
  if (path.value === "/seal") return <SealPage />;
  if (first === "settings") return <SettingsPage place={namespace ?? ""} name={name ?? ""} />;
  if (first === "applicationsets" && namespace && name && rest.length === 1 && rest[0] === "edit") {
    return <EditApplicationSetPage key={path.value} namespace={namespace} name={name} />;
  }
  if (first in KINDS && !namespace) return <ObjectsPage key={first} kind={first} />;
  if (first in KINDS && namespace && name && rest.length === 0) {
    return <ObjectPage key={path.value} kind={first} namespace={namespace} name={name} />;
  }
  return (
    <Note severity="attention">
      Page not found. <a href={href("/")}>Home</a>
    </Note>
  );
}

/** Where Kargo's addresses lead here. */
function pipelinePlace(project: string, stage: string | undefined): string {
  return `/pipelines/${encodeURIComponent(project)}${stage ? `?stage=${encodeURIComponent(stage)}` : ""}`;
}

function Moved({ to }: { to: string }) {
  useEffect(() => go(to, "replace"), [to]);
  return null;
}

const LINKS: [string, string][] = [
  ["/", "Home"],
  ["/applications", "Applications"],
  ["/applicationsets", "ApplicationSets"],
  ["/pipelines", "Pipelines"],
  ["/deliveries", "Deliveries"],
  ["/rehearsals", "Rehearsals"],
  ["/rollouts", "Rollouts"],
  ["/certificates", "Certificates"],
  ["/sealedsecrets", "Sealed secrets"],
  ["/activity", "Activity"],
  ["/settings", "Settings"],
];
const WITHIN: Record<string, string> = { stages: "/pipelines", warehouses: "/pipelines", freight: "/pipelines", promotions: "/pipelines", analysisruns: "/rollouts", experiments: "/rollouts", issuers: "/certificates", clusterissuers: "/certificates", seal: "/sealedsecrets" };

function Navigation() {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    // on a narrow screen the places stand in one row, of which only some are seen
    place.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path.value]);
  const first = path.value.split("/")[1] ?? "";
  const here = WITHIN[first] ?? `/${first}`;
  return (
    <nav ref={place} aria-label="Main">
      <a class="brand" href={href("/")}>
        <img src="./icon.svg" alt="" /> Argosy
      </a>
      {LINKS.map(([place, title]) => (
        <a key={place} href={href(place)} aria-current={here === place ? "page" : undefined}>
          {title}
        </a>
      ))}
      <div class="foot">
        {me.value?.signedIn ? (
          <>
            <div class="muted">{me.value.username}</div>
            <Button kind="plain" onClick={() => void signOut()}>
              Sign out
            </Button>
          </>
        ) : (
          <a href={href("/login")}>Sign in</a>
        )}
        <Button kind="plain" onClick={() => (paletteIsOpen.value = true)}>
          Go to… (Ctrl K)
        </Button>
        <Button kind="plain" onClick={() => (helpIsOpen.value = true)}>
          Shortcuts ( ? )
        </Button>
      </div>
    </nav>
  );
}

function Help() {
  const close = () => (helpIsOpen.value = false);
  return (
    <Dialog title="Keyboard shortcuts" onClose={close}>
      <form method="dialog">
        <h1>Keyboard shortcuts</h1>
        <dl class="facts">
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>search</dd>
          <dt>
            <kbd>Ctrl</kbd> <kbd>K</kbd>
          </dt>
          <dd>go to a page, object or saved view</dd>
          <dt>
            <kbd>j</kbd> <kbd>k</kbd>
          </dt>
          <dd>next and previous row, Enter opens it</dd>
          <dt>
            <kbd>1</kbd> … <kbd>9</kbd>
          </dt>
          <dd>views of this page: on an Application, <kbd>6</kbd> shows its logs</dd>
          {PLACES.map(([key, , title]) => (
            <>
              <dt>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </dt>
              <dd>{title}</dd>
            </>
          ))}
        </dl>
        <About />
        <div class="actions">
          <Button kind="primary" type="submit">
            Close
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whom to ask, where the command is, and which version this is. */
function About() {
  const { help, version } = me.value ?? {};
  const chat = safeLink(help?.chatUrl ?? "");
  const downloads = Object.entries(help?.downloads ?? {}).flatMap(([platform, url]) => {
    const link = safeLink(url);
    return link ? [[platform, link] as const] : [];
  });
  return (
    <p class="muted small">
      Argosy {version}
      {chat && (
        <>
          {" · "}
          <a href={chat} target="_blank" rel="noreferrer noopener">
            {help?.chatText}
          </a>
        </>
      )}
      {downloads.map(([platform, link]) => (
        <>
          {" · "}
          <a href={link} target="_blank" rel="noreferrer noopener">
            command for {platform}
          </a>
        </>
      ))}
    </p>
  );
}
