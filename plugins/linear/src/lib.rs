//! Linear for agents: issues, comments, projects and teams.
