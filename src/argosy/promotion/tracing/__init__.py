"""The way of a change: from a commit, an image or a chart to Freight, Promotions, Applications and Rollouts.

All of it is read off objects as they are; nothing is written, and nothing more is kept than what they say.
"""
