"""Feeds parsers of untrusted input with hostile input: the only errors allowed are the documented refusals.

`make fuzz` runs each target for a minute; the suite runs each for a few examples. A failure is printed as the smallest
input that shows it, and found again at once the next time (`.hypothesis`).
"""
