"""What becomes of a settlement that turns out to be wrong? Reversed, or decided anew; never edited."""
