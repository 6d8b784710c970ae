"""The regulation, pure: no I/O, no clock, standard library only."""
