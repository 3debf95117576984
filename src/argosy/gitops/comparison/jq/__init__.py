"""Users' jq in ignored differences: the common part understood here, the rest asked of a confined worker."""
