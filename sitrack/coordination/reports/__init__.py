"""How the clinic is doing: what is counted over every journey, one file a report."""
