"""The controller of Applications (spec 5): one pass after another, each a question, each answer one status write.

A pass compares, operates or deletes; all its requests are made while the question is answered. Its result is an
`Advance`, written before the next pass starts. So everything that must survive is in the Application, and a process
that dies between any two writes continues from there.

- `controller.py`: the declaration.  `look.py`: which pass is due.  `decide.py`: what follows from its answer.
- `reconciliation.py`: the question.  `answers.py`: how it is answered, by `comparison`, `sync` and `deletion`.
- `advance.py`: the result of a pass.  `progress.py`: what is remembered of earlier passes.
"""
