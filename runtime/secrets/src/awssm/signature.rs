//! Signature version 4, of one form of request: a POST to `/` without a query.

use mcp_factory_outbound::signature_v4::{Scope, sha256};

/// What is signed, and by whom.
pub(crate) struct Signed<'r> {
    pub(crate) method: &'r str,
    /// Names in lower case and sorted, `host` and `x-amz-date` among them.
    pub(crate) headers: &'r [(&'r str, &'r str)],
    pub(crate) body: &'r [u8],
    pub(crate) region: &'r str,
    pub(crate) service: &'r str,
    /// Such as `20150830T123600Z`.
    pub(crate) stamp: &'r str,
    pub(crate) access_key: &'r str,
    pub(crate) secret_key: &'r str,
}

impl Signed<'_> {
    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> String {
        let scope = Scope {
            stamp: self.stamp,
            region: self.region,
            service: self.service,
        };
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let headers = headers.concat();
        let request = format!(
            "{}\n/\n\n{headers}\n{names}\n{}",
            self.method,
            sha256(self.body)
        );
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={}",
            self.access_key,
            scope.name(),
            scope.signature(self.secret_key, &request)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `get-vanilla` and `post-vanilla` of the test suite that AWS publishes.
    #[test]
    fn the_published_examples() {
        for (method, signature) in [
            (
                "GET",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "POST",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
        ] {
            let signed = Signed {
                method,
                headers: &[
                    ("host", "example.amazonaws.com"),
                    ("x-amz-date", "20150830T123600Z"),
                ],
                body: b"",
                region: "us-east-1",
                service: "service",
                stamp: "20150830T123600Z",
                access_key: "AKIDEXAMPLE",
                secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            };
            assert_eq!(
                signed.authorization(),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                )
            );
        }
    }
}
