"""Fuzzing: programs, the promises they are judged by, and what a server can do wrong. Needs the extra ``rejoinder[testing]``."""
