//! What may be used: the roots and all that is below them, found by going up from what was named.
//!
//! Notion tells of each thing what it is in. An ancestor that is not shared with the connection ends the way
//! up, and what is above it counts as outside.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::api::{Ask, Until};
use crate::config::Listed;
use crate::error::NotionError;
use crate::id::Id;
use crate::notion::Notion;
use crate::refusal::Refusal;

/// How many steps up are taken at most.
const DEEPEST: usize = 48;
/// How long, and for how many things, it is remembered what they are in.
const REMEMBERED: Duration = Duration::from_mins(1);
const MOST_REMEMBERED: usize = 4096;

/// A thing in Notion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Page(Id),
    Block(Id),
    Database(Id),
    DataSource(Id),
}

impl Node {
    pub(crate) const fn id(&self) -> &Id {
        match self {
            Self::Page(id) | Self::Block(id) | Self::Database(id) | Self::DataSource(id) => id,
        }
    }

    /// Where Notion tells of it.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Page(id) => format!("pages/{id}"),
            Self::Block(id) => format!("blocks/{id}"),
            Self::Database(id) => format!("databases/{id}"),
            Self::DataSource(id) => format!("data_sources/{id}"),
        }
    }

    /// What `parent` in an answer names; `None` is the workspace, or something unheard of.
    pub(crate) fn of_parent(parent: &Value) -> Option<Self> {
        let kind = parent["type"].as_str()?;
        let id = Id::parse(parent[kind].as_str()?)?;
        match kind {
            "page_id" => Some(Self::Page(id)),
            "block_id" => Some(Self::Block(id)),
            "database_id" => Some(Self::Database(id)),
            "data_source_id" => Some(Self::DataSource(id)),
            _ => None,
        }
    }
}

/// Whether it is remembered what something is in.
enum Known {
    Yes(Option<Node>),
    No,
}

/// What things are in, as it was a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Parents(Mutex<HashMap<Id, (Option<Node>, Instant)>>);

impl Parents {
    fn get(&self, id: &Id) -> Known {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(id) {
            Some((parent, since)) if since.elapsed() < REMEMBERED => Known::Yes(parent.clone()),
            _ => Known::No,
        }
    }

    pub(crate) fn set(&self, id: &Id, parent: Option<Node>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED && !known.contains_key(id) {
            known.clear();
        }
        known.insert(id.clone(), (parent, Instant::now()));
    }

    /// How many are remembered.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Notion {
    /// Refuses what is not below a root: as if it did not exist.
    pub(crate) async fn check(&self, node: &Node, until: Until) -> Result<(), NotionError> {
        let mut requests = u32::try_from(DEEPEST).unwrap_or(u32::MAX);
        match self.is_inside(node, &mut requests, until).await? {
            Some(true) => Ok(()),
            Some(false) => Err(NotionError::NotFound(node.id().clone())),
            None => Err(NotionError::TooDeep),
        }
    }

    /// What Notion tells of something, if it is below a root.
    pub(crate) async fn fetch(&self, node: &Node, until: Until) -> Result<Value, NotionError> {
        let found = match self.api.ask(Ask::get(node.path()), until).await {
            // What is not there and what may not be seen are told alike.
            Err(NotionError::Refused(Refusal::NotFound))
                if matches!(self.listed, Listed::Roots(_)) =>
            {
                return Err(NotionError::NotFound(node.id().clone()));
            }
            answer => answer?,
        };
        self.parents
            .set(node.id(), Node::of_parent(&found["parent"]));
        self.check(node, until).await?;
        Ok(found)
    }

    /// Whether it is a root or below one; `None` when that takes more requests than there are left.
    pub(crate) async fn is_inside(
        &self,
        node: &Node,
        requests: &mut u32,
        until: Until,
    ) -> Result<Option<bool>, NotionError> {
        let roots = match &self.listed {
            Listed::All => return Ok(Some(true)),
            Listed::Roots(roots) => roots,
        };
        let mut here = node.clone();
        for _ in 0..DEEPEST {
            if roots.contains(here.id()) {
                return Ok(Some(true));
            }
            let parent = match self.parents.get(here.id()) {
                Known::Yes(parent) => parent,
                Known::No if *requests == 0 => return Ok(None),
                Known::No => {
                    *requests -= 1;
                    self.parent(&here, until).await?
                }
            };
            match parent {
                Some(parent) => here = parent,
                None => return Ok(Some(false)),
            }
        }
        Ok(None)
    }

    /// What something is in. What Notion does not show has nothing above it.
    async fn parent(&self, node: &Node, until: Until) -> Result<Option<Node>, NotionError> {
        let parent = match self.api.ask(Ask::get(node.path()), until).await {
            Ok(answer) => Node::of_parent(&answer["parent"]),
            Err(NotionError::Refused(Refusal::NotFound | Refusal::Restricted)) => None,
            Err(error) => return Err(error),
        };
        self.parents.set(node.id(), parent.clone());
        Ok(parent)
    }
}
