//! The role of a container: of a task on ECS, of a pod on EKS (Pod Identity).
//!
//! Both tell the process by variables where to ask. Asked in the clear is only who cannot be anybody else: this
//! machine, or one of the addresses that ECS and EKS have for it.

use std::path::PathBuf;

use mcp_factory_outbound::{
    Client, Request, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use mcp_factory_sdk::Secret;
use tokio::time::Instant;

use super::{
    client,
    credentials::{Credentials, token_file},
    reach_of, sensitive,
};
use crate::{attempt::ask, place::Variables};

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
/// Where ECS answers, whatever the task.
const ECS: &str = "http://169.254.170.2";
/// Who may be asked in the clear: this machine, ECS, and EKS by both families.
const NEAR: [&str; 5] = [
    "127.0.0.0/8",
    "::1/128",
    "169.254.170.2/32",
    "169.254.170.23/32",
    "fd00:ec2::23/128",
];

#[derive(Debug)]
pub(super) struct Container {
    client: Client,
    url: Url,
    token_file: Option<PathBuf>,
    token: Option<Secret<String>>,
}

impl Container {
    /// The one that the variables tell of.
    pub(super) fn find(variables: Variables<'_>) -> Result<Option<Self>, String> {
        let (name, text) = match (variables(RELATIVE), variables(FULL)) {
            (Some(path), _) if path.starts_with('/') => (RELATIVE, format!("{ECS}{path}")),
            (Some(_), _) => return Err(format!("{RELATIVE} is no path: it begins with `/`")),
            (None, Some(url)) => (FULL, url),
            (None, None) => return Ok(None),
        };
        let container = Self::at(&text).map_err(|why| format!("{name} {why}"))?;
        Ok(Some(Self {
            token_file: variables(TOKEN_FILE).map(PathBuf::from),
            token: variables(TOKEN).map(Secret::new),
            ..container
        }))
    }

    fn at(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| "is no URL".to_owned())?;
        let reach = reach_of(&url, &NEAR)?;
        Ok(Self {
            client: client(reach)?,
            url,
            token_file: None,
            token: None,
        })
    }

    pub(super) async fn get(&self, deadline: Instant) -> Result<Credentials, String> {
        // EKS changes the file, so it is read each time, and it beats the variable.
        let token = match &self.token_file {
            Some(path) => Some(token_file(path.clone(), TOKEN_FILE).await?),
            None => self.token.clone(),
        };
        let token = token.map(|token| sensitive(token.expose())).transpose()?;
        let answer = ask(&self.client, deadline, || {
            let request = Request::get(self.url.clone())
                .header(ACCEPT, HeaderValue::from_static("application/json"));
            match &token {
                Some(token) => request.header(AUTHORIZATION, token.clone()),
                None => request,
            }
        })
        .await
        .map_err(|why| format!("the role of the container: {why}"))?;
        if !answer.status.is_success() {
            let status = answer.status;
            return Err(format!(
                "the role of the container: its credentials are refused with {status}"
            ));
        }
        Credentials::of(&answer.json())
            .ok_or_else(|| "the role of the container: the answer holds no credentials".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Container;

    #[test]
    fn in_the_clear_only_who_cannot_be_anybody_else_is_asked() {
        for near in [
            "http://169.254.170.2/v2/credentials/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:8080/x",
            "http://localhost:8080/x",
            "https://credentials.example/x",
        ] {
            assert!(Container::at(near).is_ok(), "{near}");
        }
        for far in [
            "http://169.254.169.254/latest",
            "http://169.254.170.3/",
            "http://10.0.0.1/",
            "http://93.184.215.14/",
            "http://[fd00:ec2::24]/",
            "ftp://127.0.0.1/",
            "/v2/credentials",
        ] {
            assert!(Container::at(far).is_err(), "{far}");
        }
    }
}
