"""Figures for papers: what a net is measured by, what is connected, and what weights say. Imports no torch.

`pairs` and `strengths` compute with numpy alone; figures need matplotlib, which the extra `plot` brings.
"""

MEASURED = "paths", "fan_in", "cost", "density", "scatter"
WEIGHED = "strengths", "norms"
FIGURES = *MEASURED, "matrix", *WEIGHED
SUFFIXES = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
