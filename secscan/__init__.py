"""secscan: cyber-security posture and legacy-system risk scanner for councils."""

__version__ = "0.1.0"
