"""Reports: outcomes for people and for machines. Nothing here decides anything."""
