"""Creates, updates and deletes arbitrary manifests. `documents.py` parses, `writing.py` writes."""
