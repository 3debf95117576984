"""Applications for a page: rows of a list, and one of them whole.

- `rows.py`: a row for each, computed once per version; search, filters and counts.  `why.py`: why it is as it is.
- `sources.py`: where its manifests come from.  `endpoints.py`: the list and one, at once and live.
"""
