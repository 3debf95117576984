"""Any manifests at once: made, put in place of what is there, or removed. `documents.py` reads, `writing.py` does."""
