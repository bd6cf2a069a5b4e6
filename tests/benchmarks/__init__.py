"""Performance as ratios, measured side by side in one run, with memory. Run: python -m tests.benchmarks"""
