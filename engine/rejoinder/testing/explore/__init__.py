"""Exploration: a session, its callers, the network and a server that may say anything, in every order there is."""

from .configuration import Configuration
from .configurations import DEEP, LONGEST, QUICK
from .happening import Happening
from .properties import PROPERTIES, Property, PropertyKind, promise_of
from .run import ROWS, Report, explore_configuration, retell

__all__ = [
    "DEEP",
    "LONGEST",
    "PROPERTIES",
    "QUICK",
    "ROWS",
    "Configuration",
    "Happening",
    "Property",
    "PropertyKind",
    "Report",
    "explore_configuration",
    "promise_of",
    "retell",
]
