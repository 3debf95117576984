"""`argosy login|logout|context`, and who one is to a server: what `--server` of every command signs in with."""
