"""Bare mirrors of git remotes: the parts of `git.remote.GitMirrors`.

Each module builds on the one before it: `commands` runs git, `store` keeps the mirrors, `fetch` fills them,
`references` lists the remotes' branches and tags.
"""
