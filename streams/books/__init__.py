"""Published books: what one is, how it comes to the workers, and which one is in force."""
