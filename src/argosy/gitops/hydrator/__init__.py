"""The source hydrator: the rendered manifests of a dry source are committed to a branch, and synced from it (spec 16).

Applications with the same dry repository and revision, destination repository and branch are a group: one commit, all
or nothing. A group is a key of the engine: `look`, `decide`, and three questions that `answers` answers. The rules are
pure, one file each: groups, need, validation, metadata, commands, files, status. Off unless `hydrator.enabled` is
"true" in argocd-cmd-params-cm.
"""
