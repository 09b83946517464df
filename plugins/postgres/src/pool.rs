//! The connections that are kept. A connection comes back only when it is clean (see `session`), so all that
//! is asked of one that is taken out is whether it still stands.

use std::sync::Arc;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};

use crate::connect::{ConnectError, Connector, Link};

/// The pool of connections.
pub(crate) type Pool = managed::Pool<Manager>;
/// A connection on loan from it.
pub(crate) type Lease = managed::Object<Manager>;

/// Makes connections for the pool.
#[derive(Debug)]
pub(crate) struct Manager(pub(crate) Arc<Connector>);

impl managed::Manager for Manager {
    type Type = Link;
    type Error = ConnectError;

    async fn create(&self) -> Result<Link, ConnectError> {
        self.0.connect().await
    }

    async fn recycle(&self, link: &mut Link, use_: &Metrics) -> RecycleResult<ConnectError> {
        if self.0.stands(link, use_.last_used()).await {
            return Ok(());
        }
        Err(RecycleError::message("the connection is closed"))
    }
}
