"""Training, one file per stage; each `run(job)` fills the artifact and returns its metrics."""
