"""Runs in the child before a program does: drops everything outside the sandbox, then becomes the program.

Only what starts fast is imported here, and nothing but the standard library: a start may cost a few milliseconds.
"""
