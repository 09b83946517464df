//! The Redis that several processes of one server share.
//!
//! In the room: where it is (`config`, `url`), the way there (`connect`), whether it answers (`link`), and
//! what is run in it (`script`). Everything kept there is changed by scripts, so that each step is
//! one, and expires by itself. Not here: what the scripts mean (`rate`, `gate`).

mod config;
mod connect;
mod link;
mod loss;
mod script;
mod url;

use std::sync::Arc;

use redis::FromRedisValue;
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, time::timeout_at};

pub(crate) use self::script::Script;
pub use self::{
    config::RedisConfig,
    url::{BadUrl, RedisUrl},
};
use self::{connect::Address, link::Link, loss::Loss};
use crate::Problem;

/// How many commands may be under way at once; one more is not sent at all.
const IN_FLIGHT: usize = 1_024;

/// Redis did not answer in time, or cannot be reached, or refused: the log says which, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state that this server shares with its replicas cannot be reached")]
pub struct Unavailable;

/// A Redis, connected to when first needed and again whenever the connection is lost.
///
/// No call waits longer than the configured timeout. After a failure, calls fail at once for a second.
#[derive(Debug)]
pub struct Shared {
    link: Arc<Link>,
    prefix: String,
    timeout: std::time::Duration,
    permits: Semaphore,
}

impl Shared {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: &RedisConfig) -> Result<Self, Problem> {
        config::check(config)?;
        Ok(Self {
            link: Arc::new(Link::new(Address::new(config.url.clone()), config.timeout)),
            prefix: config.prefix.clone(),
            timeout: config.timeout,
            permits: Semaphore::new(IN_FLIGHT),
        })
    }

    /// The name of what is kept about `parts` (a caller and a tool, say): prefix, kind and a hash, so
    /// that whoever looks into Redis finds no names in it. No two lists of parts have one name.
    pub(crate) fn key(&self, kind: &str, parts: &[&[u8]]) -> String {
        use std::fmt::Write as _;
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut key = String::with_capacity(self.prefix.len() + kind.len() + 33);
        key.push_str(&self.prefix);
        key.push_str(kind);
        key.push(':');
        for byte in &digest[..16] {
            write!(key, "{byte:02x}").expect("a string takes everything");
        }
        key
    }

    /// Runs a script on `keys` (`KEYS` there) and `arguments` (`ARGV`), as one step.
    ///
    /// A script may have run although this fails: when Redis answered too late.
    ///
    /// # Errors
    /// There is no answer, for whatever reason; it is logged.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &'static Script,
        keys: &[&str],
        arguments: &[&str],
    ) -> Result<T, Unavailable> {
        let deadline = tokio::time::Instant::now() + self.timeout;
        let _permit = self.permits.try_acquire().map_err(|_| Unavailable)?;
        let mut connection = self.link.connection(deadline).await?;
        let invocation = script.invocation(keys, arguments);
        match timeout_at(deadline, invocation.invoke_async(&mut connection.redis)).await {
            Ok(Ok(reply)) => {
                self.link.works();
                Ok(reply)
            }
            Ok(Err(error)) => Err(self.link.lost(&connection, &Loss::of(&error))),
            Err(_) => Err(self.link.lost(&connection, &Loss::Silent)),
        }
    }
}
