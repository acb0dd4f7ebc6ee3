"""Keys of PostgreSQL's advisory locks, one for each purpose, together so that no two are the same."""

MIGRATION = 723_648_001
ARCHIVE = 723_648_002
# Held beside a hash of the model's name, so that each model has a lock of its own.
MODEL = 723_648_003
# Held beside a hash of the lead's name.
LEAD = 723_648_004
