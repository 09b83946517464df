//! The address of the service: checked once, at the start.

use mcp_factory_outbound::Url;
use mcp_factory_sdk::StartError;

/// The base address in `api_base`, with a slash at its end.
///
/// # Errors
/// What is wrong with it, for the operator. A token must not travel in the clear, so only loopback may be
/// reached without TLS.
pub(crate) fn parse(text: &str) -> Result<Url, StartError> {
    let wrong = |why: &str| StartError::new(format!("`api_base` {why}"));
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
            "holds a user name or a password; set `token` instead",
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

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_loopback_may_do_without_tls() {
        for (text, url) in [
            (
                "https://gateway.example/notion",
                "https://gateway.example/notion/",
            ),
            ("http://127.0.0.1:4003/api/", "http://127.0.0.1:4003/api/"),
            ("http://[::1]:4003", "http://[::1]:4003/"),
            ("http://localhost/api", "http://localhost/api/"),
        ] {
            assert_eq!(parse(text).expect("it may be used").as_str(), url);
        }
        for (text, words) in [
            ("http://notion.com/api/", "unencrypted"),
            ("http://localhost.example/", "unencrypted"),
            ("http://10.0.0.1/", "unencrypted"),
            ("ftp://notion.com/", "https://"),
            ("notion.com", "no address"),
            ("https://me:secret@notion.com/", "user name or a password"),
            ("https://notion.com/?a=b", "query"),
            ("https://notion.com/#a", "fragment"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(
                error.contains("`api_base`") && error.contains(words),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
