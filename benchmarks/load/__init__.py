"""The load generator: a Responses server that has everything it says ready before it is asked."""
