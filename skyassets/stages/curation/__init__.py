"""rules, selection, gates, SFT export."""
