//! The address of an engine, from its `base_url`. It is where keys and texts go, so it is read strictly.

use mcp_factory_outbound::{Url, is_loopback};

use crate::config::EngineConfig;

/// Where completions are asked for, or what is wrong with `base_url`.
pub(crate) fn completions(settings: &EngineConfig) -> Result<Url, &'static str> {
    let mut url = Url::parse(&settings.base_url)
        .map_err(|_| "is no URL: write https://host/path, without /chat/completions")?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("must begin with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password: name a key in `keys`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a `?` or `#` part");
    }
    if url
        .path()
        .trim_end_matches('/')
        .ends_with("/chat/completions")
    {
        return Err("ends with /chat/completions, which is added by itself: remove it");
    }
    if url.scheme() == "http" && !settings.allow_http && !is_loopback(&url) {
        return Err(
            "must be https, since keys and texts go there; for a network that you trust set `allow_http` = true",
        );
    }
    url.path_segments_mut()
        .map_err(|()| "must begin with https://")?
        .pop_if_empty()
        .extend(["chat", "completions"]);
    Ok(url)
}
