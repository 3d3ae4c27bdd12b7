"""Selling capacity as a distribution, and what is decided about it: headcount, hiring, seats."""
