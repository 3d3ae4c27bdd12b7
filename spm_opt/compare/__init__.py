"""Plans compared in the same futures."""
