"""Evaluation: suites, the judge, the runner, paired comparison, the history."""
