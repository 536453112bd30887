"""What an answer did, read by rules: the judge, the grammar of refusing, the shape of an answer. It loads and asks no model."""
