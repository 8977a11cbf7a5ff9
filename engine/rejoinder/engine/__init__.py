"""The trio runtime: it performs the effects that `rejoinder.states` decides on, and decides nothing itself."""
