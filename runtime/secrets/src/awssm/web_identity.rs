//! The role of an identity that another issuer vouches for: the service account of a pod on EKS (IRSA), by STS.

use std::path::PathBuf;

use mcp_factory_outbound::{
    Client, HeaderValue, Reach, Request, Url, base_url, header::CONTENT_TYPE, percent_encode,
};
use mcp_factory_sdk::Secret;
use tokio::time::Instant;

use super::{
    address_of, client,
    credentials::{Credentials, token_file},
    shown, time,
};
use crate::{attempt::ask, place::Variables};

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";
const ENDPOINT: &str = "AWS_ENDPOINT_URL_STS";

#[derive(Debug)]
pub(super) struct WebIdentity {
    client: Client,
    endpoint: Url,
    token_file: PathBuf,
    role: String,
    session: String,
}

impl WebIdentity {
    /// The one that the variables tell of.
    pub(super) fn find(region: &str, variables: Variables<'_>) -> Result<Option<Self>, String> {
        let Some(token_file) = variables(TOKEN_FILE) else {
            return Ok(None);
        };
        let role = variables(ROLE)
            .ok_or_else(|| format!("{TOKEN_FILE} is set, and {ROLE} is not: which role is it?"))?;
        let address = variables(ENDPOINT).unwrap_or_else(|| address_of("sts", region));
        let session =
            variables("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| "mcp-factory".to_owned());
        Ok(Some(Self {
            client: client(Reach::operator())?,
            endpoint: base_url(ENDPOINT, &address).map_err(|error| error.to_string())?,
            token_file: token_file.into(),
            role,
            session,
        }))
    }

    pub(super) async fn get(&self, deadline: Instant) -> Result<Credentials, String> {
        // Kubernetes changes the file every hour.
        let token = token_file(self.token_file.clone(), TOKEN_FILE).await?;
        let mut form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15".to_owned();
        for (name, value) in [
            ("RoleArn", self.role.as_str()),
            ("RoleSessionName", &self.session),
            ("WebIdentityToken", token.expose()),
        ] {
            form.push('&');
            form.push_str(name);
            form.push('=');
            percent_encode(&mut form, value, b"");
        }
        let answer = ask(&self.client, deadline, || {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            Request::post(self.endpoint.clone())
                .header(CONTENT_TYPE, kind)
                .body(form.clone())
        })
        .await
        .map_err(|why| format!("STS: {why}"))?;
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        if !answer.status.is_success() {
            let kind = element(text, "Code").map(shown).unwrap_or_default();
            return Err(format!(
                "STS does not give the role that {ROLE} names: {} {kind}",
                answer.status
            ));
        }
        credentials(text).ok_or_else(|| "STS: the answer holds no credentials".to_owned())
    }
}

fn credentials(text: &str) -> Option<Credentials> {
    let secret = |name| Some(Secret::new(element(text, name)?.to_owned()));
    Some(Credentials {
        access_key: secret("AccessKeyId")?,
        secret_key: secret("SecretAccessKey")?,
        session_token: secret("SessionToken"),
        expires: element(text, "Expiration").and_then(time::parse),
    })
}

/// The text of the first element of this name: STS answers in XML, and of that only words without a mark of XML are
/// wanted.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = rest.split_once("</")?;
    let inside = inside.trim();
    (!inside.is_empty() && !inside.contains(['<', '&'])).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_documentation_shows_is_read() {
        let text = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n\
            <AssumeRoleWithWebIdentityResult><Credentials>\n\
            <SessionToken>AQoDYXdz+/=EE0a8AN</SessionToken>\n\
            <SecretAccessKey>wJalrXUtnFEMI/K7MDENG</SecretAccessKey>\n\
            <Expiration>2014-10-24T23:00:23Z</Expiration>\n\
            <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>\n\
            </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
        let read = credentials(text).unwrap();
        assert_eq!(read.access_key.expose(), "ASgeIAIOSFODNN7EXAMPLE");
        assert_eq!(read.secret_key.expose(), "wJalrXUtnFEMI/K7MDENG");
        assert_eq!(read.session_token.unwrap().expose(), "AQoDYXdz+/=EE0a8AN");
        assert_eq!(read.expires, time::parse("2014-10-24T23:00:23Z"));
        assert!(read.expires.is_some());
        for broken in ["", "<AccessKeyId>a</AccessKeyId>", "<AccessKeyId>a<b>"] {
            assert!(credentials(broken).is_none(), "{broken}");
        }
        let error =
            "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>";
        assert_eq!(element(error, "Code"), Some("ExpiredTokenException"));
    }
}
