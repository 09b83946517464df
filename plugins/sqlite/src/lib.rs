//! SQLite for agents: questions that cannot change anything, and changes only where the operator allows them.
