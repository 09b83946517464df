//! Paths as they are written into files that are meant to be committed.

use std::path::{Component, Path, PathBuf};

/// The way from `base` to `target`, both absolute; `target` itself where there is none.
pub(crate) fn relative(base: &Path, target: &Path) -> PathBuf {
    let mut from = base.components().peekable();
    let mut to = target.components().peekable();
    let mut shared = 0;
    while let (Some(a), Some(b)) = (from.peek(), to.peek()) {
        if a != b {
            break;
        }
        shared += usize::from(matches!(a, Component::Normal(_)));
        from.next();
        to.next();
    }
    // Nothing in common but the root: the two have been placed independently of each other.
    if shared == 0 {
        return target.to_owned();
    }
    let mut path: PathBuf = from.map(|_| "..").collect();
    path.extend(to);
    if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path
    }
}

/// Resolves links and `..`, also where the last parts do not exist yet.
pub(crate) fn canonical(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => {
            canonical(parent).join(name)
        }
        (_, Some(name)) => Path::new(".")
            .canonicalize()
            .map_or_else(|_| path.to_owned(), |here| here.join(name)),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_directory_to_another() {
        let way = |base: &str, target: &str| {
            relative(Path::new(base), Path::new(target))
                .display()
                .to_string()
        };
        assert_eq!(way("/p/.mcp-factory/x", "/p/plugins/a"), "../../plugins/a");
        assert_eq!(way("/p/a", "/p/a"), ".");
        assert_eq!(way("/p", "/p/a/b"), "a/b");
        assert_eq!(way("/home/x/p", "/srv/plugins"), "/srv/plugins");
    }
}
