"""Simulated controllers of the embedded server: workloads run without a machine to run them (kinds sheet 5)."""
