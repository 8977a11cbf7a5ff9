"""Pictures of the machines, generated from the tables that run."""
