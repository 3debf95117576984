"""The controller of Applications (spec 5): one pass after another, each a question, each answer one write of status.

A pass compares, operates or deletes; whatever it needs of the world, it does while it is answered. What it came to is
an `Advance`, written before the next pass is asked for. So all that must survive is in the Application, and a process
that dies between any two writes goes on from there.

- `controller.py`: the declaration.  `look.py`: which pass is due.  `decide.py`: what becomes of its answer.
- `reconciliation.py`: the question.  `answers.py`: how it is answered, by `comparison`, `sync` and `deletion`.
- `advance.py`: what a pass came to.  `progress.py`: what is remembered of the passes before.
"""
