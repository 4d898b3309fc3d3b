"""Who is to blame inside of a case: every step checked by itself, where nothing is amplified."""
