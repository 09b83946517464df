//! Slack for agents: channels, history, messages and people.
