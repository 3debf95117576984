"""What is read from strangers, fed with what a stranger might send: nothing but the documented refusals may come of it.

`make fuzz` runs each target for a minute; the suite runs each for a few examples. A failure is printed as the smallest
input that shows it, and found again at once the next time (`.hypothesis`).
"""
