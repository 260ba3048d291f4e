"""The demo hospital: invented, believable, the same at every fresh start."""
