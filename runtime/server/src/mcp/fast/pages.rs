//! The lists as bytes: made once for each set of scopes that callers see, and for each era.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use mcp_factory_sdk::{Principal, Scope};
use rmcp::model::{ErrorData, ServerResult};

use super::{
    super::{Shared, respond::Era},
    asked::List,
};

/// Pages of one set of scopes: four lists in two eras.
const OF_A_SET: usize = 8;
/// Pages that are kept: those of 64 sets. A server has a few sets; what is beyond is made anew each time.
const KEPT: usize = 64 * OF_A_SET;

/// All pages of a server.
#[derive(Debug)]
pub(super) struct Pages {
    shared: Arc<Shared>,
    /// The scopes that entries demand, when what one may not use is hidden.
    scopes: Vec<Scope>,
    /// What everybody sees, where everybody sees the same.
    common: [[OnceLock<Bytes>; 2]; 4],
    /// By list, era and the scopes that are seen.
    seen: Mutex<HashMap<(u8, bool, u64), Bytes>>,
    discovery: OnceLock<Bytes>,
}

impl Pages {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let pipeline = &shared.pipeline;
        let scopes = pipeline.hides().then(|| pipeline.registry().scopes());
        Self {
            shared: Arc::clone(shared),
            scopes: scopes.into_iter().flatten().collect(),
            common: Default::default(),
            seen: Mutex::default(),
            discovery: OnceLock::new(),
        }
    }

    /// The result of a list, as JSON.
    ///
    /// # Errors
    /// When the server has nothing of the kind: there is no such method then.
    pub(super) fn list(
        &self,
        list: List,
        principal: &Principal,
        era: Era,
    ) -> Result<Bytes, ErrorData> {
        if !self.shared.pipeline.hides() {
            let cell = &self.common[list as usize][usize::from(era == Era::Modern)];
            if let Some(page) = cell.get() {
                return Ok(page.clone());
            }
            let page = self.make(list, principal, era)?;
            return Ok(cell.get_or_init(|| page).clone());
        }
        let Some(set) = self.set(principal) else {
            return self.make(list, principal, era);
        };
        let key = (list as u8, era == Era::Modern, set);
        if let Some(page) = self.lock().get(&key) {
            return Ok(page.clone());
        }
        let page = self.make(list, principal, era)?;
        let mut seen = self.lock();
        if seen.len() < KEPT {
            seen.insert(key, page.clone());
        }
        Ok(page)
    }

    /// The result of `server/discover`, as JSON.
    pub(super) fn discovery(&self) -> Bytes {
        let make = || json(self.shared.discovery(), Era::Modern);
        self.discovery.get_or_init(make).clone()
    }

    /// Which of the scopes a caller holds, a bit each; `None` when there are too many.
    fn set(&self, principal: &Principal) -> Option<u64> {
        if self.scopes.len() > 64 {
            return None;
        }
        let held = self.scopes.iter().enumerate();
        let held = held.filter(|(_, scope)| principal.scopes().contains(**scope));
        Some(held.fold(0, |set, (bit, _)| set | 1 << bit))
    }

    fn make(&self, list: List, principal: &Principal, era: Era) -> Result<Bytes, ErrorData> {
        let shared = &self.shared;
        Ok(match list {
            List::Tools => json(shared.tools_page(principal, era)?, era),
            List::Resources => json(shared.resources_page(principal, era)?, era),
            List::Templates => json(shared.templates_page(principal, era)?, era),
            List::Prompts => json(shared.prompts_page(principal, era)?, era),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(u8, bool, u64), Bytes>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A result as its era writes it.
pub(super) fn json(result: impl Into<ServerResult>, era: Era) -> Bytes {
    let mut result = result.into();
    match era {
        Era::Modern => result.fill_missing_cache_hints(),
        Era::Legacy => result.strip_result_type_for_legacy_peer(),
    }
    let json = serde_json::to_vec(&result);
    Bytes::from(json.expect("every key in the protocol is a string"))
}
