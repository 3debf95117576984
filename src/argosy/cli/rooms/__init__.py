"""The rooms of a process, one file each: what a room is built from, loaded with the first object of its kinds.

`loading` is the table of them.
"""
