//! Scopes: the words a caller must hold before a tool runs.
//!
//! In the room: the scope itself, sets of granted scopes, and which scope contains which.
//! Not here: who the caller is (`principal`) and the decision itself (`authorize`).

use std::{collections::BTreeMap, collections::BTreeSet, fmt};

/// What a tool, resource or prompt demands of its caller: `read`, `write`, `admin`, or a word of the
/// plugin's own, optionally in a namespace (`fs:write`).
///
/// Made by the macros, which check its form at compile time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(&'static str);

impl Scope {
    /// A scope from a literal.
    ///
    /// # Panics
    /// When the text is not one or two lowercase words joined by `:`; at compile time in a constant.
    pub const fn new(name: &'static str) -> Self {
        assert!(
            is_scope(name),
            "a scope is a lowercase word, or two joined by a colon: \"read\", \"fs:write\""
        );
        Self(name)
    }

    /// The scope as it is written in tokens and challenges.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

/// `[a-z][a-z0-9_.-]*(:[a-z][a-z0-9_.-]*)?`, usable in constants.
const fn is_scope(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut index, mut colons, mut at_start) = (0, 0, true);
    while index < bytes.len() {
        match bytes[index] {
            b'a'..=b'z' => at_start = false,
            b'0'..=b'9' | b'_' | b'.' | b'-' if !at_start => {}
            b':' if !at_start && colons == 0 => {
                colons += 1;
                at_start = true;
            }
            _ => return false,
        }
        index += 1;
    }
    !at_start
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scope({})", self.0)
    }
}

/// Which scope contains which. The default is `admin` ⊇ `write` ⊇ `read`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeHierarchy {
    contains: BTreeMap<String, BTreeSet<String>>,
}

impl Default for ScopeHierarchy {
    fn default() -> Self {
        Self::empty()
            .with("admin", ["write"])
            .with("write", ["read"])
    }
}

impl ScopeHierarchy {
    /// A hierarchy in which every scope contains only itself.
    pub const fn empty() -> Self {
        Self {
            contains: BTreeMap::new(),
        }
    }

    /// States that `scope` also grants each of `contained`, and what those contain in turn.
    #[must_use]
    pub fn with<I: Into<String>>(
        mut self,
        scope: &str,
        contained: impl IntoIterator<Item = I>,
    ) -> Self {
        self.contains
            .entry(scope.to_owned())
            .or_default()
            .extend(contained.into_iter().map(Into::into));
        self
    }

    /// Every scope that holding `scope` means, `scope` itself included. Cycles are harmless.
    fn closure(&self, scope: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![scope.to_owned()];
        while let Some(next) = waiting.pop() {
            if reached.insert(next.clone()) {
                waiting.extend(self.contains.get(&next).into_iter().flatten().cloned());
            }
        }
        reached
    }
}

/// The scopes a principal holds, with the hierarchy already applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeSet {
    /// Every scope there is: the local user on stdio.
    All,
    /// Exactly these.
    Granted(BTreeSet<String>),
}

impl ScopeSet {
    /// The set of `names` and of all they contain under `hierarchy`.
    ///
    /// A namespaced scope is contained by the same word without a namespace (`write` ⊇ `fs:write`)
    /// and the hierarchy also holds inside a namespace (`fs:admin` ⊇ `fs:write`).
    pub fn granted<I: AsRef<str>>(
        names: impl IntoIterator<Item = I>,
        hierarchy: &ScopeHierarchy,
    ) -> Self {
        let mut granted = BTreeSet::new();
        for name in names {
            let name = name.as_ref();
            granted.extend(hierarchy.closure(name));
            if let Some((namespace, word)) = name.split_once(':') {
                granted.extend(
                    hierarchy
                        .closure(word)
                        .iter()
                        .map(|inner| format!("{namespace}:{inner}")),
                );
            }
        }
        Self::Granted(granted)
    }

    /// Whether a caller with these scopes meets the demand of `required`.
    pub fn contains(&self, required: Scope) -> bool {
        self.contains_name(required.as_str())
    }

    /// The same for a scope that a configuration names.
    pub fn contains_name(&self, required: &str) -> bool {
        match self {
            Self::All => true,
            Self::Granted(granted) => {
                granted.contains(required)
                    || required
                        .split_once(':')
                        .is_some_and(|(_, word)| granted.contains(word))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_hierarchy_nests_downwards_only() {
        let hierarchy = ScopeHierarchy::default();
        let writer = ScopeSet::granted(["write"], &hierarchy);
        assert!(writer.contains(Scope::new("write")));
        assert!(writer.contains(Scope::new("read")));
        assert!(!writer.contains(Scope::new("admin")));
        assert!(!ScopeSet::granted(["read"], &hierarchy).contains(Scope::new("write")));
        assert!(ScopeSet::All.contains(Scope::new("admin")));
    }

    #[test]
    fn a_namespace_narrows_and_never_widens() {
        let hierarchy = ScopeHierarchy::default();
        let files = ScopeSet::granted(["fs:write"], &hierarchy);
        assert!(files.contains(Scope::new("fs:read")));
        assert!(!files.contains(Scope::new("read")));
        assert!(!files.contains(Scope::new("git:write")));
        assert!(ScopeSet::granted(["write"], &hierarchy).contains(Scope::new("fs:write")));
    }

    #[test]
    fn a_cycle_in_the_hierarchy_ends() {
        let hierarchy = ScopeHierarchy::empty().with("a", ["b"]).with("b", ["a"]);
        assert!(ScopeSet::granted(["a"], &hierarchy).contains(Scope::new("b")));
    }

    #[test]
    fn a_scope_is_shown_as_it_is_written() {
        let scope = Scope::new("fs:write");
        assert_eq!(scope.to_string(), "fs:write");
        assert_eq!(format!("{scope:?}"), "Scope(fs:write)");
    }

    #[test]
    fn only_words_are_scopes() {
        for good in ["read", "fs:write", "a1", "x.y-z_0"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in [
            "", "Read", "1a", ":", "a:", ":a", "a:b:c", "a b", "é", "-a", "a:-b",
        ] {
            assert!(!is_scope(bad), "{bad}");
        }
    }
}
