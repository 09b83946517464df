//! Which database: a file, or one in memory; and how connections to it are opened.
//!
//! Every connection is hardened the same way before it meets a caller's statement; the guard comes on top.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::config::{Config, ConfigError, Limits, Mode};
use crate::functions;

/// The database. Opened by its real path: nothing a caller says is part of it.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    File(PathBuf),
    /// The name of a database that all connections of this plugin share.
    Memory(String),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

impl Source {
    /// Finds the database, or makes it where the settings say so.
    pub(crate) fn find(config: &Config) -> Result<Self, ConfigError> {
        let path = &config.path;
        if path.as_os_str().is_empty() {
            return Err(ConfigError::NoPath);
        }
        let writable = config.mode == Mode::Readwrite;
        if path == Path::new(":memory:") {
            static COUNT: AtomicU64 = AtomicU64::new(0);
            if !writable {
                let key = "path = \":memory:\"";
                return Err(ConfigError::NeedsReadwrite { key });
            }
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            return Ok(Self::Memory(format!("file:/mcp-sqlite-{count}?vfs=memdb")));
        }
        if config.create && !writable {
            let key = "create = true";
            return Err(ConfigError::NeedsReadwrite { key });
        }
        let real = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && config.create => {
                Self::place(path)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = path.clone();
                return Err(ConfigError::Missing { path });
            }
            found => found.map_err(|error| bad(path, &error.to_string()))?,
        };
        if real.is_dir() {
            return Err(bad(path, "it is a directory"));
        }
        Ok(Self::File(real))
    }

    /// The absolute path of a file that does not exist yet. SQLite takes a name that begins with `file:` for
    /// a URI with options; an absolute path never is one.
    fn place(path: &Path) -> Result<PathBuf, ConfigError> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = parent
            .canonicalize()
            .map_err(|error| bad(path, &format!("its directory: {error}")))?;
        let name = path.file_name().ok_or_else(|| bad(path, "no file name"))?;
        Ok(parent.join(name))
    }

    /// Opens a connection.
    pub(crate) fn connect(
        &self,
        purpose: Purpose,
        create: bool,
        limits: &Limits,
    ) -> rusqlite::Result<Connection> {
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        flags |= match purpose {
            Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Purpose::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        if create && purpose == Purpose::Write {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = match self {
            Self::File(path) => Connection::open_with_flags(path, flags)?,
            Self::Memory(name) => {
                Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)?
            }
        };
        harden(&connection, purpose, limits)?;
        Ok(connection)
    }
}

fn bad(path: &Path, reason: &str) -> ConfigError {
    ConfigError::BadPath {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The longest statement, in bytes.
pub(crate) const LONGEST_STATEMENT: i32 = 64 << 10;

/// Switches off what no caller needs and bounds what every caller gets.
pub(crate) fn harden(
    connection: &Connection,
    purpose: Purpose,
    limits: &Limits,
) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
        // "text" is the name of a column, never a text: a misspelt name is an error and not a constant.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, limits.max_value_bytes),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_STATEMENT),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 300),
        (Limit::SQLITE_LIMIT_PARSER_DEPTH, 500),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 200),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1000),
    ] {
        connection.set_limit(limit, most)?;
    }
    let only = i32::from(purpose == Purpose::Read);
    // Sorting and grouping happen in memory, within the limit: a question writes to no disk at all.
    connection.execute_batch(&format!(
        "PRAGMA query_only = {only};
         PRAGMA temp_store = 2;
         PRAGMA mmap_size = 0;
         PRAGMA cell_size_check = 1;
         PRAGMA cache_size = -4096;
         PRAGMA hard_heap_limit = {};",
        limits.max_memory_bytes
    ))?;
    let longest = usize::try_from(limits.max_value_bytes).unwrap_or(usize::MAX);
    functions::add(connection, longest)
}
