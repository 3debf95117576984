"""TXT records for DNS-01: `lookup.py` asks DNS, `records.py` answers the room's questions, the rest are providers.

A provider is one file named like its field in a solver, and a line in `records.py`. Each keeps other values of a name.
"""
