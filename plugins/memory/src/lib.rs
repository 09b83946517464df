//! A knowledge graph that survives restarts, kept in SQLite transactions.
