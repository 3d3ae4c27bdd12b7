"""Compensation plans and what they pay."""
