//! The secret that an authenticator app and the server share, and which code belongs to which time.
//!
//! In the room: RFC 6238 as every authenticator app has it: SHA-1, 6 digits, steps of 30 seconds. Not
//! here: whether a code was used before, or how many were wrong (`store`).

use std::{fmt, time::Duration};

use totp_rs::{Builder, Secret as Bytes, Totp};

/// How long a code is shown.
pub(super) const STEP: Duration = Duration::from_secs(30);
/// RFC 4226 §4, requirement 6: a shorter secret can be found by trying.
const LEAST_BITS: usize = 128;
/// What makes a good secret, for messages.
const MAKE_ONE: &str = "make one with `head -c 20 /dev/urandom | base32`";

/// The shared secret, ready to make codes of. Wiped when dropped, never printed.
pub(super) struct Seed(Totp);

/// Why a text is no seed; never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotASeed {
    #[error("it is not base32 (the letters A to Z and the digits 2 to 7): {MAKE_ONE}")]
    NotBase32,
    #[error("it has {0} bits and needs at least {LEAST_BITS}: {MAKE_ONE}")]
    Short(usize),
}

impl Seed {
    /// Reads base32 as apps show it: in either case, in groups or not, padded or not.
    pub(super) fn parse(text: &str) -> Result<Self, NotASeed> {
        let plain: String = text
            .trim()
            .trim_end_matches('=')
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .map(|character| character.to_ascii_uppercase())
            .collect();
        let bytes = Bytes::try_from_base32(&plain).map_err(|_| NotASeed::NotBase32)?;
        let bits = bytes.as_bytes().len() * 8;
        Builder::new()
            .with_skew(0)
            .with_step_duration(STEP.as_secs())
            .with_secret(bytes)
            // Which refuses a short secret, and nothing else of this.
            .build()
            .map(Self)
            .map_err(|_| NotASeed::Short(bits))
    }

    /// The step whose code this is, of the last, the present and the next at `now` (since 1970).
    ///
    /// All three are compared, each in constant time, whichever it is.
    pub(super) fn step_of(&self, code: &Code, now: Duration) -> Option<u64> {
        let present = now.as_secs() / STEP.as_secs();
        (present.saturating_sub(1)..=present + 1).fold(None, |found, step| {
            let is_this = self.0.check(&code.0, step * STEP.as_secs()).is_some();
            if is_this { Some(step) } else { found }
        })
    }

    /// Whether two groups would open with one code.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0.secret() == other.0.secret()
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seed(…)")
    }
}

/// Six digits that somebody says are the code; never printed.
pub(super) struct Code(String);

impl Code {
    /// Reads `123456` or `123 456`; nothing else can be a code.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|character| *character != ' ')
            .take(7)
            .collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(digits))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors, `12345678901234567890`.
    const VECTOR: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn step_of(code: &str, seconds: u64) -> Option<u64> {
        let code = Code::parse(code).expect("six digits");
        Seed::parse(VECTOR)
            .expect("a seed")
            .step_of(&code, Duration::from_secs(seconds))
    }

    #[test]
    fn the_vectors_of_the_rfc_hold() {
        // Appendix B, the last six of eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(code, seconds), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_step_of_drift_is_allowed_and_two_are_not() {
        for (now, expected) in [
            (-60_i64, None),
            (-30, Some(66_666_666)),
            (0, Some(66_666_666)),
            (30, Some(66_666_666)),
            (60, None),
        ] {
            let now = 2_000_000_000_u64.saturating_add_signed(now);
            assert_eq!(step_of("279037", now), expected, "{now}");
        }
        assert_eq!(
            step_of("287082", 0),
            Some(1),
            "the first step has none before it"
        );
    }

    #[test]
    fn a_seed_is_read_as_apps_show_it() {
        for text in [
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ",
            " GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ======\n",
        ] {
            let seed = Seed::parse(text).expect(text);
            assert!(
                seed.is_same(&Seed::parse(VECTOR).expect("a seed")),
                "{text}"
            );
        }
        let other = Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA").expect("a seed");
        assert!(!other.is_same(&Seed::parse(VECTOR).expect("a seed")));
    }

    #[test]
    fn what_is_no_seed_is_told_and_not_repeated() {
        for text in ["", "GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBV"] {
            let error = Seed::parse(text).expect_err(text).to_string();
            assert!(error.contains("needs at least 128"), "{error}");
        }
        for text in [
            "canary canary 0189 canary canary",
            "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ",
            "12345678901234567890",
        ] {
            let error = Seed::parse(text).expect_err(text);
            assert_eq!(error, NotASeed::NotBase32);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert!(
            Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY").is_ok(),
            "128 bits are enough"
        );
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for text in ["123456", "123 456", " 123456 "] {
            assert!(Code::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "+12345",
            "-12345",
            "١٢٣٤٥٦",
            "123456\n7",
        ] {
            assert!(Code::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn neither_is_printed() {
        let seed = Seed::parse(VECTOR).expect("a seed");
        let code = Code::parse("123456").expect("a code");
        assert_eq!(format!("{seed:?} {code:?}"), "Seed(…) Code(…)");
    }
}
