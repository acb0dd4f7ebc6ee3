"""Keys of PostgreSQL's advisory locks, one for each purpose, together so that no two are the same."""

MIGRATION = 723_648_001
ARCHIVE = 723_648_002
LEAD_OF_THE_SCHEDULE = 723_648_003
