"""Kustomizations as `{path: text}`, each built in `prod` by the real program and by ours."""

from __future__ import annotations

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      initContainers:
      - name: init
        image: registry.example.com:5000/tools/init:1
      containers:
      - name: web
        image: nginx:stable
        args: [a, b]
        ports:
        - containerPort: 80
        - containerPort: 443
          name: tls
        env:
        - name: A
          value: "1"
        - name: FROM
          valueFrom: {configMapKeyRef: {name: settings, key: k}}
        envFrom:
        - secretRef: {name: keys}
        volumeMounts:
        - {name: conf, mountPath: /etc/conf}
      - name: side
        image: busybox
      volumes:
      - name: conf
        configMap: {name: settings}
      - name: keys
        secret: {secretName: keys}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 80}]
"""
ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
"""
BINDINGS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: default}
- {kind: User, name: someone}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: read-all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web, namespace: base-ns}
"""
STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: postgres}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy}
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: tidy, image: "busybox@sha256:aaaa", envFrom: [{configMapRef: {name: settings}}]}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example.com], secretName: keys}]
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: db, port: {number: 80}}}}]}
"""
CUSTOM = """
apiVersion: example.com/v1
kind: Gadget
metadata: {name: gizmo}
spec:
  containers:
  - {name: a, image: nginx:1.25}
  list: [{name: x1, v: 1}, {name: y1, v: 2}]
  nested: {a: 1, b: 2}
"""
GENERATORS = """
configMapGenerator:
- name: settings
  literals: [k=v, 'quoted="a b"', amp=<&>]
  files: [file.txt, renamed=file.txt, binary.bin]
  envs: [vars.env]
secretGenerator:
- name: keys
  literals: [password=hunter2]
  type: Opaque
"""
FILES: dict[str, str | bytes] = {
    "base/file.txt": "hello\nworld\n",
    "base/binary.bin": b"\xff\xfe\x00\x01",
    "base/vars.env": "# comment\nONE=1\n\nTWO=a=b\n",
}
BASE: dict[str, str | bytes] = {
    "base/kustomization.yaml": "resources: [deployment.yaml, service.yaml, account.yaml, bindings.yaml, more.yaml]\n"
    + GENERATORS,
    "base/deployment.yaml": DEPLOYMENT,
    "base/service.yaml": SERVICE,
    "base/account.yaml": ACCOUNT,
    "base/bindings.yaml": BINDINGS,
    "base/more.yaml": STATEFUL,
    **FILES,
}
CUSTOM_BASE = {"base/kustomization.yaml": "resources: [custom.yaml]", "base/custom.yaml": CUSTOM}


def overlay(text: str, **more: str) -> dict[str, str | bytes]:
    files = {f"prod/{name.replace('__', '.')}": body for name, body in more.items()}
    return {**BASE, "prod/kustomization.yaml": "resources: [../base]\n" + text, **files}


def custom(text: str) -> dict[str, str | bytes]:
    return {**CUSTOM_BASE, "prod/kustomization.yaml": "resources: [../base]\n" + text}


CASES: dict[str, dict[str, str | bytes]] = {
    "a plain base": overlay(""),
    "names and namespace": overlay("namePrefix: a-\nnameSuffix: -z\nnamespace: prod\n"),
    "common labels reach selectors": overlay("commonLabels: {env: prod, team: one}\n"),
    "labels stay off selectors": overlay("labels: [{pairs: {env: prod}}]\n"),
    "labels in templates": overlay("labels: [{pairs: {env: prod}, includeTemplates: true}]\n"),
    "labels in selectors": overlay("labels: [{pairs: {env: prod}, includeSelectors: true}]\n"),
    "annotations": overlay("commonAnnotations: {note: hi}\n"),
    "images": overlay(
        "images:\n- {name: nginx, newTag: '2'}\n- {name: busybox, newName: other/box, digest: 'sha256:bbbb'}\n"
        "- {name: registry.example.com:5000/tools/init, newName: tools}\n- {name: postgres, newTag: '16', tagSuffix: -x}\n"
    ),
    "replicas": overlay("replicas: [{name: web, count: 5}, {name: db, count: 2}]\n"),
    "generator options": overlay(
        "generatorOptions: {labels: {g: one}, annotations: {a: b}}\n"
        "configMapGenerator:\n- {name: extra, literals: [a=b], options: {immutable: true, disableNameSuffixHash: true}}\n"
        "- {name: settings, behavior: merge, literals: [k=w, new=1]}\n"
        "secretGenerator:\n- {name: keys, behavior: replace, literals: [only=this]}\n"
    ),
    "a merge patch by name": overlay(
        "patches:\n- path: patch.yaml\n",
        patch__yaml="""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {patched: "yes"}}
spec:
  replicas: null
  template:
    spec:
      containers:
      - {name: side, image: busybox:2, env: [{name: NEW, value: x}]}
      - {name: third, image: third}
      - name: web
        args: [c]
        ports: [{containerPort: 443, name: https}, {containerPort: 8080}]
        env: [{name: B, value: "2"}, {name: A, $patch: delete}]
      volumes:
      - {name: keys, $patch: delete}
      - {name: tmp, emptyDir: {}}
""",
    ),
    "a merge patch for many": overlay(
        "patches:\n- target: {kind: Deployment|StatefulSet}\n  patch: |-\n    kind: Any\n    apiVersion: v1\n"
        "    metadata: {name: any}\n    spec: {template: {spec: {nodeSelector: {disk: ssd}}}}\n"
    ),
    "replacing a list and a map": overlay(
        "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n"
        "    spec: {template: {spec: {containers: [{$patch: replace}, {name: only, image: only}],"
        " nodeSelector: {$patch: replace, a: b}}}}\n"
    ),
    "deleting a resource": overlay(
        "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: web}\n    $patch: delete\n"
    ),
    "a json patch": overlay(
        "patches:\n- target: {kind: Deployment, name: web}\n  patch: |-\n"
        "    - {op: replace, path: /spec/replicas, value: 9}\n"
        "    - {op: add, path: /spec/template/spec/containers/0/args/-, value: z}\n"
        "    - {op: remove, path: /metadata/labels/app}\n"
        "    - {op: add, path: /metadata/annotations, value: {a~b: c}}\n"
    ),
    "renaming by patch": overlay(
        "patches:\n- target: {kind: Service, name: db}\n  options: {allowNameChange: true}\n  patch: |-\n"
        "    apiVersion: v1\n    kind: Service\n    metadata: {name: database}\n"
    ),
    "older patch fields": overlay(
        "patchesStrategicMerge:\n- p.yaml\n- |-\n  apiVersion: v1\n  kind: Service\n  metadata: {name: web}\n  spec: {type: NodePort}\n"
        "patchesJson6902:\n- target: {group: apps, version: v1, kind: Deployment, name: web}\n  path: j.yaml\n",
        p__yaml="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n",
        j__yaml="- {op: add, path: /spec/minReadySeconds, value: 3}\n",
    ),
    "selecting by label": overlay(
        'patches:\n- target: {labelSelector: app=web}\n  patch: \'[{"op": "add", "path": "/metadata/labels/x", "value": "y"}]\'\n'
    ),
    "replacements": overlay(
        "replacements:\n- source: {kind: Service, name: db, fieldPath: metadata.name}\n  targets:\n"
        "  - select: {kind: Deployment}\n    fieldPaths: ['spec.template.spec.containers.[name=web].env.[name=A].value']\n"
        "- source: {kind: Deployment, name: web, fieldPath: 'spec.template.spec.containers.[name=web].image', "
        "options: {delimiter: ':', index: 1}}\n  targets:\n"
        "  - select: {kind: Service, name: web}\n    fieldPaths: [metadata.labels.version]\n    options: {create: true}\n"
        "  - select: {kind: CronJob}\n    fieldPaths: [spec.schedule]\n    options: {delimiter: ' ', index: 0}\n"
    ),
    "a value into a json file": overlay(
        "configMapGenerator:\n- {name: j, files: [c.json], options: {disableNameSuffixHash: true}}\n"
        "replacements:\n- sourceValue: other\n  targets:\n  - {select: {kind: ConfigMap, name: j}, fieldPaths: ['data.c\\.json.a.b']}\n",
        c__json='{"a":{"b":"c"},"z":1}',
    ),
    "components": {
        **overlay("components: [../comp]\nnamePrefix: p-\n"),
        "comp/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "configMapGenerator: [{name: settings, behavior: merge, literals: [from=component]}]\n"
        'patches:\n- target: {kind: Deployment}\n  patch: \'[{"op": "add", "path": "/spec/paused", "value": true}]\'\n',
    },
    "two bases with prefixes": {
        **BASE,
        "one/kustomization.yaml": "resources: [../base]\nnamePrefix: one-\n",
        "two/kustomization.yaml": "resources: [../base]\nnamePrefix: two-\nnamespace: second\n",
        "prod/kustomization.yaml": "resources: [../one, ../two]\nnameSuffix: -s\n",
    },
    "variables": overlay(
        "vars:\n- {name: SVC, objref: {apiVersion: v1, kind: Service, name: db}}\n"
        "- {name: TAG, objref: {apiVersion: apps/v1, kind: Deployment, name: web}, fieldref: {fieldpath: spec.replicas}}\n"
        'patches:\n- target: {kind: Deployment}\n  patch: \'[{"op": "add", "path": "/spec/template/spec/containers/0/args", '
        '"value": ["$(SVC):80", "$(TAG)", "$(OTHER)", "$$(SVC)"]}]\'\nnamePrefix: x-\n'
    ),
    "a custom kind": custom(
        "namePrefix: a-\nnamespace: ns\ncommonLabels: {l: v}\nimages: [{name: nginx, newTag: '9'}]\n"
        "patches:\n- patch: |-\n    apiVersion: example.com/v1\n    kind: Gadget\n    metadata: {name: gizmo}\n"
        "    spec: {list: [{name: y1, v: 3}], nested: {b: null, c: 3}}\n"
    ),
    "a custom kind that refers": {
        **overlay(
            "configurations: [refs.yaml]\nresources: [../base, gadget.yaml]\n".replace("resources: [../base, ", "")
        ),
        "prod/kustomization.yaml": "resources: [../base, gadget.yaml]\nconfigurations: [refs.yaml]\nnamePrefix: a-\n",
        "prod/refs.yaml": "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - {kind: Gadget, path: spec/config}\n",
        "prod/gadget.yaml": "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {config: settings}\n",
    },
    "transformer files": overlay(
        "transformers: [t.yaml, l.yaml]\n",
        t__yaml="apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: late, namespace: late}\nunsetOnly: true\n",
        l__yaml="apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {t: u}\n"
        "fieldSpecs: [{path: metadata/labels, create: true}]\n",
    ),
    "legacy order": overlay("sortOptions: {order: legacy}\n"),
    "local configuration is left out": {
        "prod/kustomization.yaml": "resources: [a.yaml]\n",
        "prod/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
        "- {apiVersion: v1, kind: ConfigMap, metadata: {name: b, annotations: {config.kubernetes.io/local-config: 'true'}}}\n",
    },
    "managed-by label": overlay("buildMetadata: [managedByLabel]\n"),
    "webhook services": {
        "prod/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: p-\nnamespace: hooks\n",
        "prod/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: hook}\nspec: {ports: [{port: 443}]}\n---\n"
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: v}\n"
        "webhooks: [{name: a.example.com, clientConfig: {service: {name: hook, namespace: default}}}]\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: hooks-old}\n",
    },
}

BROKEN: dict[str, tuple[dict[str, str | bytes], str]] = {
    "an unknown field": ({"prod/kustomization.yaml": "resourcez: [a]\n"}, "unknown field 'resourcez'"),
    "a missing resource": ({"prod/kustomization.yaml": "resources: [gone.yaml]\n"}, "gone.yaml"),
    "no kustomization": ({"prod/a.yaml": "a: 1\n"}, "unable to find one of"),
    "an empty one": ({"prod/kustomization.yaml": "kind: Kustomization\n"}, "kustomization.yaml is empty"),
    "a cycle": (
        {"prod/kustomization.yaml": "resources: [../a]\n", "a/kustomization.yaml": "resources: [../prod]\n"},
        "cycle detected",
    ),
    "the same resource twice": (
        {
            "prod/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
            "prod/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            "prod/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        },
        "already registered id",
    ),
    "a patch for nothing": (
        overlay("patches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: nope}\n"),
        "no resource matches strategic merge patch",
    ),
    "a number for a label": (overlay("commonLabels: {a: 1}\n"), "commonLabels.a"),
    "an image tag that is a number": (overlay("images: [{name: nginx, newTag: 1.5}]\n"), "newTag"),
    "replicas of nobody": (overlay("replicas: [{name: nope, count: 1}]\n"), "nope"),
    "a merge without a base": (
        overlay("configMapGenerator: [{name: gone, behavior: merge, literals: [a=b]}]\n"),
        "does not exist",
    ),
    "a path out of the root": (overlay("configMapGenerator: [{name: x, files: [../../../../etc/passwd]}]\n"), "passwd"),
    "a program as transformer": (
        overlay("transformers: [t.yaml]\n", t__yaml="apiVersion: x/v1\nkind: Run\nmetadata: {name: r}\n"),
        "external plugins disabled",
    ),
}
