"""Measurements, run by hand: ``uv run python -m benchmarks``. They print ratios within one run; tests never time anything."""
