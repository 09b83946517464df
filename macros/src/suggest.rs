//! "Did you mean": the known word that is closest to a misspelt one.

/// The candidate that `word` most probably stands for, if any is close.
pub(crate) fn closest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let limit = (word.len() / 3).max(1);
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A help sentence that names the closest candidate, and all of them.
pub(crate) fn help(word: &str, candidates: &[&str]) -> String {
    let list = candidates
        .iter()
        .map(|candidate| format!("`{candidate}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match closest(word, candidates) {
        Some(candidate) => format!("did you mean `{candidate}`? Known are {list}"),
        None => format!("known are {list}"),
    }
}

/// The number of insertions, deletions, substitutions and swaps of neighbours between two words.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let substituted = above[column] + usize::from(from != to);
            let mut best = substituted
                .min(above[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_word() {
        let known = ["scope", "title", "timeout", "read_only"];
        assert_eq!(closest("scpoe", &known), Some("scope"));
        assert_eq!(closest("timout", &known), Some("timeout"));
        assert_eq!(closest("readonly", &known), Some("read_only"));
        assert_eq!(closest("banana", &known), None);
        assert_eq!(closest("", &known), None);
    }

    #[test]
    fn the_help_lists_what_is_known() {
        assert_eq!(
            help("titel", &["scope", "title"]),
            "did you mean `title`? Known are `scope`, `title`"
        );
        assert_eq!(help("x", &["scope", "title"]), "known are `scope`, `title`");
    }
}
