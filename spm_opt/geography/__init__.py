"""Distances, the contiguity graph, and the places that accounts fall into."""
