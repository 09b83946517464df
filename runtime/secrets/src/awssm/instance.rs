//! The role of the machine, on EC2: its metadata, version 2 of the service alone. Version 1 answers whoever gets a
//! server to ask for a URL.

use std::time::Duration;

use mcp_factory_outbound::{Client, HeaderName, HeaderValue, Method, Request, Url};
use tokio::time::Instant;

use super::{client, credentials::Credentials, reach_of, sensitive};
use crate::{
    attempt::{Answer, ask},
    place::Variables,
};

const TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
/// Where it is, and the network of that, by both families.
const FOUR: (&str, &str) = ("http://169.254.169.254", "169.254.169.254/32");
const SIX: (&str, &str) = ("http://[fd00:ec2::254]", "fd00:ec2::254/128");
/// Who may be asked in the clear when the variable leads there: it, and this machine.
const NEAR: [&str; 4] = ["127.0.0.0/8", "::1/128", FOUR.1, SIX.1];
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
        let usual = if six { SIX } else { FOUR };
        let (base, near): (_, &[&str]) = match variables(ENDPOINT) {
            Some(base) => (base, &NEAR),
            // It is this address, and nothing else can be dialled.
            None => (usual.0.to_owned(), &[usual.1]),
        };
        let base = format!("{}/", base.trim_end_matches('/'));
        let base = Url::parse(&base).map_err(|_| format!("{ENDPOINT} is no URL"))?;
        let reach = reach_of(&base, near).map_err(|why| format!("{ENDPOINT} {why}"))?;
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

#[cfg(test)]
mod tests {
    use super::{ENDPOINT, Instance};

    #[test]
    fn a_variable_leads_in_the_clear_to_nobody_else() {
        let find = |endpoint: &str| {
            Instance::find(&|name| (name == ENDPOINT).then(|| endpoint.to_owned()))
        };
        for near in [
            "http://169.254.169.254",
            "http://[fd00:ec2::254]/",
            "http://127.0.0.1:1338/",
            "http://[::1]:1338",
            "http://localhost:1338",
            "https://metadata.example/",
        ] {
            let found = find(near);
            assert!(found.is_ok_and(|found| found.reaches(near)), "{near}");
        }
        for far in [
            "http://192.0.2.2:18991",
            "http://10.0.0.1/",
            "http://93.184.215.14/",
            "http://169.254.170.2/",
            "http://[fd00:ec2::23]/",
            "ftp://127.0.0.1/",
        ] {
            let error = find(far).unwrap_err();
            assert!(error.starts_with(ENDPOINT), "{error}");
            assert!(error.contains("in the clear"), "{error}");
        }
        // What a name leads to is seen when it is dialled.
        let named = find("http://metadata.example").unwrap();
        for far in ["http://10.0.0.1/", "http://93.184.215.14/"] {
            assert!(!named.reaches(far), "{far}");
        }
        assert!(find("canary").unwrap_err().contains("is no URL"));
    }
}
