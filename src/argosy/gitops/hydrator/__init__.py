"""The source hydrator: what a dry source renders to is committed to a branch, and synced from there (spec 16).

Applications with the same dry repository and revision, destination repository and branch are a group: one commit, all
or nothing. A group is a key of the engine: `look`, `decide`, and three questions that `answers` answers. Rules are
pure, one file each: groups, need, validation, metadata, commands, files, status. Off unless `hydrator.enabled` is
"true" in argocd-cmd-params-cm.
"""
