"""From text to tree: source, diagnostics, grammar, parser, names, formatter."""

if not __name__.startswith("connc."):
    raise ImportError(f"import connc.{__name__}, not {__name__}")
