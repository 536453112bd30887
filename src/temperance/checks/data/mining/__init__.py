"""Mining for triggers: which words of a prompt make answers behave, when nothing else that those prompts share can explain it."""
