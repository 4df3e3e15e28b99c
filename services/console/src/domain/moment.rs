//! A moment as a person reads it.

use weir_decider::Millis;

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;

/// "2026-11-21 14:05Z". Empty where there is no moment.
pub fn minute(at: Millis) -> String {
    if at.0 <= 0 {
        return String::new();
    }
    let minutes = at.0 / MINUTE_MS;
    let (year, month, day) = date(minutes / DAY_MINUTES);
    let of_day = minutes % DAY_MINUTES;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}Z", of_day / 60, of_day % 60)
}

/// The Gregorian date of a day since 1970. Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_a_date() {
        let cases = [
            (0, ""),
            (1, "1970-01-01 00:00Z"),
            (951_782_400_000, "2000-02-29 00:00Z"),
            (1_735_689_599_999, "2024-12-31 23:59Z"),
            (1_795_269_900_000, "2026-11-21 14:05Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(minute(Millis(ms)), text);
        }
    }
}
