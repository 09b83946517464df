//! Signature version 4: a request, or a link, signed for the `s3` service.
//!
//! Known answers of the published examples are tested below; a server of another author checks the rest.

use mcp_factory_outbound::signature_v4::Scope;
use mcp_factory_sdk::Secret;

use crate::encode::percent;

/// What a request is signed with.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) access_key: Secret<String>,
    pub(crate) secret_key: Secret<String>,
    pub(crate) session_token: Option<Secret<String>>,
}

/// A request as its signature sees it.
pub(crate) struct Unsigned<'r> {
    pub(crate) method: &'r str,
    /// Encoded, with a leading slash.
    pub(crate) path: &'r str,
    /// Names and values, not encoded.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case, `host` among them.
    pub(crate) headers: Vec<(String, String)>,
    /// The SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    pub(crate) payload: &'r str,
    pub(crate) region: &'r str,
    /// Such as `20130524T000000Z`.
    pub(crate) stamp: &'r str,
}

/// The query as it is signed and sent.
pub(crate) fn canonical_query(query: &[(String, String)]) -> String {
    let mut pairs: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name, false), percent(value, false)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

impl Unsigned<'_> {
    const fn scope(&self) -> Scope<'_> {
        Scope {
            stamp: self.stamp,
            region: self.region,
            service: "s3",
        }
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.join(";")
    }

    fn signature(&self, credentials: &Credentials) -> String {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        headers.sort_unstable();
        let request = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            self.method,
            self.path,
            canonical_query(&self.query),
            headers.concat(),
            self.names(),
            self.payload
        );
        let secret_key = credentials.secret_key.expose();
        self.scope().signature(secret_key, &request)
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self, credentials: &Credentials) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
            credentials.access_key.expose(),
            self.scope().name(),
            self.names(),
            self.signature(credentials)
        )
    }

    /// The query of a link that is good for `seconds`.
    pub(crate) fn presigned(mut self, credentials: &Credentials, seconds: u64) -> String {
        let credential = format!(
            "{}/{}",
            credentials.access_key.expose(),
            self.scope().name()
        );
        let names = self.names();
        let mut add = |name: &str, value: String| self.query.push((name.to_owned(), value));
        add("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned());
        add("X-Amz-Credential", credential);
        add("X-Amz-Date", self.stamp.to_owned());
        add("X-Amz-Expires", seconds.to_string());
        add("X-Amz-SignedHeaders", names);
        if let Some(token) = &credentials.session_token {
            add("X-Amz-Security-Token", token.expose().clone());
        }
        let signature = self.signature(credentials);
        format!(
            "{}&X-Amz-Signature={signature}",
            canonical_query(&self.query)
        )
    }
}

#[cfg(test)]
mod tests {
    use mcp_factory_outbound::signature_v4::sha256;

    use super::*;

    fn example() -> Credentials {
        Credentials {
            access_key: Secret::new("AKIAIOSFODNN7EXAMPLE".to_owned()),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: None,
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_published_example_of_a_request() {
        let empty = sha256(b"");
        let request = Unsigned {
            method: "GET",
            path: "/test.txt",
            query: Vec::new(),
            headers: pairs(&[
                ("x-amz-date", "20130524T000000Z"),
                ("range", "bytes=0-9"),
                ("x-amz-content-sha256", &empty),
                ("host", "examplebucket.s3.amazonaws.com"),
            ]),
            payload: &empty,
            region: "us-east-1",
            stamp: "20130524T000000Z",
        };
        assert_eq!(
            request.authorization(&example()),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn the_published_example_of_a_list() {
        let empty = sha256(b"");
        let request = Unsigned {
            method: "GET",
            path: "/",
            query: pairs(&[("prefix", "J"), ("max-keys", "2")]),
            headers: pairs(&[
                ("host", "examplebucket.s3.amazonaws.com"),
                ("x-amz-content-sha256", &empty),
                ("x-amz-date", "20130524T000000Z"),
            ]),
            payload: &empty,
            region: "us-east-1",
            stamp: "20130524T000000Z",
        };
        let signed = request.authorization(&example());
        assert!(
            signed.ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
            "{signed}"
        );
    }

    #[test]
    fn the_published_example_of_a_link() {
        let request = Unsigned {
            method: "GET",
            path: "/test.txt",
            query: Vec::new(),
            headers: pairs(&[("host", "examplebucket.s3.amazonaws.com")]),
            payload: "UNSIGNED-PAYLOAD",
            region: "us-east-1",
            stamp: "20130524T000000Z",
        };
        let query = request.presigned(&example(), 86_400);
        assert!(
            query.ends_with(
                "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            ),
            "{query}"
        );
    }

    #[test]
    fn nothing_prints_a_secret() {
        let shown = format!("{:?}", example());
        assert!(
            !shown.contains("wJal") && !shown.contains("AKIA"),
            "{shown}"
        );
    }
}
