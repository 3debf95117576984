"""`argosy seal`: Secrets into SealedSecrets, and whole directories of them kept in order.

- `create.py`: from Secrets. `values.py`: single values in a file. `reencrypt.py`, `verify.py`: whole directories.
- `documents.py`, `files.py`: SealedSecrets in YAML and JSON files, where only the items change and all else stays.
- `controller.py`: what the controller in a cluster is asked. `key_files.py`: keys at hand. `certificate.py`: for whom.
"""
