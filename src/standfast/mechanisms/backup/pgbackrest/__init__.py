"""The first engine: pgBackRest, 2.45 or newer. Nothing outside this folder knows how it works."""
