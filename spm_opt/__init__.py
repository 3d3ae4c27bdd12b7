"""Sales territories and quotas with proof."""
