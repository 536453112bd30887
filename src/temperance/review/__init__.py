"""Manual review: what curation flagged, put before people in the order in which a decision is worth most, and what they agree on."""
