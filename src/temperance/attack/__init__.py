"""The lab: plants poison in one's own data to see whether one's own defences find it. Every payload is harmless by construction."""
