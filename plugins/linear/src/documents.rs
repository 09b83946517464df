//! The GraphQL documents, all of them. Nothing is ever put into their text.

/// A document and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The name of its operation.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Whether it changes something, so that it matters if it was done.
    pub writes: bool,
    /// Which of Linear's limits it counts against: a search has one of its own.
    pub(crate) limit: &'static str,
}

const fn reads(name: &'static str, text: &'static str) -> Document {
    Document {
        name,
        text,
        writes: false,
        limit: "requests",
    }
}

const fn writes(name: &'static str, text: &'static str) -> Document {
    Document {
        name,
        text,
        writes: true,
        limit: "requests",
    }
}

/// The fields of an issue, in a list and alone. Search results are of a type of their own.
macro_rules! issue_fields {
    () => {
        "id identifier title priority url createdAt updatedAt dueDate \
         team { id key } state { name } assignee { id name } project { id name } \
         labels(first: 10) { nodes { name } } "
    };
}

pub(crate) const TEAMS: Document = reads(
    "Teams",
    "query Teams($first: Int!, $after: String) { \
     teams(first: $first, after: $after) { \
     nodes { id key name description } pageInfo { hasNextPage endCursor } } }",
);

pub(crate) const STATES: Document = reads(
    "States",
    "query States($team: String!) { team(id: $team) { id states(first: 100) { nodes { id name } } } }",
);

pub(crate) const LABELS: Document = reads(
    "Labels",
    "query Labels($first: Int!, $after: String) { \
     issueLabels(first: $first, after: $after) { \
     nodes { id name team { id } } pageInfo { hasNextPage endCursor } } }",
);

pub(crate) const ISSUES: Document = reads(
    "Issues",
    concat!(
        "query Issues($first: Int!, $after: String, $filter: IssueFilter) { \
         issues(first: $first, after: $after, filter: $filter) { nodes { ",
        issue_fields!(),
        "} pageInfo { hasNextPage endCursor } } }"
    ),
);

pub(crate) const TEAM_ISSUES: Document = reads(
    "TeamIssues",
    concat!(
        "query TeamIssues($team: String!, $first: Int!, $after: String, $filter: IssueFilter) { \
         team(id: $team) { issues(first: $first, after: $after, filter: $filter) { nodes { ",
        issue_fields!(),
        "} pageInfo { hasNextPage endCursor } } } }"
    ),
);

pub(crate) const SEARCH: Document = Document {
    name: "Search",
    text: concat!(
        "query Search($term: String!, $first: Int!, $after: String, $filter: IssueFilter) { \
         searchIssues(term: $term, first: $first, after: $after, filter: $filter) { nodes { ",
        issue_fields!(),
        "} pageInfo { hasNextPage endCursor } } }"
    ),
    writes: false,
    limit: "search",
};

pub(crate) const ISSUE: Document = reads(
    "Issue",
    concat!(
        "query Issue($id: String!, $first: Int!, $after: String) { issue(id: $id) { ",
        issue_fields!(),
        "description creator { name } comments(first: $first, after: $after) { \
         nodes { id body createdAt user { name } } pageInfo { hasNextPage endCursor } } } }"
    ),
);

pub(crate) const ISSUE_TEAM: Document = reads(
    "IssueTeam",
    "query IssueTeam($id: String!) { issue(id: $id) { id identifier team { id key } } }",
);

pub(crate) const PROJECTS: Document = reads(
    "Projects",
    "query Projects($first: Int!, $after: String) { \
     projects(first: $first, after: $after) { \
     nodes { id name description state } pageInfo { hasNextPage endCursor } } }",
);

pub(crate) const TEAM_PROJECTS: Document = reads(
    "TeamProjects",
    "query TeamProjects($team: String!, $first: Int!, $after: String) { \
     team(id: $team) { projects(first: $first, after: $after) { \
     nodes { id name description state } pageInfo { hasNextPage endCursor } } } }",
);

pub(crate) const USERS: Document = reads(
    "Users",
    "query Users($first: Int!, $after: String, $filter: UserFilter) { \
     users(first: $first, after: $after, filter: $filter) { \
     nodes { id name displayName email active } pageInfo { hasNextPage endCursor } } }",
);

pub(crate) const VIEWER: Document = reads("Viewer", "query Viewer { viewer { id } }");

pub(crate) const CREATE_ISSUE: Document = writes(
    "CreateIssue",
    concat!(
        "mutation CreateIssue($input: IssueCreateInput!) { \
         issueCreate(input: $input) { success issue { ",
        issue_fields!(),
        "} } }"
    ),
);

pub(crate) const UPDATE_ISSUE: Document = writes(
    "UpdateIssue",
    concat!(
        "mutation UpdateIssue($id: String!, $input: IssueUpdateInput!) { \
         issueUpdate(id: $id, input: $input) { success issue { ",
        issue_fields!(),
        "} } }"
    ),
);

pub(crate) const ADD_COMMENT: Document = writes(
    "AddComment",
    "mutation AddComment($input: CommentCreateInput!) { \
     commentCreate(input: $input) { success comment { id } } }",
);

/// Every document, for whoever wants to hold them against Linear's schema.
pub const DOCUMENTS: &[Document] = &[
    TEAMS,
    STATES,
    LABELS,
    ISSUES,
    TEAM_ISSUES,
    SEARCH,
    ISSUE,
    ISSUE_TEAM,
    PROJECTS,
    TEAM_PROJECTS,
    USERS,
    VIEWER,
    CREATE_ISSUE,
    UPDATE_ISSUE,
    ADD_COMMENT,
];
