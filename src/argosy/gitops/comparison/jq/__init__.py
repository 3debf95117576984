"""Users' jq in ignored differences: common expressions are evaluated here, the rest by a confined worker."""
