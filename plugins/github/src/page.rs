//! Lists: one page, in order, and where the next one is.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::GithubError;
use crate::url::ApiUrl;
use crate::whole::Whole;

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "a client knows it by this name")]
pub(crate) struct Page<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub(crate) notice: Option<String>,
    pub(crate) items: Vec<T>,
    // Whether there is more.
    pub(crate) truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<i64>,
}

impl<T> Page<T> {
    /// `next_page` is not named when this page was cut: what was cut would be skipped.
    pub(crate) fn new(
        notice: Option<String>,
        items: Vec<T>,
        cut: bool,
        next_page: Option<u32>,
    ) -> Self {
        Self {
            notice,
            items,
            truncated: cut || next_page.is_some(),
            next_page: next_page.filter(|_| !cut).map(i64::from),
        }
    }
}

/// Which page a caller wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    page: u64,
    per_page: u64,
}

impl Paging {
    /// Page `page` (from 1) of `per_page` (1 to 100) each.
    ///
    /// # Errors
    /// When either is out of its range.
    pub(crate) fn new(page: Option<Whole>, per_page: Option<Whole>) -> Result<Self, GithubError> {
        let (page, per_page) = (
            page.map_or(1, |page| page.0),
            per_page.map_or(30, |size| size.0),
        );
        if !(1..=10_000).contains(&page) {
            return Err(GithubError::argument("page", "must be between 1 and 10000"));
        }
        if !(1..=100).contains(&per_page) {
            return Err(GithubError::argument(
                "per_page",
                "must be between 1 and 100",
            ));
        }
        Ok(Self { page, per_page })
    }

    /// As values of a query.
    pub(crate) fn of(self, url: ApiUrl) -> ApiUrl {
        url.with("per_page", self.per_page.to_string())
            .with("page", self.page.to_string())
    }
}
