"""Decides how foreign histories (CSV, JSON lines, XES) become events of our contract, by a mapping."""
