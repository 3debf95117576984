"""The pool of confined worker processes that render, and the protocol between the parent and a worker."""
