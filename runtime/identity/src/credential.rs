//! The one credential of a request.
//!
//! In the room: which headers count, and their grammar. A token in the query (`?access_token=`) is none:
//! it would stand in every log on the way. Not here: whether the credential is good.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

use crate::Refusal;

/// The header that a client without OAuth may send its key in.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The longest credential, in bytes.
const LONGEST: usize = 8 << 10;

const TWO: Refusal = Refusal::InvalidRequest("the request holds two credentials: send exactly one");
const MALFORMED: Refusal =
    Refusal::InvalidRequest("the Authorization header is malformed: send `Bearer TOKEN`");
const MALFORMED_KEY: Refusal =
    Refusal::InvalidRequest("the X-API-Key header is malformed: send the key and nothing else");
const TOO_LONG: Refusal = Refusal::InvalidRequest("the credential is longer than 8 KiB");

/// A credential as it was presented. It cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Presented<'a>(&'a str);

impl<'a> Presented<'a> {
    /// The credential itself. It goes into a hash, a signature check or the issuer's endpoint, nowhere else.
    pub(crate) const fn expose(self) -> &'a str {
        self.0
    }

    #[cfg(test)]
    pub(crate) const fn of(text: &'a str) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Presented(…)")
    }
}

/// The credential in `headers`. `X-API-Key` counts only where there are keys: elsewhere it is a matter
/// between the client and a gateway in front of this server.
///
/// Another scheme than Bearer is no credential, and not an error: RFC 6750 §3.1 counts "an unsupported
/// authentication method" as a request that lacks authentication, whose challenge holds no error code.
///
/// # Errors
/// `NoCredential`, or `InvalidRequest` when there are two or one cannot be read.
pub(crate) fn presented(headers: &HeaderMap, keys: bool) -> Result<Presented<'_>, Refusal> {
    let authorization = only(headers, &AUTHORIZATION)?;
    let key = if keys { only(headers, &API_KEY)? } else { None };
    match (authorization, key) {
        (None, None) => Err(Refusal::NoCredential),
        (Some(_), Some(_)) => Err(TWO),
        (Some(header), None) => bearer(header),
        (None, Some(header)) => token(header.as_bytes(), MALFORMED_KEY),
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(TWO);
    }
    Ok(first)
}

/// `Bearer` in any case, one or more spaces, the token.
fn bearer(header: &HeaderValue) -> Result<Presented<'_>, Refusal> {
    let bytes = header.as_bytes();
    let end = bytes.iter().position(|byte| *byte == b' ');
    let (scheme, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    if scheme.is_empty() || !scheme.iter().all(|byte| is_scheme(*byte)) {
        return Err(MALFORMED);
    }
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(Refusal::NoCredential);
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    token(&rest[spaces..], MALFORMED)
}

/// RFC 9110 §5.6.2, without what no scheme has.
const fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+')
}

/// RFC 9110 §11.2 `token68`.
fn token(bytes: &[u8], otherwise: Refusal) -> Result<Presented<'_>, Refusal> {
    if bytes.len() > LONGEST {
        return Err(TOO_LONG);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_token68(text) => Ok(Presented(text)),
        _ => Err(otherwise),
    }
}

/// Whether `text` can be sent as a Bearer token at all: RFC 9110 §11.2 `token68`.
pub(crate) fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let in_body = |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(in_body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value).expect("a header");
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    fn authorization(value: &str, keys: bool) -> Result<String, Refusal> {
        let headers = headers(&[("authorization", value.as_bytes())]);
        presented(&headers, keys).map(|presented| presented.expose().to_owned())
    }

    #[test]
    fn a_bearer_token_is_read() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(authorization(value, false), Ok("abc".to_owned()), "{value}");
        }
        let odd = "aZ09-._~+/==";
        assert_eq!(
            authorization(&format!("Bearer {odd}"), true),
            Ok(odd.to_owned())
        );
    }

    #[test]
    fn nothing_known_is_no_credential() {
        assert_eq!(
            presented(&HeaderMap::new(), true),
            Err(Refusal::NoCredential)
        );
        for value in ["Basic YTpi", "DPoP abc", "Negotiate", "Bearer2 abc"] {
            assert_eq!(
                authorization(value, true),
                Err(Refusal::NoCredential),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for value in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \"a\"",
            "Bearer =",
            "Bearer a=b",
            "Bearer\ta",
            "Bearer a\u{e9}",
            ":Bearer a",
            "Bearer, a",
        ] {
            assert_eq!(authorization(value, false), Err(MALFORMED), "{value:?}");
        }
        let bytes = headers(&[("authorization", b"Bearer \xff")]);
        assert_eq!(presented(&bytes, false), Err(MALFORMED));
        let longest = "x".repeat(8_192);
        assert!(authorization(&format!("Bearer {longest}"), false).is_ok());
        assert_eq!(
            authorization(&format!("Bearer {longest}x"), false),
            Err(TOO_LONG)
        );
    }

    #[test]
    fn two_credentials_are_refused() {
        let twice = headers(&[
            ("authorization", b"Bearer a"),
            ("authorization", b"Bearer a"),
        ]);
        assert_eq!(presented(&twice, false), Err(TWO));
        let basic = headers(&[
            ("authorization", b"Bearer a"),
            ("authorization", b"Basic a"),
        ]);
        assert_eq!(presented(&basic, false), Err(TWO));
        let keys = headers(&[("x-api-key", b"a"), ("x-api-key", b"a")]);
        assert_eq!(presented(&keys, true), Err(TWO));
        let both = headers(&[("authorization", b"Bearer a"), ("x-api-key", b"a")]);
        assert_eq!(presented(&both, true), Err(TWO));
    }

    #[test]
    fn an_api_key_counts_where_there_are_keys() {
        let key = headers(&[("x-api-key", b"abc")]);
        assert_eq!(presented(&key, true), Ok(Presented("abc")));
        assert_eq!(presented(&key, false), Err(Refusal::NoCredential));
        let both = headers(&[("authorization", b"Bearer a"), ("x-api-key", b"b")]);
        assert_eq!(presented(&both, false), Ok(Presented("a")));
        for wrong in [b"".as_slice(), b"a b", b"Bearer abc", b"\xe9"] {
            let wrong = headers(&[("x-api-key", wrong)]);
            assert_eq!(presented(&wrong, true), Err(MALFORMED_KEY));
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_is_read_in_one_way_or_refused(
            scheme in "([Bb][Ee][Aa][Rr][Ee][Rr]|[ -~]{0,8})",
            rest in "[ -~\t]{0,24}",
        ) {
            let value = format!("{scheme}{rest}");
            let Ok(token) = authorization(&value, false) else {
                return Ok(());
            };
            proptest::prop_assert!(is_token68(&token));
            let (before, after) = value.split_at(value.len() - token.len());
            proptest::prop_assert_eq!(after, &token);
            proptest::prop_assert!(before.trim_end_matches(' ').eq_ignore_ascii_case("bearer"));
            proptest::prop_assert!(before.ends_with(' '));
        }
    }

    #[test]
    fn a_credential_is_not_printed() {
        assert_eq!(format!("{:?}", Presented("canary")), "Presented(…)");
    }
}
