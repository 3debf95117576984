"""Users' jq, in worker processes of its own (spec/argo-cd-engine.md 4.3, security.md rule 3).

The door is `port.JqEvaluator`; `evaluator.JqWorkers` is the real one. Asked is not for the object without what an
expression leads to but for the paths themselves: they are small, and the object's numbers and order stay as they are.
The C library cannot be interrupted, so an expression that meets a limit takes its worker along, and is to blame: each
answer is sent as soon as it is there. No jq is ever loaded into the process of the controllers.
"""
