"""Measurements: every figure is a ratio against a baseline in the same run, beside the limit that it could reach."""
