"""A rehearsal: one history judged by one or several books through the production core, on every core there is."""
