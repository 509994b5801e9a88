"""Many settlements decided anew: chosen, previewed, approved by a second person, done person by person."""
