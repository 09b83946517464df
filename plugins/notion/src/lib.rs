//! Notion for agents: search, pages, blocks and data sources.
