//! Dates as people write them, in UTC where they name no zone.

use crate::error::GitError;

/// Seconds since 1970, for the argument `name`.
pub(crate) fn seconds(name: &'static str, given: Option<&str>) -> Result<Option<i64>, GitError> {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    let bad = || GitError::BadDate {
        name,
        given: given.into(),
    };
    if given.len() > 100 {
        return Err(bad());
    }
    if given == "now" {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        return Ok(now.ok().and_then(|now| i64::try_from(now.as_secs()).ok()));
    }
    let now = gix_date::Zoned::now().in_tz("UTC").ok();
    // What people write without a zone, the parser knows only with one.
    [
        given.to_owned(),
        format!("{given}Z"),
        format!("{given} +0000"),
    ]
    .iter()
    .find_map(|text| gix_date::parse(text, now.clone()).ok())
    .map(|time| Some(time.seconds))
    .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let read = |text| seconds("start_timestamp", Some(text)).unwrap().unwrap();
        assert_eq!(read("2024-01-31"), 1_706_659_200);
        assert_eq!(read("2024-01-31T12:00:00Z"), 1_706_702_400);
        assert_eq!(read("2024-01-31T12:00:00"), 1_706_702_400);
        assert_eq!(read("2024-01-31 12:00:00 +0200"), 1_706_695_200);
        assert_eq!(read("2024-01-31 12:00:00"), 1_706_702_400);
        let age = read("now") - read("2 weeks ago");
        assert!((age - 14 * 86_400).abs() < 10, "{age}");
        assert_eq!(seconds("x", None).unwrap(), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in ["soon", "2024-13-45", &"9".repeat(200), "--since=x"] {
            let error = seconds("end_timestamp", Some(bad)).unwrap_err().to_string();
            assert!(
                error.contains("end_timestamp") && error.contains("2026-01-31"),
                "{error}"
            );
        }
    }
}
