"""The territory engine: from a Problem and criteria to a plan with its proof."""
