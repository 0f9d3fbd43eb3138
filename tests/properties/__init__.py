"""What must hold for every journey, however it goes."""
