"""The lab: attacks on one's own defences, with harmless payloads, to measure what would be caught before trusting a pass."""
