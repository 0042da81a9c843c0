"""What `mingjing run` is made of: the roles as child processes, a simulated month, alerts in the terminal."""
