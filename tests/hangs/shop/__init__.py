"""A shop, whose modules some of the programs import."""
