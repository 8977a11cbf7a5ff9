"""The `rejoinder` command; the only portion that may import all the others."""
