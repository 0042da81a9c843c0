"""What the system remembers: tables, their migrations, one writer, one reader, and the embedded engine."""
