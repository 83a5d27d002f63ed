"""The warehouse: facts as tables that analysts query, each row with where it came from."""
