"""The contenders that run in this project's own environment, and what every contender has in common."""
