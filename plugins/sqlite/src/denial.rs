//! What the guard refused, in words.

use rusqlite::hooks::AuthAction;

/// One refusal. Names in it come out of the caller's own statement or the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is documented by its message")]
pub enum Denial {
    #[error(
        "the statement would change `{0}`, and this tool only reads; use execute if the user wants that change"
    )]
    Change(String),
    #[error("`{0}` belongs to SQLite itself and cannot be changed; change your own tables")]
    Internal(String),
    #[error("this tool takes one CREATE TABLE and nothing else; use execute for rows")]
    NotCreate,
    #[error(
        "the statement would change the schema, which is not offered here; create_table makes tables"
    )]
    Schema,
    #[error("the function `{0}` is not available here; write the statement without it")]
    Function(String),
    #[error(
        "`{0}` is not available here; list_tables and describe_table show what is in the database"
    )]
    Table(String),
    #[error(
        "PRAGMA `{0}` is not available here; list_tables and describe_table show what is in the database"
    )]
    Pragma(String),
    #[error("other databases cannot be attached or detached; there is only this one")]
    Attach,
    #[error("temporary tables and other databases are not available here; use WITH instead")]
    Elsewhere,
    #[error(
        "BEGIN, COMMIT, ROLLBACK and SAVEPOINT are not available: every statement is a transaction of its own; send one statement"
    )]
    Transaction,
    #[error(
        "the statement uses too many functions, patterns or sub-selects for one call; split it up"
    )]
    TooComplex,
    #[error("the statement does something that is not available here; write it as a plain SELECT")]
    Other,
}

impl Denial {
    /// The words for an action that is not on the list.
    pub(crate) fn of(action: &AuthAction<'_>) -> Self {
        use AuthAction as A;
        match *action {
            A::Pragma { pragma_name, .. } => Self::Pragma(pragma_name.to_owned()),
            A::Attach { .. } | A::Detach { .. } => Self::Attach,
            A::Transaction { .. } | A::Savepoint { .. } => Self::Transaction,
            A::CreateTempIndex { .. }
            | A::CreateTempTable { .. }
            | A::CreateTempTrigger { .. }
            | A::CreateTempView { .. }
            | A::DropTempIndex { .. }
            | A::DropTempTable { .. }
            | A::DropTempTrigger { .. }
            | A::DropTempView { .. } => Self::Elsewhere,
            A::CreateIndex { .. }
            | A::CreateTable { .. }
            | A::CreateTrigger { .. }
            | A::CreateView { .. }
            | A::CreateVtable { .. }
            | A::DropIndex { .. }
            | A::DropTable { .. }
            | A::DropTrigger { .. }
            | A::DropView { .. }
            | A::DropVtable { .. }
            | A::AlterTable { .. }
            | A::Reindex { .. }
            | A::Analyze { .. } => Self::Schema,
            _ => Self::Other,
        }
    }
}
