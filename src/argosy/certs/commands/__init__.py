"""What the command line computes about certificates: pure, over objects as they were read.

- `story.py`: all that belongs to one Certificate.  `waiting.py`: what it waits for and until when, in one line.
- `changes.py`: the statuses that `renew`, `approve` and `deny` write.  `inspection.py`: what a Secret holds.
"""
