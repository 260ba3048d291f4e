"""Tables from other systems, read row by row: what cannot be read is named, everything else goes in."""
