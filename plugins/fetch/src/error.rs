//! Why a page was not fetched, in sentences for the model: what is wrong, and what to do about it. No
//! address of the inside, and nothing of what the host wrote.

use mcp_factory_outbound::OutboundError;
use mcp_factory_sdk::ToolError;

/// A page that was not fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The argument is no URL.
    #[error("`url` is not a complete web address: write one such as https://example.com/page")]
    NotAUrl,
    /// The operator's lists leave the host out.
    #[error(
        "this server may not fetch from that host: its configuration lists the hosts it may go to"
    )]
    Host,
    /// `robots.txt` asks robots to stay away.
    #[error(
        "the host's robots.txt asks robots not to fetch this page; ask the user to read it, or to put it into the conversation with the prompt `fetch`"
    )]
    Robots,
    /// `robots.txt` could not be had, so nobody knows what it asks for.
    #[error("the host's robots.txt cannot be read now, so the page is left alone; try again later")]
    RobotsUnknown,
    /// More redirects than are followed.
    #[error("the host redirects too often")]
    TooManyRedirects,
    /// A redirect to an address that is longer than any page's.
    #[error("the host redirects to an address that is too long to follow")]
    LongRedirect,
    /// An answer that is not a success.
    #[error("the host answered with status {status}{}", advice(*status))]
    Status {
        /// The status.
        status: u16,
    },
    /// Neither text nor JSON nor HTML.
    #[error("the page is {0}, not text: only HTML, JSON and plain text can be fetched")]
    NotText(String),
    /// HTML in which there is nothing to read.
    #[error(
        "the page has no text of its own: it is probably made by scripts, which are not run; `raw` returns its HTML"
    )]
    NoText,
    /// The host compressed its answer against our wish.
    #[error("the host sent the page compressed although it was asked not to, so it cannot be read")]
    Compressed,
    /// Nothing is left from `start_index` on.
    #[error("there is nothing at `start_index` {start}: the page has {length} characters")]
    PastTheEnd {
        /// What was asked for.
        start: usize,
        /// How many there are.
        length: usize,
    },
    /// It took too long.
    #[error("the page did not arrive in the time allowed; try again, or another page")]
    Timeout,
    /// The way out failed or was barred.
    #[error("the page could not be fetched: {0}")]
    Outbound(#[from] OutboundError),
    /// The page could not be converted.
    #[error("the page could not be turned into text; try again with `raw`")]
    Conversion,
}

impl FetchError {
    /// As the tool's answer.
    pub(crate) fn told(self) -> ToolError {
        let sentence = self.to_string();
        match self {
            Self::Timeout | Self::Outbound(OutboundError::Timeout) => {
                ToolError::timed_out(sentence)
            }
            Self::NotAUrl | Self::PastTheEnd { .. } => ToolError::invalid_arguments(sentence),
            Self::Status { status: 404 | 410 } => ToolError::not_found(sentence),
            Self::Status { status: 500.. } | Self::RobotsUnknown => {
                ToolError::unavailable(sentence)
            }
            Self::Outbound(cause) => ToolError::new(sentence).because(cause),
            _ => ToolError::new(sentence),
        }
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it wants somebody to sign in, which this tool cannot do",
        404 | 410 => ": there is no such page; check the address",
        429 => ": too many requests; try again later",
        500.. => ": it has trouble of its own; try again later",
        _ => "",
    }
}
