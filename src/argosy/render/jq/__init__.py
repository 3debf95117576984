"""Users' jq, in worker processes of its own (spec/argo-cd-engine.md 4.3, security.md rule 3).

The port is `port.JqEvaluator`; `evaluator.JqWorkers` is the real one. The question is not for the object without what
an expression matches but for the paths themselves: they are small, and the object's numbers and order stay unchanged.
The C library cannot be interrupted, so an expression that exceeds a limit kills its worker, and is blamed: each
answer is sent as soon as it is available. No jq is ever loaded into the controllers' process.
"""
