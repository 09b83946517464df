//! Who a connection is: refuses a role that no read-only transaction could hold.
//!
//! A superuser reads files and runs programs from within a query. So does a role that may become one: what a
//! session may `SET ROLE` to counts, not only what it is.

use std::fmt;

use tokio_postgres::Client;

/// Every role that this session is or may become, and that holds a power beyond the database.
const QUERY: &str = "\
    SELECT r.rolname::pg_catalog.text, r.rolsuper, r.rolreplication, r.rolbypassrls, session_user::pg_catalog.text \
    FROM pg_catalog.pg_roles r \
    WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER') \
      AND (r.rolsuper OR r.rolreplication OR r.rolbypassrls OR r.rolname IN \
          ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')) \
    ORDER BY r.rolname = session_user DESC, r.rolsuper DESC, r.rolname LIMIT 1";

/// A role that must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleProblem {
    role: String,
    /// The role whose power it is, when it is another.
    through: Option<String>,
    power: &'static str,
}

impl fmt::Display for RoleProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the role `{}` of `url` ", self.role)?;
        if let Some(through) = &self.through {
            write!(formatter, "may become `{through}`, which ")?;
        }
        write!(
            formatter,
            "{}, so no transaction could keep it in; use a role that only has the privileges it needs, or set allow_superuser = true",
            self.power
        )
    }
}

/// What is wrong with the role of a connection, unless everything is allowed.
///
/// # Errors
/// When the server cannot be asked.
pub(crate) async fn check(
    client: &Client,
    allow_superuser: bool,
) -> Result<Option<RoleProblem>, tokio_postgres::Error> {
    if allow_superuser {
        return Ok(None);
    }
    let Some(row) = client.query_opt(QUERY, &[]).await? else {
        return Ok(None);
    };
    let holder: String = row.try_get(0)?;
    let role: String = row.try_get(4)?;
    let power = if row.try_get(1)? {
        "is a superuser"
    } else if row.try_get(2)? {
        "may replicate the server"
    } else if row.try_get(3)? {
        "bypasses row security"
    } else {
        "may use files or programs of the server"
    };
    Ok(Some(RoleProblem {
        through: (holder != role).then_some(holder),
        role,
        power,
    }))
}
