"""Layers of specialists, technical sellers and managers over the territories."""
