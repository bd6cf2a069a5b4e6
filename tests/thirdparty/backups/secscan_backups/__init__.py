"""Backups as a table of secscan, and a check of their age."""
