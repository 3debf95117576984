"""Steps on files and directories of any content."""
