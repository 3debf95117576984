/** What a terminal and the server say to each other: Argo CD's messages over a web socket. Pure. */

export interface Opened {
  pod: string;
  container: string;
  namespace: string;
  application: string;
  appNamespace: string;
  project: string;
}

/** Below the page's base. */
export function terminalPlace(opened: Opened): string {
  const asked = new URLSearchParams({
    pod: opened.pod,
    container: opened.container,
    namespace: opened.namespace,
    appName: opened.application,
    appNamespace: opened.appNamespace,
    projectName: opened.project,
  });
  return `/terminal?${asked}`;
}

/** The same place for a web socket: over TLS where the page itself came by it. */
export function socketAddress(origin: string, place: string): string {
  return origin.replace(/^http/, "ws") + place;
}

export function typed(data: string): string {
  return JSON.stringify({ operation: "stdin", data });
}

export function resized(cols: number, rows: number): string {
  return JSON.stringify({ operation: "resize", cols, rows });
}

/** What is to be printed of a message; nothing of one that is not understood. */
export function printed(message: unknown): string {
  try {
    const found = JSON.parse(String(message)) as { operation?: unknown; data?: unknown } | null;
    return found?.operation === "stdout" && typeof found.data === "string" ? found.data : "";
  } catch {
    return "";
  }
}

interface PodStatus {
  spec?: { containers?: { name: string }[]; initContainers?: { name: string; restartPolicy?: string }[] };
  status?: { containerStatuses?: { name: string; state?: { running?: unknown } }[] };
}

/** A Pod's containers in their order, with whether each runs: a shell is opened in one that does. */
export function containersOf(pod: unknown): { name: string; runs: boolean }[] {
  const { spec, status } = (pod ?? {}) as PodStatus;
  const running = new Set((status?.containerStatuses ?? []).filter((one) => one.state?.running).map((one) => one.name));
  return (spec?.containers ?? []).map(({ name }) => ({ name, runs: running.has(name) }));
}

/** Why no terminal can be opened; empty where one can. */
export function hindrance(enabled: boolean, allowed: boolean, right: string): string {
  if (!enabled) return "Terminals are disabled on this server. Set exec.enabled to true in the ConfigMap argocd-cm to enable them.";
  return allowed ? "" : `Missing permission: ${right}.`;
}
