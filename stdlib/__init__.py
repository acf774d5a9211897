"""The standard library: `.conn` files, and nothing to import."""

if not __name__.startswith("connc."):
    raise ImportError(f"import connc.{__name__}, not {__name__}")
