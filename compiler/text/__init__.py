"""The Network as text, exact both ways: `str(network)` prints, `parser.parse_ir` reads."""
