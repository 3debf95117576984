"""The adapters of this room's questions: RSA in threads, newest work first; keys and their certificates."""
