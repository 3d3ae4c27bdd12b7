"""Layers of specialists and managers over the territories."""
