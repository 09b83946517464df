//! Days as dates: the one calculation, whatever a date is written for.

/// Year, month and day of the proleptic Gregorian calendar, so many days after 1970-01-01 (before it, when negative).
/// The year before 1 is 0.
///
/// By Howard Hinnant's `civil_from_days`: years are counted from the first of March, so that the leap day is a year's
/// last, in eras of 400 years.
pub const fn date(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// So many days after 1970-01-01 the date is, by the inverse, `days_from_civil`. A month or day that is none gives a
/// number all the same.
pub const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_follows_the_one_before() {
        const LONG_AGO: i64 = -1_000_000;
        let mut before = date(LONG_AGO - 1);
        for days in LONG_AGO..200_000 {
            let day = date(days);
            let follows = day == (before.0, before.1, before.2 + 1)
                || day == (before.0, before.1 + 1, 1) && before.2 >= 28
                || day == (before.0 + 1, 1, 1) && (before.1, before.2) == (12, 31);
            assert!(follows, "{before:?} {day:?}");
            assert_eq!(super::days(day.0, day.1, day.2), days);
            before = day;
        }
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
    }
}
