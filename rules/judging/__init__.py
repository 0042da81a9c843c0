"""What every rule kind is made of: the context of a subject, versions in order, selectors, clocks, verdicts."""
