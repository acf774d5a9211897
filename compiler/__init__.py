"""From tree to network: relations, ops, elaboration, and all that reads or rewrites a network."""

if not __name__.startswith("connc."):
    raise ImportError(f"import connc.{__name__}, not {__name__}")
