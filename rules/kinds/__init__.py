"""One file per rule kind; kinds never import each other, what they share is in `rules/judging`."""
