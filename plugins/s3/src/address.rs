//! Where objects are: the URL of a bucket or key at the configured endpoint.

use mcp_factory_outbound::{Host, Url, is_loopback};

use crate::config::{BucketConfig, Config};
use crate::encode::percent;
use crate::error::S3Error;
use crate::start::ConfigError;

/// The store.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    url: Url,
    path_style: bool,
}

/// A request's URL, and the path as it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) url: Url,
    pub(crate) path: String,
    pub(crate) host: String,
}

impl Endpoint {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let text = match &config.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://s3.{}.amazonaws.com", config.region),
        };
        let url: Url = text.parse().map_err(|_| ConfigError::BadEndpoint)?;
        let is_bare =
            matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError::BadEndpoint);
        }
        if url.host().is_none() {
            return Err(ConfigError::BadEndpoint);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) || config.allow_http => {}
            "http" => return Err(ConfigError::Clear),
            _ => return Err(ConfigError::BadEndpoint),
        }
        let path_style = config.path_style.unwrap_or(config.endpoint.is_some());
        if !path_style && !matches!(url.host(), Some(Host::Domain(_))) {
            return Err(ConfigError::NeedsPathStyle);
        }
        Ok(Self { url, path_style })
    }

    /// Whether a bucket of that name can be had here.
    pub(crate) fn check(&self, bucket: &BucketConfig) -> Result<(), ConfigError> {
        let name = bucket.name.as_bytes();
        let is_plain =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(byte);
        let ends = [name.first(), name.last()];
        let is_name = (3..=63).contains(&name.len())
            && name.iter().all(is_plain)
            && ends.into_iter().flatten().all(u8::is_ascii_alphanumeric)
            && !bucket.name.contains("..");
        if !is_name {
            return Err(ConfigError::BadBucket(bucket.name.clone()));
        }
        if !self.path_style && self.url.scheme() == "https" && bucket.name.contains('.') {
            return Err(ConfigError::DottedBucket(bucket.name.clone()));
        }
        Ok(())
    }

    /// The URL of a key, or of the bucket itself.
    pub(crate) fn address(
        &self,
        bucket: &str,
        key: Option<&str>,
        query: &str,
    ) -> Result<Address, S3Error> {
        let host = self.url.host_str().unwrap_or_default();
        let host = if self.path_style {
            host.to_owned()
        } else {
            format!("{bucket}.{host}")
        };
        let host = self
            .url
            .port()
            .map_or(host.clone(), |port| format!("{host}:{port}"));
        let key = percent(key.unwrap_or_default(), true);
        let path = if self.path_style {
            format!("/{bucket}{}{key}", if key.is_empty() { "" } else { "/" })
        } else {
            format!("/{key}")
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let text = format!("{}://{host}{path}{mark}{query}", self.url.scheme());
        let url: Url = text
            .parse()
            .map_err(|_| S3Error::Argument("the key cannot be sent; use another"))?;
        // What is signed must be what is sent, and lead to the host that was configured.
        if url.path() != path || url.query().unwrap_or_default() != query || url.as_str() != text {
            return Err(S3Error::DottedKey { key: key.into() });
        }
        Ok(Address { url, path, host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(
        endpoint: Option<&str>,
        path_style: Option<bool>,
        allow_http: bool,
    ) -> Result<Endpoint, ConfigError> {
        Endpoint::new(&Config {
            endpoint: endpoint.map(str::to_owned),
            path_style,
            allow_http,
            ..Config::default()
        })
    }

    #[test]
    fn addresses_of_both_styles() {
        let amazon = endpoint(None, None, false).unwrap();
        let address = amazon.address("bucket", Some("a b/ü//c"), "").unwrap();
        assert_eq!(
            address.url.as_str(),
            "https://bucket.s3.us-east-1.amazonaws.com/a%20b/%C3%BC//c"
        );
        assert_eq!(address.host, "bucket.s3.us-east-1.amazonaws.com");
        let own = endpoint(Some("https://store:9000"), None, false).unwrap();
        let address = own.address("bucket", Some("/x?y#z%"), "a=b%20c").unwrap();
        assert_eq!(
            address.url.as_str(),
            "https://store:9000/bucket//x%3Fy%23z%25?a=b%20c"
        );
        assert_eq!(
            (address.host.as_str(), address.path.as_str()),
            ("store:9000", "/bucket//x%3Fy%23z%25")
        );
        assert_eq!(own.address("bucket", None, "").unwrap().path, "/bucket");
        for dotted in ["a/../b", "..", "./a"] {
            assert!(own.address("bucket", Some(dotted), "").is_err(), "{dotted}");
        }
    }

    #[test]
    fn endpoints_that_are_refused() {
        for bad in [
            "",
            "store",
            "ftp://store",
            "https://store/path",
            "https://u:p@store",
            "https://store?x",
            "https://store#x",
        ] {
            assert!(
                matches!(
                    endpoint(Some(bad), None, true),
                    Err(ConfigError::BadEndpoint)
                ),
                "{bad}"
            );
        }
        assert!(matches!(
            endpoint(Some("http://store"), None, false),
            Err(ConfigError::Clear)
        ));
        assert!(endpoint(Some("http://store"), None, true).is_ok());
        for here in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert!(endpoint(Some(here), None, false).is_ok(), "{here}");
        }
        assert!(matches!(
            endpoint(Some("http://127.0.0.1"), Some(false), false),
            Err(ConfigError::NeedsPathStyle)
        ));
    }
}
