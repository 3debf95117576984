import { expect, test } from "vitest";

import { ownersOf, withoutOwners } from "./owners";

const LIVE = {
  metadata: {
    name: "web",
    managedFields: [
      {
        manager: "argocd-controller",
        operation: "Apply",
        time: "2026-01-01T00:00:00Z",
        fieldsV1: { "f:spec": { "f:replicas": {}, "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } }, "f:finalizers": { 'v:"x"': {} } } },
      },
      { manager: "kubectl", operation: "Update", subresource: "status" },
    ],
  },
};

test("each manager is told with the fields that it set, and items by their keys", () => {
  const [first, second] = ownersOf(LIVE);
  expect(first?.fields).toEqual(["spec.replicas", "spec.containers[name=web].image", 'spec.finalizers["x"]']);
  expect([second?.manager, second?.subresource, second?.fields]).toEqual(["kubectl", "status", []]);
  expect(ownersOf({})).toEqual([]);
});

test("what is read does not say who set it", () => {
  expect(withoutOwners(LIVE)).toEqual({ metadata: { name: "web" } });
});
