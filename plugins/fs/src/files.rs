//! The opened roots with their limits: what every tool works on.
//!
//! Each tool's own work is an `impl Files` in the file named after it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::Config;
use crate::lock::WriteLocks;
use crate::root::{ConfigError, Roots};

/// The files a server may touch, and how much of them at once.
///
/// All work but that of functions called `…_at_once` is blocking: call it from a thread that may wait.
#[derive(Debug)]
pub struct Files {
    pub(crate) roots: Roots,
    pub(crate) limits: Limits,
    pub(crate) locks: WriteLocks,
    /// For reading at once; `None` when that is not wanted.
    pub(crate) turns: Option<Arc<Semaphore>>,
}

/// How much one call may do; see [`Config`] for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) read_bytes: u64,
    pub(crate) media_bytes: u64,
    pub(crate) write_bytes: u64,
    pub(crate) copy_bytes: u64,
    pub(crate) entries: usize,
    pub(crate) search_time: Duration,
}

impl Files {
    /// Checks the settings and opens the roots.
    ///
    /// # Errors
    /// When there is no root, one cannot be opened, or a setting is out of its range.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        const MOST_BYTES: u64 = 64 << 20;
        within("max_read_bytes", config.max_read_bytes, 1, MOST_BYTES)?;
        within("max_media_bytes", config.max_media_bytes, 1, MOST_BYTES)?;
        within("max_write_bytes", config.max_write_bytes, 1, MOST_BYTES)?;
        within("max_copy_bytes", config.max_copy_bytes, 1, u64::MAX)?;
        within("max_entries", config.max_entries as u64, 1, 10_000_000)?;
        within("search_timeout_ms", config.search_timeout_ms, 1, 600_000)?;
        let limits = Limits {
            read_bytes: config.max_read_bytes,
            media_bytes: config.max_media_bytes,
            write_bytes: config.max_write_bytes,
            copy_bytes: config.max_copy_bytes,
            entries: config.max_entries,
            search_time: Duration::from_millis(config.search_timeout_ms),
        };
        Ok(Self {
            roots: Roots::open(config)?,
            limits,
            locks: WriteLocks::default(),
            turns: None,
        })
    }
}

fn within(setting: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::Limit {
            setting,
            value,
            least,
            most,
        })
    }
}
