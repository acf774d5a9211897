"""Reports of what a network is measured by, for people: the same facts in each format. Imports no torch."""
