"""What is written, permanently. The only room that speaks SQL."""
