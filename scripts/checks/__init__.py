"""The parts of scripts/gpu_check: what it runs (phases), how (programs), and what it keeps (record, report)."""
