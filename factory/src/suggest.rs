//! The nearest name to a mistyped one.

/// The candidate that `typed` was most likely meant to be, if one is near enough.
pub(crate) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(typed, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_near_names_are_offered() {
        assert_eq!(nearest("ecoh", ["fs", "echo", "greet"]), Some("echo"));
        assert_eq!(nearest("kubernetes", ["fs", "echo", "greet"]), None);
    }
}
