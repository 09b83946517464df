//! What a statement may do, decided by SQLite's own parser and not by looking at the text: its compiler asks
//! here before every single thing a statement would do. What is not on the list is refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::allowed::{self, is_pattern};
use crate::denial::Denial;

/// On whose behalf a connection works, and so what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Between calls: nothing at all.
    Nothing,
    /// Statements written in this crate.
    Ours,
    /// A caller's question.
    Read,
    /// A caller's INSERT, UPDATE or DELETE.
    Write,
    /// A caller's CREATE TABLE.
    Create,
}

/// The most function calls that stand in one statement, views included. SQLite can be interrupted between
/// rows but not within a row, so what one row costs must be bounded.
const MOST_FUNCTIONS: u32 = 500;

/// The most LIKE and GLOB in one statement: the dearest of what is allowed.
const MOST_PATTERNS: u32 = 50;

/// The most SELECTs in one statement, views included.
const MOST_SELECTS: u32 = 500;

/// The guard of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    grant: Grant,
    functions: u32,
    patterns: u32,
    selects: u32,
    created: bool,
    denial: Option<Denial>,
}

impl Guard {
    /// Puts a guard in front of a connection. Nothing is granted yet.
    pub(crate) fn of(connection: &mut Connection) -> rusqlite::Result<Self> {
        let guard = Self(Arc::new(Mutex::new(State {
            grant: Grant::Nothing,
            functions: 0,
            patterns: 0,
            selects: 0,
            created: false,
            denial: None,
        })));
        let asked = guard.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            asked.lock().decide(&context)
        }))?;
        Ok(guard)
    }

    /// Grants, and begins to count afresh.
    pub(crate) fn grant(&self, grant: Grant) {
        *self.lock() = State {
            grant,
            functions: 0,
            patterns: 0,
            selects: 0,
            created: false,
            denial: None,
        };
    }

    /// What was refused since the grant.
    pub(crate) fn denial(&self) -> Option<Denial> {
        self.lock().denial.clone()
    }

    /// Whether the statement that was prepared since the grant makes a table.
    pub(crate) fn creates(&self) -> bool {
        self.lock().created
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn decide(&mut self, context: &AuthContext<'_>) -> Authorization {
        let refused = match self.grant {
            Grant::Nothing => Some(Denial::Other),
            Grant::Ours => None,
            // Nothing but the one database: not `temp`, not an attached one.
            _ if context.database_name.is_some_and(|name| name != "main") => {
                Some(Denial::Elsewhere)
            }
            grant => self.judge(grant, &context.action),
        };
        match refused {
            None => Authorization::Allow,
            Some(denial) => {
                self.denial.get_or_insert(denial);
                Authorization::Deny
            }
        }
    }

    /// `None` is yes.
    fn judge(&mut self, grant: Grant, action: &AuthAction<'_>) -> Option<Denial> {
        match *action {
            AuthAction::Select => {
                self.selects += 1;
                (self.selects > MOST_SELECTS).then_some(Denial::TooComplex)
            }
            AuthAction::Read { table_name, .. } => {
                allowed::is_table_function(table_name).then(|| Denial::Table(table_name.to_owned()))
            }
            AuthAction::Function { function_name } => self.judge_function(function_name),
            // Full-text and R-tree tables ask these of their own database while they are read.
            AuthAction::Recursive
            | AuthAction::Pragma {
                pragma_name: "data_version" | "page_size",
                pragma_value: None,
            } => None,
            AuthAction::Insert { table_name }
            | AuthAction::Delete { table_name }
            | AuthAction::Update { table_name, .. } => judge_change(grant, table_name),
            AuthAction::CreateTable { table_name } if grant == Grant::Create => {
                self.created |= !is_internal(table_name);
                (is_internal(table_name) && table_name != "sqlite_sequence")
                    .then(|| Denial::Internal(table_name.to_owned()))
            }
            // The index behind a UNIQUE or PRIMARY KEY of the new table.
            AuthAction::CreateIndex { index_name, .. }
                if grant == Grant::Create && index_name.starts_with("sqlite_autoindex_") =>
            {
                None
            }
            ref other => Some(Denial::of(other)),
        }
    }

    fn judge_function(&mut self, name: &str) -> Option<Denial> {
        self.functions += 1;
        self.patterns += u32::from(is_pattern(name));
        if self.functions > MOST_FUNCTIONS || self.patterns > MOST_PATTERNS {
            return Some(Denial::TooComplex);
        }
        (!allowed::is_function(name)).then(|| Denial::Function(name.to_owned()))
    }
}

fn judge_change(grant: Grant, table: &str) -> Option<Denial> {
    match grant {
        Grant::Write if is_internal(table) => Some(Denial::Internal(table.to_owned())),
        Grant::Write => None,
        // CREATE TABLE puts its own row into the schema; a caller's INSERT there is refused by SQLite.
        Grant::Create if matches!(table, "sqlite_master" | "sqlite_sequence") => None,
        Grant::Create => Some(Denial::NotCreate),
        _ if is_internal(table) => Some(Denial::Schema),
        _ => Some(Denial::Change(table.to_owned())),
    }
}

/// Whether SQLite keeps the table for itself.
fn is_internal(table: &str) -> bool {
    table
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
}
