//! PostgreSQL for agents: read-only by the database's own means, not by a guess at the SQL.
