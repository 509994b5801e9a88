"""Which visits are settled and live, by whichever way they came in, and under which invoice?"""
