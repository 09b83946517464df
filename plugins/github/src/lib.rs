//! GitHub for agents: repositories, issues, pull requests and workflow runs, inside an allow-list.
