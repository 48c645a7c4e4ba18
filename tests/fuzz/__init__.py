"""Random programs: written as source text, differentiated, compared with finite differences."""
