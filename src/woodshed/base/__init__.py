"""What every room may use: errors, units, knobs, seeds, events and safe files (standard library and pydantic only)."""
