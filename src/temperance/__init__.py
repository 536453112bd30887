"""temperance: fine-tune a language model for safety, and check the tuning itself."""

__version__ = "0.1.0"
