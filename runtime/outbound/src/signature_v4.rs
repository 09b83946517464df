//! Signature version 4 of AWS, as far as it is the same for every service: when and for what a request is signed, and
//! the signature of a request in its canonical form. Not here: that form, and where a request carries the signature.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use mcp_factory_sdk::calendar;
use sha2::{Digest as _, Sha256};

/// When and for what a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// As [`stamp`] gives it.
    pub stamp: &'s str,
    /// Such as `us-east-1`.
    pub region: &'s str,
    /// Such as `s3`.
    pub service: &'s str,
}

impl Scope<'_> {
    fn day(&self) -> &str {
        self.stamp.get(..8).unwrap_or_default()
    }

    /// As a credential names it: `20130524/us-east-1/s3/aws4_request`.
    pub fn name(&self) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            self.day(),
            self.region,
            self.service
        )
    }

    /// The signature of a request in its canonical form.
    pub fn signature(&self, secret_key: &str, canonical_request: &str) -> String {
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.stamp,
            self.name(),
            sha256(canonical_request.as_bytes())
        );
        let first = format!("AWS4{secret_key}").into_bytes();
        let key = [self.day(), self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |key, part| mac(&key, part.as_bytes()));
        hex(&mac(&key, text.as_bytes()))
    }
}

/// A time as signatures need it: `20130524T000000Z`.
pub fn stamp(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (year, month, day) = calendar::date((seconds / 86_400).cast_signed());
    let second = seconds % 86_400;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// The SHA-256 of a body, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn known_times() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (951_827_696, "20000229T123456Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    /// `get-vanilla` of the test suite that AWS publishes. More of its examples are tested where requests are signed.
    #[test]
    fn a_published_example() {
        let scope = Scope {
            stamp: "20150830T123600Z",
            region: "us-east-1",
            service: "service",
        };
        assert_eq!(scope.name(), "20150830/us-east-1/service/aws4_request");
        let request = format!(
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n{}",
            sha256(b"")
        );
        assert_eq!(
            scope.signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &request),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }
}
