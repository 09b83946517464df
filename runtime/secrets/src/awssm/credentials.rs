//! Whose credentials sign: those that were given, or those of a role, in the order of AWS's own SDKs.
//!
//! Settings and variables, then a web identity, then the role of the container, then that of the machine. The first
//! that is there is taken, and when it fails the next is not tried: another role than the one that was meant is worse
//! than none. Files of profiles are not read.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use mcp_factory_sdk::{Secret, SecretReference};
use serde_json::Value;
use tokio::time::Instant;

use super::{container::Container, instance::Instance, time, web_identity::WebIdentity};
use crate::{
    AwsConfig,
    place::{Variables, read},
};

/// Credentials of a role are got anew when they are good for less than this.
const SOON: Duration = Duration::from_mins(5);

/// A key, and until when it is good.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) access_key: Secret<String>,
    pub(super) secret_key: Secret<String>,
    pub(super) session_token: Option<Secret<String>>,
    /// `None` for those that do not say.
    pub(super) expires: Option<SystemTime>,
}

impl Credentials {
    /// Those in the JSON that containers and machines are given.
    pub(super) fn of(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            access_key: Secret::new(text("AccessKeyId")?),
            secret_key: Secret::new(text("SecretAccessKey")?),
            session_token: text("Token").map(Secret::new),
            expires: text("Expiration").and_then(|text| time::parse(&text)),
        })
    }

    fn is_good_for(&self, span: Duration) -> bool {
        let then = SystemTime::now() + span;
        self.expires.is_none_or(|expires| then < expires)
    }
}

/// Where credentials come from, with those that came last.
#[derive(Debug)]
pub(super) struct Provider {
    source: Source,
    kept: Option<Credentials>,
}

#[derive(Debug)]
enum Source {
    Given(Given),
    WebIdentity(WebIdentity),
    Container(Container),
    Instance(Instance),
}

#[derive(Debug)]
struct Given {
    access_key: SecretReference,
    secret_key: SecretReference,
    session_token: Option<SecretReference>,
}

impl Provider {
    pub(super) fn new(
        config: &AwsConfig,
        region: &str,
        variables: Variables<'_>,
    ) -> Result<Self, String> {
        let source = if let Some(given) = Given::find(config) {
            Source::Given(given)
        } else if let Some(identity) = WebIdentity::find(region, variables)? {
            Source::WebIdentity(identity)
        } else if let Some(container) = Container::find(variables)? {
            Source::Container(container)
        } else {
            Source::Instance(Instance::find(variables)?)
        };
        Ok(Self { source, kept: None })
    }

    /// Credentials that are good now.
    pub(super) async fn current(&mut self, deadline: Instant) -> Result<Credentials, String> {
        if let Some(kept) = &self.kept
            && kept.is_good_for(SOON)
        {
            return Ok(kept.clone());
        }
        let got = match &self.source {
            // Read each time: files are rotated.
            Source::Given(given) => return given.read().await,
            Source::WebIdentity(identity) => identity.get(deadline).await,
            Source::Container(container) => container.get(deadline).await,
            Source::Instance(instance) => instance.get(deadline).await,
        };
        match (got, &self.kept) {
            (Ok(got), _) => Ok(self.kept.insert(got).clone()),
            // Who gives them is away for a moment, and the old ones are still good for a few minutes.
            (Err(_), Some(kept)) if kept.is_good_for(Duration::ZERO) => Ok(kept.clone()),
            (Err(why), _) => Err(why),
        }
    }

    /// The next round gets new ones.
    pub(super) fn forget(&mut self) {
        self.kept = None;
    }
}

impl Given {
    /// The settings, or the variables in their place; `None` when there is nothing of either.
    fn find(config: &AwsConfig) -> Option<Self> {
        let (access_key, secret_key) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
        let none = config.access_key.is_none() && config.secret_key.is_none();
        // Variables of a development file are read as variables are.
        let is_set = |name: &str| SecretReference::Environment(name.to_owned()).read().is_ok();
        if none && !is_set(access_key) && !is_set(secret_key) {
            return None;
        }
        let or = |reference: &Option<SecretReference>, variable: &str| {
            let reference = reference.clone();
            reference.unwrap_or_else(|| SecretReference::Environment(variable.to_owned()))
        };
        let token = "AWS_SESSION_TOKEN";
        let token_in_variable =
            || is_set(token).then(|| SecretReference::Environment(token.to_owned()));
        Some(Self {
            access_key: or(&config.access_key, access_key),
            secret_key: or(&config.secret_key, secret_key),
            session_token: config.session_token.clone().or_else(token_in_variable),
        })
    }

    async fn read(&self) -> Result<Credentials, String> {
        let session_token = match &self.session_token {
            Some(reference) => Some(read("secrets.awssm.session_token", reference).await?),
            None => None,
        };
        Ok(Credentials {
            access_key: read("secrets.awssm.access_key", &self.access_key).await?,
            secret_key: read("secrets.awssm.secret_key", &self.secret_key).await?,
            session_token,
            expires: None,
        })
    }
}

/// The token in a file, read where that may wait. Orchestrators mount it readable to all of the pod, so its mode says
/// nothing.
pub(super) async fn token_file(path: PathBuf, variable: &str) -> Result<Secret<String>, String> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let text = text
        .map_err(|_| "the process is stopping".to_owned())?
        .map_err(|error| format!("the file that {variable} names cannot be read: {error}"))?;
    Ok(Secret::new(text.trim().to_owned()))
}
