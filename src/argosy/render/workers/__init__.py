"""The pool of confined worker processes that render, and how the parent and a worker talk."""
