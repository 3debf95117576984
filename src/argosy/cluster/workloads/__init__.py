"""Simulated controllers of the embedded server: workloads come alive without a machine to run them (kinds sheet 5)."""
