//! `[profile.NAME]`: settings of a file that count only where the profile was chosen.

use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::source::Source;

/// Takes the profiles out of a layer's table: each with a table like the layer's own.
pub(super) fn take<'t>(
    table: &mut DeTable<'t>,
    source: &Source<'_>,
    problems: &mut Problems,
) -> Vec<(String, DeTable<'t>)> {
    let Some(profiles) = table.remove("profile") else {
        return Vec::new();
    };
    let mut taken = Vec::new();
    let mut wrong = |span, message: &str| {
        problems.add(Problem::new(source.place(&span), message));
    };
    let span = profiles.span();
    let DeValue::Table(profiles) = profiles.into_inner() else {
        wrong(span, "`profile` holds profiles: write [profile.NAME]");
        return taken;
    };
    for (name, profile) in profiles {
        match profile.into_inner() {
            DeValue::Table(profile) if profile.contains_key("profile") => {
                wrong(name.span(), "a profile cannot hold profiles");
            }
            DeValue::Table(profile) => taken.push((name.into_inner().into_owned(), profile)),
            _ => wrong(
                name.span(),
                "a profile holds sections: write [profile.NAME.http]",
            ),
        }
    }
    taken
}
