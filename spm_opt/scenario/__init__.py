"""Scenarios: settings, tables, findings, and the way from files to a Problem."""
