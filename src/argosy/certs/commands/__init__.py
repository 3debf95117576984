"""What the command line and the API tell about certificates: pure, over objects as `gathering.py` read them.

- `story.py`: all that belongs to one Certificate.  `waiting.py`: what it waits for and until when, in one line.
- `changes.py`: the statuses that `renew`, `approve` and `deny` write.  `inspection.py`: what a Secret holds.
"""
