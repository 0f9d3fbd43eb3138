"""What leaves the house: packets of evidence for whoever decides about paying."""
