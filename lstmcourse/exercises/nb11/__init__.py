"""Exercises of notebook 11: a padded batch of sentences, one vector for a sentence, and the words that decide."""
