"""`argosy rollout ...`: the verbs of `kubectl argo rollouts`.

`changing` are the verbs that patch, `looking` those that show; what they compute is `argosy.rollouts.commands`.
"""
