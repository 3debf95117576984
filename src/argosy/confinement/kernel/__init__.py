"""What the kernel is asked for: system calls that Python has no function for, Landlock, seccomp."""
