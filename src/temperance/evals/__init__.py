"""Evaluation: suites, the runner, paired comparison, the history."""
