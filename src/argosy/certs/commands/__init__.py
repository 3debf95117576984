"""What the command line and the API show about certificates: pure, over objects that `gathering.py` read.

- `story.py`: everything that belongs to one Certificate.  `waiting.py`: what it waits for and until when, in one line.
- `changes.py`: the statuses that `renew`, `approve` and `deny` write.  `inspection.py`: what a Secret holds.
"""
