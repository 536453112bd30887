"""Language models: loading, generating, scoring. What a check or a stage may ask of a model."""
