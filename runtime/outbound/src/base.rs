//! The address of a service as an operator writes it: checked once, at the start.

use mcp_factory_sdk::StartError;
use url::{Host, Url};

/// The base address of a service that is sent a credential, with a slash at its end. `key` is the setting
/// that holds it.
///
/// # Errors
/// What is wrong with it, for the operator. A token must not travel in the clear, so only loopback may be
/// reached without TLS.
pub fn base_url(key: &str, text: &str) -> Result<Url, StartError> {
    let wrong = |why: &str| StartError::new(format!("`{key}` {why}"));
    let mut url: Url = text
        .parse()
        .map_err(|_| wrong("is no address; write it as \"https://host/path/\""))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(wrong(
                "would send the token unencrypted; use https (http is for loopback only)",
            ));
        }
        _ => return Err(wrong("must begin with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "holds a user name or a password; name the credential in a setting of its own",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or a fragment; leave them out"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether a URL leads to this machine, by its parsed host: what only begins with `localhost` is elsewhere.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn only_loopback_may_do_without_tls() {
        for (text, url) in [
            (
                "https://gateway.example/slack",
                "https://gateway.example/slack/",
            ),
            ("http://127.0.0.1:4003/api/", "http://127.0.0.1:4003/api/"),
            ("http://[::1]:4003", "http://[::1]:4003/"),
            ("http://localhost/api", "http://localhost/api/"),
        ] {
            assert_eq!(
                base_url("api_base", text).expect("it may be used").as_str(),
                url
            );
        }
        for (text, words) in [
            ("http://slack.com/api/", "unencrypted"),
            ("http://localhost.example/", "unencrypted"),
            ("http://10.0.0.1/", "unencrypted"),
            ("ftp://slack.com/", "https://"),
            ("slack.com", "no address"),
            ("https://me:secret@slack.com/", "user name or a password"),
            ("https://slack.com/?a=b", "query"),
            ("https://slack.com/#a", "fragment"),
        ] {
            let error = base_url("api_base", text).expect_err(text).to_string();
            assert!(
                error.contains("`api_base`") && error.contains(words),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
