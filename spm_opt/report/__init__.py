"""A run as files for people and systems: tables, GeoPackage, and a page that opens with no network."""
