//! The tables behind a graph, and how a connection to them is opened.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::config::{Config, ConfigError, Mode};

/// Says that a file is ours: "mcpg".
const APPLICATION: i32 = 0x6D63_7067;

/// The version of the tables.
const VERSION: i32 = 1;

/// An entity's `owner` is empty in the shared graph. A relation names its ends, which need not exist: so says
/// the interface. Numbers are never used twice, so that a cursor stays right when entities go.
const TABLES: &str = "
    CREATE TABLE entity (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        UNIQUE (owner, name)
    ) STRICT;
    CREATE TABLE observation (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        entity INTEGER NOT NULL REFERENCES entity(id) ON DELETE CASCADE,
        content TEXT NOT NULL,
        UNIQUE (entity, content)
    ) STRICT;
    CREATE TABLE relation (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        type TEXT NOT NULL,
        UNIQUE (owner, source, target, type)
    ) STRICT;
    CREATE INDEX relation_target ON relation(owner, target);
    CREATE TABLE imported (path TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
";

/// The real path of the file, which is made if there is none and the mode allows it.
pub(crate) fn file(config: &Config) -> Result<PathBuf, ConfigError> {
    let path = &config.path;
    if path.as_os_str().is_empty() {
        return Err(ConfigError::NoPath);
    }
    let bad = |reason: String| ConfigError::BadPath {
        path: path.clone(),
        reason,
    };
    if path == Path::new(":memory:") {
        return Err(bad("a graph is kept in a file".to_owned()));
    }
    if config.mode == Mode::Readwrite {
        // What people remember is nobody else's to read.
        let made = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path);
        made.map_err(|error| bad(error.to_string()))?;
    }
    let real = path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing { path: path.clone() },
        _ => bad(error.to_string()),
    })?;
    if real.is_dir() {
        return Err(bad("it is a directory".to_owned()));
    }
    Ok(real)
}

/// Opens a connection to the file.
pub(crate) fn connect(path: &Path, mode: Mode) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    flags |= match mode {
        Mode::Readonly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::Readwrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // What was answered is on disk, also when the power fails.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = 2; PRAGMA mmap_size = 0; PRAGMA cell_size_check = 1;",
    )?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    // SQLite's own lower() knows only ASCII.
    connection.create_scalar_function("holds", 2, flags, |context| {
        Ok(match (context.get_raw(0), context.get_raw(1)) {
            (ValueRef::Text(text), ValueRef::Text(wanted)) => {
                let text = String::from_utf8_lossy(text).to_lowercase();
                text.contains(&*String::from_utf8_lossy(wanted))
            }
            _ => false,
        })
    })?;
    Ok(connection)
}

fn foreign(config: &Config) -> ConfigError {
    let path = config.path.clone();
    ConfigError::Foreign { path }
}

/// The words for what went wrong while opening.
pub(crate) fn told(error: rusqlite::Error, config: &Config) -> ConfigError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => foreign(config),
        _ => error.into(),
    }
}

/// Makes the tables, or finds that they are there.
pub(crate) fn prepare(connection: &mut Connection, config: &Config) -> Result<(), ConfigError> {
    if config.mode == Mode::Readonly {
        return is_ours(connection, config)?
            .then_some(())
            .ok_or_else(|| foreign(config));
    }
    // Several servers may do this at the same time; whoever comes second finds it done.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| told(error, config))?;
    if !is_ours(&transaction, config)? {
        let stamped = stamps(&transaction)? != (0, 0);
        let count = "SELECT count(*) FROM sqlite_schema";
        let others: i64 = transaction.query_row(count, [], |row| row.get(0))?;
        if others > 0 || stamped {
            return Err(foreign(config));
        }
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        ))?;
    }
    transaction.commit()?;
    // Readers and a writer do not wait for each other. Where the file system cannot do it, they do.
    let journal = "PRAGMA journal_mode = WAL";
    match connection.query_row(journal, [], |row| row.get::<_, String>(0)) {
        // Another server that starts is at it this very moment, and SQLite does not wait here. It is done for all.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// Whether our tables are there, in this version.
fn is_ours(connection: &Connection, config: &Config) -> Result<bool, ConfigError> {
    let (application, version) = stamps(connection).map_err(|error| told(error, config))?;
    if application == APPLICATION && version > VERSION {
        let path = config.path.clone();
        return Err(ConfigError::Later { path });
    }
    Ok((application, version) == (APPLICATION, VERSION))
}

fn stamps(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let stamp = |sql| connection.query_row(sql, [], |row| row.get(0));
    Ok((
        stamp("PRAGMA application_id")?,
        stamp("PRAGMA user_version")?,
    ))
}
