"""What shows that a rule says what its author means: examples run through the production core."""
