"""How a figure stands to its goal."""


def goal(what: str, figure: float, most: float) -> bool:
    """Print a ratio and whether it is within its goal."""
    met = figure <= most
    print(f"  {what}: {figure:.2f}, goal at most {most:g}: {'met' if met else 'MISSED'}")
    return met
