"""Plain manifests and Jsonnet files in a directory (spec/argo-cd-engine-2.md 11.3, Directory)."""
