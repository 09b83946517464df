//! Addresses of the API, built of encoded parts: what a caller says can be a segment or a value, never more.

use mcp_factory_outbound::percent_encode;

use crate::git::FilePath;
use crate::repository::Repository;

/// A path below the API's base, and its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiUrl {
    path: String,
    query: String,
}

impl ApiUrl {
    /// Of segments, each encoded.
    pub(crate) fn new<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut url = Self {
            path: String::new(),
            query: String::new(),
        };
        for segment in segments {
            url = url.segment(segment);
        }
        url
    }

    /// `repos/owner/name`.
    pub(crate) fn repository(repository: &Repository) -> Self {
        Self::new(["repos", repository.owner(), repository.name()])
    }

    /// One more segment.
    pub(crate) fn segment(mut self, segment: &str) -> Self {
        self.path.push('/');
        percent_encode(&mut self.path, segment, &[]);
        self
    }

    /// The segments of a path in a repository.
    pub(crate) fn file(mut self, path: &FilePath) -> Self {
        for name in path.names() {
            self = self.segment(name);
        }
        self
    }

    /// A number as a segment.
    pub(crate) fn number(self, number: u64) -> Self {
        self.segment(&number.to_string())
    }

    /// A value of the query.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.query
            .push(if self.query.is_empty() { '?' } else { '&' });
        percent_encode(&mut self.query, name, &[]);
        self.query.push('=');
        percent_encode(&mut self.query, value.as_ref(), &[]);
        self
    }

    /// A value of the query, if there is one.
    pub(crate) fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The path, encoded.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The whole below `base`, which has no slash at its end.
    pub(crate) fn below(&self, base: &str) -> String {
        format!("{base}{}{}", self.path, self.query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let repository = Repository::new("acme", "tool").expect("valid");
        let path = FilePath::new("a b/%2e%2e/c?d=e#f&g\\h").expect("valid");
        let url = ApiUrl::repository(&repository)
            .segment("contents")
            .file(&path)
            .with("ref", "x&per_page=1/y#z")
            .with_some("none", None::<&str>);
        assert_eq!(
            url.below("https://api.github.com"),
            "https://api.github.com/repos/acme/tool/contents/a%20b/%252e%252e/c%3Fd%3De%23f%26g%5Ch?ref=x%26per_page%3D1%2Fy%23z"
        );
        assert_eq!(ApiUrl::new(["a/b"]).number(7).path(), "/a%2Fb/7");
    }

    proptest::proptest! {
        #[test]
        fn whatever_passes_the_checks_is_one_segment_or_one_value(
            owner in "\\PC{1,8}", name in "\\PC{1,8}", path in "[/.%a?#\\PC]{0,12}", reference in "[/.%a&=#\\PC]{1,12}",
        ) {
            let (Ok(path), Ok(reference)) = (FilePath::new(&path), crate::git::Reference::new("ref", &reference)) else {
                return Ok(());
            };
            let repository = Repository::new(&owner, &name).or_else(|_| Repository::new("acme", "tool")).expect("valid");
            let url = ApiUrl::repository(&repository).segment("contents").file(&path).with("ref", reference.as_str());
            let text = url.below("https://api.github.com/api/v3");
            let parsed = mcp_factory_outbound::Url::parse(&text).expect("an address");
            proptest::prop_assert_eq!(parsed.as_str(), &text);
            proptest::prop_assert_eq!(parsed.path_segments().expect("segments").count(), 6 + path.names().count());
            let pairs: Vec<_> = parsed.query_pairs().into_owned().collect();
            proptest::prop_assert_eq!(pairs, vec![("ref".to_owned(), reference.as_str().to_owned())]);
        }
    }
}
