"""Check files by theme; secscan loads them as it loads its own."""
