//! Time zones by name, from the database inside of the binary.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::error::TimeError;

/// How many names an error suggests.
const SUGGESTED: usize = 5;

/// The time zones.
#[derive(Clone, Debug)]
pub struct Zones {
    database: TimeZoneDatabase,
    local: TimeZone,
}

impl Zones {
    /// The bundled zones; `local` is meant when a question names none.
    ///
    /// # Errors
    /// When there is no zone of this name.
    pub fn new(local: &str) -> Result<Self, TimeError> {
        // Never the system's: two servers of one build give the same answers.
        let database = TimeZoneDatabase::bundled();
        let local = find(&database, local)?;
        Ok(Self { database, local })
    }

    /// The zone of this name, in any letter case; the local one without a name.
    pub(crate) fn get(&self, name: Option<&str>) -> Result<TimeZone, TimeError> {
        name.map_or_else(|| Ok(self.local.clone()), |name| find(&self.database, name))
    }
}

fn find(database: &TimeZoneDatabase, name: &str) -> Result<TimeZone, TimeError> {
    database.get(name).map_err(|_| TimeError::UnknownZone {
        name: name.chars().take(64).collect(),
        hint: suggestions(database, name),
    })
}

/// Names that have the wanted word in them: people say `Tokyo` for `Asia/Tokyo`.
fn suggestions(database: &TimeZoneDatabase, name: &str) -> String {
    let word = name.rsplit('/').next().unwrap_or_default().trim();
    let word = word.to_lowercase().replace([' ', '-'], "_");
    let is_near = |zone: &str| word.len() >= 3 && zone.to_lowercase().contains(&word);
    let names = database.available().map(|zone| zone.as_str().to_owned());
    let mut near: Vec<String> = names.filter(|zone| is_near(zone)).collect();
    near.sort_unstable();
    near.truncate(SUGGESTED);
    if near.is_empty() {
        return " such as Europe/Berlin".to_owned();
    }
    format!("; did you mean {}?", near.join(" or "))
}
