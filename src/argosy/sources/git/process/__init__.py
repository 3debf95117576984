"""Runs git: its sandbox, private directory, bare repository, and what a killed run leaves behind."""
