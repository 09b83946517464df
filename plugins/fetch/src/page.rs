//! What becomes of a body: decoded, made readable, cleaned. No network in here, and no time: the caller
//! runs it where it may take some.

use mcp_factory_outbound::Url;
use mcp_factory_sdk::visible;

use crate::charset;
use crate::error::FetchError;
use crate::html;
use crate::media_type::{Kind, MediaType, is_binary, sniff};

/// A body as it came.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) url: &'a Url,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
    /// There was more of it than is read.
    pub(crate) cut: bool,
}

/// A body a model can read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) content_type: String,
    pub(crate) title: Option<String>,
    pub(crate) content: String,
}

/// Makes a body readable; with `raw`, only decodes and cleans it.
pub(crate) fn read(body: &Body<'_>, raw: bool) -> Result<Page, FetchError> {
    let declared = body.content_type.and_then(MediaType::read);
    let kind = match &declared {
        Some(media_type) => media_type.kind(),
        None => sniff(body.bytes),
    };
    let named = |essence: &str| match &declared {
        Some(media_type) => media_type.essence.clone(),
        None => essence.to_owned(),
    };
    let kind = kind
        .filter(|_| !is_binary(body.bytes))
        .ok_or_else(|| FetchError::NotText(named("binary data")))?;
    let is_html = kind == Kind::Html;
    let charset = declared
        .as_ref()
        .and_then(|media_type| media_type.charset.as_deref());
    let text = charset::decode(body.bytes, body.cut, charset, is_html);
    let content_type = named(if is_html { "text/html" } else { "text/plain" });
    if !is_html || raw {
        return Ok(Page {
            content_type,
            title: None,
            content: visible(&text),
        });
    }
    let article = html::article(&text, body.url);
    let content = visible(&article.markdown);
    if content.trim().is_empty() && !text.trim().is_empty() {
        return Err(FetchError::NoText);
    }
    Ok(Page {
        content_type,
        title: article.title.map(|title| visible(&title)),
        content,
    })
}
