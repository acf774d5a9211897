"""What runs a network: one module for each target."""

if not __name__.startswith("connc."):
    raise ImportError(f"import connc.{__name__}, not {__name__}")
