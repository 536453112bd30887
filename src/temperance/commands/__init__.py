"""Commands that the command line groups under one word, a file each; like `cli`, they parse, print and exit."""
