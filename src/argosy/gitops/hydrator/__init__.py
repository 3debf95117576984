"""The source hydrator: what a dry source renders to is committed to a branch, and synced from there (spec 16).

Applications with the same dry repository and revision, destination repository and branch are a group: one commit, all
or nothing. Decisions are pure, one file each: groups, need, validation, metadata, commands, files, status; `committing`
and `hydrating` are the shells. Off unless `hydrator.enabled` is "true" in argocd-cmd-params-cm.
"""
