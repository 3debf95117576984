"""Kernel interfaces: system calls that Python has no function for, Landlock, seccomp."""
