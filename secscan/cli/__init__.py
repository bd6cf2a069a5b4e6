"""The front door: a file per command; only here do we print, exit or ask the time."""
