"""What the market asks for and sellers have: segments, hours of accounts, selling time."""
