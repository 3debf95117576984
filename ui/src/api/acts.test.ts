/** Every request of the page that changes something has a button that is disabled, with the reason, for who lacks the right. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "..");
const METHOD = /"(POST|PUT|PATCH|DELETE)",\s*(?:place: )?(`[^`]*`|"[^"]*"|[\w.!]+(?:\([^)]*\))?)/g;
const DONE = /\bdone\((`[^`]*`)/g;
const ACTIONS = "pages/objects/actions.tsx";

/** Needs no right: it asks only, or concerns the caller alone. */
const FREE = new Set([
  "api/client.ts: POST credentials",
  "pages/objects/details/sealed-items.tsx: POST /api/argosy/v1/sealing/openers",
  "api/rights.ts: POST /api/argosy/v1/rights",
  "pages/sign-in/page.tsx: POST /api/v1/session",
  "pages/terminal/panel.tsx: POST /api/argosy/v1/rights",
  "parts/saved-views.tsx: POST /api/argosy/v1/rights",
  // sends what the acts below give it
  `${ACTIONS}: POST /api/argosy/v1/\${place}`,
  // offered for the projects alone that the caller may change
  "parts/saved-views.tsx: POST SHARED",
]);

/** Where the button is, and what disables it. */
const GUARDS: Record<string, [file: string, guard: string]> = {
  "pages/application-edit/model.ts: PUT /api/v1/applications/${encodeURIComponent(name)}/spec?${asked}": ["pages/application-edit/page.tsx", 'type="submit" lacks={lacks}'],
  "pages/application-edit/model.ts: POST /api/v1/applications?validate=true": ["pages/application-edit/page.tsx", 'type="submit" lacks={lacks}'],
  "pages/application-set-edit/page.tsx: POST /api/argosy/v1/applicationsets/${e(namespace)}/${e(name)}/preview": ["pages/application-set-edit/page.tsx", "lacks={lacks} disabled={busy} onClick={() => void preview()}"],
  "pages/application-set-edit/page.tsx: POST /api/v1/applicationsets?upsert=true": ["pages/application-set-edit/page.tsx", "lacks={lacks} disabled={busy || !isTried || text === start} onClick={() => void save()}"],
  "pages/application/automation.tsx: PATCH /api/v1/applications/${encodeURIComponent(row.name)}": ["pages/application/automation.tsx", "lacks={rights.update} onClick={() => setAsks(true)}"],
  "pages/application/delete.tsx: DELETE /api/v1/applications/${encodeURIComponent(row.name)}?${asked}": ["pages/application/page.tsx", "lacks={rights.delete} onClick={onDelete}"],
  "pages/application/history.tsx: POST /api/v1/applications/${row.name}/rollback": ["pages/application/history.tsx", "lacks={lacks} onClick={() => setChosen(entry)}"],
  "pages/application/ignore-dialog.tsx: PATCH /api/v1/applications/${encodeURIComponent(app.row.name)}": ["pages/application/ignore-dialog.tsx", "lacks={rights.update}"],
  "pages/application/object-panel.tsx: POST /api/v1/applications/${app.row.name}/resource?${asked}": ["pages/application/object-panel.tsx", "lacks={whole && fine} onClick={() => setEditing(true)}"],
  "pages/application/object-panel.tsx: POST /api/v1/applications/${app.row.name}/resource/actions/v2": ["pages/application/object-panel.tsx", "lacks={lacks[number]}"],
  "pages/application/object-panel.tsx: DELETE /api/v1/applications/${app.row.name}/resource?${asked}": ["pages/application/object-panel.tsx", 'kind="danger" lacks={whole && fine}'],
  "pages/application/page.tsx: DELETE /api/v1/applications/${row.name}/operation?appNamespace=${row.namespace}": ["pages/application/page.tsx", "lacks={rights.sync}"],
  "pages/application/sync.tsx: POST /api/v1/applications/${row.name}/sync": ["pages/application/page.tsx", "lacks={rights.sync} onClick={onSync}"],
  "pages/applications/model.ts: POST ${place}/sync": ["pages/applications/selection.tsx", "lacks={refused === rows.length ? lacks[0] : undefined}"],
  "pages/applications/model.ts: DELETE ${place}?${asked}&cascade=true&propagationPolicy=foreground": ["pages/applications/selection.tsx", "lacks={refused === rows.length ? lacks[0] : undefined}"],
  [`${ACTIONS}: POST \${placeOf(kind, row)}/\${verb.name}`]: [ACTIONS, "lacks={lacks[verb.name]}"],
  [`${ACTIONS}: POST \${placeOf(stages, row)}/approve`]: [ACTIONS, "lacks={lacks} onClick={() => setAsks(true)}"],
  [`${ACTIONS}: POST \${place}/promote`]: [ACTIONS, 'lacks={lacks["promote"]} onClick={() => setOpen(true)}'],
  "pages/objects/details/revisions.tsx: PUT /rollouts/api/v1/rollouts/${e(namespace)}/${e(name)}/undo/${asks?.number}": ["pages/objects/details/revisions.tsx", "lacks={lacks} onClick={() => setAsks(one)}"],
  "pages/objects/promotion-actions.tsx: POST ${placeOf(promotions, row)}/${verb}": ["pages/objects/promotion-actions.tsx", "lacks={lacks} onClick={() => setAsks(true)}"],
  "pages/objects/set-image.tsx: POST ${placeOf(rollouts, row)}/set-image": ["pages/objects/set-image.tsx", 'lacks={lacks["set-image"]}'],
  "pages/objects/warehouse-actions.tsx: POST ${placeOf(warehouses, row)}/refresh": ["pages/objects/warehouse-actions.tsx", "lacks={cannotRefresh}"],
  "pages/objects/warehouse-actions.tsx: POST ${place}/freight": ["pages/objects/warehouse-actions.tsx", 'lacks={lacks["create-freight"]}'],
  "pages/pipelines/panel.tsx: POST ${placeOf(promotions, one)}/abort": ["pages/pipelines/panel.tsx", 'lacks={lacks["promote"]}'],
  "pages/pipelines/panel.tsx: POST ${place}/refresh": ["pages/pipelines/panel.tsx", "lacks={cannotRefresh}"],
  "pages/pipelines/panel.tsx: POST ${place}/verify": ["pages/pipelines/panel.tsx", 'lacks={lacks["verify"]}'],
  "pages/pipelines/panel.tsx: POST ${place}/abort-verification": ["pages/pipelines/panel.tsx", 'lacks={lacks["abort-verification"]}'],
  "pages/pipelines/panel.tsx: POST ${placeOf(stages, stage.row)}/promote-downstream": ["pages/pipelines/panel.tsx", "lacks={lacks} onClick={() => setAsks(true)}"],
  "pages/settings/account.tsx: POST ${place}/token": ["pages/settings/account.tsx", '? lacks : "the account lacks the capability apiKey"'],
  "pages/settings/account.tsx: DELETE ${place}/token/${encodeURIComponent(id)}": ["pages/settings/account.tsx", "lacks={lacks} onClick={() => void revoke(one.id)}"],
  "pages/settings/account.tsx: PUT /api/v1/account/password": ["pages/settings/account.tsx", "lacks={lacks ?? "],
  "pages/settings/forms.tsx: POST place": ["pages/settings/page.tsx", "lacks={lacks} onClick={() => setMakes(true)}"],
  "pages/settings/forms.tsx: PUT place": ["pages/settings/page.tsx", "lacks={lacksEdit[number]}"],
  "pages/settings/forms.tsx: DELETE section.remove!(item)": ["pages/settings/page.tsx", "lacks={lacksRemoval[number]}"],
  "pages/settings/project.tsx: PUT place": ["pages/settings/project.tsx", "lacks={lacks} onClick={() => void save()}"],
  "pages/settings/project.tsx: POST /api/v1/projects/${encodeURIComponent(project)}/roles/${encodeURIComponent(role)}/token": ["pages/settings/project.tsx", "lacks={role.lacks} onClick={() => void make(role.name)}"],
  "pages/settings/project.tsx: DELETE /api/v1/projects/${encodeURIComponent(project)}/roles/${encodeURIComponent(role)}/token/${iat}": ["pages/settings/project.tsx", "lacks={role.lacks} onClick={() => void revoke(role.name, one.iat)}"],
  "parts/saved-views.tsx: DELETE ${SHARED}/${e(view.project)}/${e(view.name)}": ["parts/saved-views.tsx", "lacks={lacks} onClick={() => void forget(current)}"],
};

function sources(): string[] {
  const all = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  return all.filter((name) => /\.tsx?$/.test(name) && !/\.test\.ts$|^api\/types\.ts$/.test(name)).sort();
}

function read(name: string): string {
  return readFileSync(join(SOURCES, name), "utf8");
}

function actsOf(name: string): string[] {
  const text = read(name);
  const asked = [...text.matchAll(METHOD)].map(([, method, place]) => `${name}: ${method} ${place}`);
  const done = [...text.matchAll(DONE)].map(([, place]) => `${name}: POST ${place}`);
  return [...asked, ...done].map((one) => one.replace(/[`"]/g, ""));
}

test("every act of the page is known with what disables it", () => {
  const found = new Set(sources().flatMap(actsOf));
  expect([...found].filter((one) => !FREE.has(one)).sort()).toEqual(Object.keys(GUARDS).sort());
  expect([...FREE].filter((one) => !found.has(one))).toEqual([]);
});

test.each(Object.entries(GUARDS))("%s is disabled without the right", (_, [file, guard]) => {
  expect(read(file)).toContain(guard);
});
