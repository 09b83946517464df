//! The role of the machine, on EC2: its metadata, version 2 of the service alone. Version 1 answers whoever gets a
//! server to ask for a URL.

use std::time::Duration;

use mcp_factory_outbound::{Client, HeaderName, HeaderValue, IpNet, Method, Reach, Request, Url};
use tokio::time::Instant;

use super::{client, credentials::Credentials, sensitive};
use crate::{
    attempt::{Answer, ask},
    place::Variables,
};

const TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const ROLES: &str = "latest/meta-data/iam/security-credentials/";
/// The service is on the machine's own link: who is not on EC2 shall not wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Instance {
    client: Client,
    base: Url,
}

impl Instance {
    /// The machine's, unless somebody said that it is not to be asked.
    pub(super) fn find(variables: Variables<'_>) -> Result<Self, String> {
        const NONE: &str = "there are no credentials: AWS_ACCESS_KEY_ID is not set";
        if variables("AWS_EC2_METADATA_DISABLED")
            .is_some_and(|said| said.eq_ignore_ascii_case("true"))
        {
            return Err(format!("{NONE}, and there is no role of a container"));
        }
        let six = variables("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
        let (base, network) = if six {
            ("http://[fd00:ec2::254]/", "fd00:ec2::254/128")
        } else {
            ("http://169.254.169.254/", "169.254.169.254/32")
        };
        let (base, reach) = match variables("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            Some(base) => (
                format!("{}/", base.trim_end_matches('/')),
                Reach::operator(),
            ),
            None => (base.to_owned(), Reach::only(network.parse::<IpNet>().ok())),
        };
        let wrong = |_| "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL".to_owned();
        let base = Url::parse(&base).map_err(wrong)?;
        Ok(Self {
            client: client(reach)?,
            base,
        })
    }

    /// Whether its client could be led there.
    #[cfg(test)]
    pub(super) fn reaches(&self, url: &str) -> bool {
        let url = Url::parse(url).expect("a test has a URL");
        self.client.reach().check(&url).is_ok()
    }

    pub(super) async fn get(&self, deadline: Instant) -> Result<Credentials, String> {
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let token = self
            .ask(Method::PUT, "latest/api/token", None, deadline)
            .await
            .map_err(|why| {
                format!(
                    "there are no credentials: AWS_ACCESS_KEY_ID is not set, there is no role of a container, and of \
                     the metadata of a machine on EC2: {why}"
                )
            })?;
        let token = text(&token, "its metadata gives no token")?;
        let token = sensitive(token)?;
        let roles = self
            .ask(Method::GET, ROLES, Some(&token), deadline)
            .await
            .map_err(|why| format!("the role of the machine: {why}"))?;
        let role = text(&roles, "the machine has no role")?;
        let role = role.lines().next().unwrap_or_default();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "+=,.@_-".contains(letter);
        if !role.chars().all(is_name) {
            return Err("the role of the machine: its name is none".to_owned());
        }
        let path = format!("{ROLES}{role}");
        let answer = self
            .ask(Method::GET, &path, Some(&token), deadline)
            .await
            .map_err(|why| format!("the role `{role}` of the machine: {why}"))?;
        let answer = answer.json();
        let code = answer.get("Code").and_then(serde_json::Value::as_str);
        Credentials::of(&answer)
            .filter(|_| code.is_none_or(|code| code == "Success"))
            .ok_or_else(|| format!("the role `{role}` of the machine: no credentials are given"))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, String> {
        let url = self.base.join(path).map_err(|_| "no URL".to_owned())?;
        let answer = ask(&self.client, deadline, || {
            let request = Request::new(method.clone(), url.clone());
            match token {
                Some(token) => request.header(TOKEN, token.clone()),
                None => request.header(TTL, HeaderValue::from_static("21600")),
            }
        })
        .await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(format!("it answers with {}", answer.status))
        }
    }
}

fn text<'a>(answer: &'a Answer, otherwise: &str) -> Result<&'a str, String> {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    if text.is_empty() {
        return Err(otherwise.to_owned());
    }
    Ok(text)
}
