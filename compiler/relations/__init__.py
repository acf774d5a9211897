"""Relations between finite index spaces: what a rule is when its spaces are known."""
