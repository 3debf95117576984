"""Steps that read and edit JSON, TOML and YAML."""
