//! Files as resources, and the completion of what their addresses are made of.

use crate::hub::Session;
use crate::page::Paging;
use crate::whole::Whole;

/// The most completions that are offered.
const MOST: usize = 100;

impl Session<'_> {
    /// Owners on the allow-list.
    pub(crate) fn complete_owner(&self, typed: &str) -> Vec<String> {
        begin_with(self.hub.settings.allow.owners(), typed)
    }

    /// Repositories of an owner: those on the allow-list by name, and those GitHub finds of the rest.
    pub(crate) async fn complete_repo(&mut self, owner: Option<&str>, typed: &str) -> Vec<String> {
        let Some(owner) = owner.filter(|owner| crate::repository::is_owner(owner)) else {
            return Vec::new();
        };
        let mut names = begin_with(self.hub.settings.allow.names_of(owner), typed);
        if let Ok(paging) = Paging::new(None, Some(Whole(100)))
            && let Ok(found) = self
                .search_repositories(&format!("user:{owner}"), paging)
                .await
        {
            let found = found
                .items
                .iter()
                .filter_map(|row| row.repo.split_once('/'));
            names.extend(begin_with(found.map(|(_, name)| name), typed));
        }
        names.sort_unstable();
        names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        names.truncate(MOST);
        names
    }

    /// Branches of a repository.
    pub(crate) async fn complete_ref(
        &mut self,
        place: Option<(&str, &str)>,
        typed: &str,
    ) -> Vec<String> {
        let (Some((owner, repo)), Ok(paging)) = (place, Paging::new(None, Some(Whole(100)))) else {
            return Vec::new();
        };
        match self.branches(owner, repo, paging).await {
            Ok(branches) => begin_with(
                branches.items.iter().map(|branch| branch.name.as_str()),
                typed,
            ),
            Err(_) => Vec::new(),
        }
    }

    /// Paths of a repository, a directory at a time. Nothing is offered where nothing can be listed.
    pub(crate) async fn complete_path(
        &mut self,
        place: Option<(&str, &str)>,
        reference: Option<&str>,
        typed: &str,
    ) -> Vec<String> {
        match place {
            Some((owner, repo)) => self
                .paths(owner, repo, reference, typed)
                .await
                .unwrap_or_default(),
            None => Vec::new(),
        }
    }
}

fn begin_with<'a>(names: impl IntoIterator<Item = &'a str>, typed: &str) -> Vec<String> {
    let begins = |name: &str| {
        name.get(..typed.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(typed))
    };
    names
        .into_iter()
        .filter(|name| begins(name))
        .take(MOST)
        .map(str::to_owned)
        .collect()
}
