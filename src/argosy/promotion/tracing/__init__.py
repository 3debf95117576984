"""Traces a change: from a commit, an image or a chart to Freight, Promotions, Applications and Rollouts.

Everything is computed from current objects; nothing is written or stored.
"""
