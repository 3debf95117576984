"""What operators see of a running process: metrics, logs, health. Nothing here decides or waits.

`metrics` counts, `logs` writes structured lines without secrets, `health` collects checks.
"""
