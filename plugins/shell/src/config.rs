//! The settings, as they stand in the configuration file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the shell plugin. The commands themselves are declared in the manifest.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What to do where the kernel lacks a part of the sandbox.
    pub sandbox: SandboxMode,
    /// Whom to run programs as, "UID:GID" in numbers; only a server that runs as root can.
    pub user: Option<String>,
    /// Lets a server that runs as root run programs as root, without its capabilities.
    pub allow_root: bool,
    /// How many commands run at once; further calls wait for their turn.
    #[schemars(range(min = 1, max = 256))]
    pub max_concurrent: usize,
    /// How many calls may wait; more are refused.
    #[schemars(range(max = 4096))]
    pub max_waiting: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sandbox: SandboxMode::Require,
            user: None,
            allow_root: false,
            max_concurrent: 4,
            max_waiting: 32,
        }
    }
}

/// How the sandbox is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// All of it, or the server does not start.
    Require,
    /// What the kernel has; what it lacks is in the log.
    BestEffort,
    /// Neither Landlock nor seccomp. Limits, time and output are held all the same.
    Off,
}

/// A user and a group, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What is wrong with a setting, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("`{0}` is {1}; it must be at least {2} and at most {3}")]
    Range(&'static str, usize, usize, usize),
    #[error("`user` is \"{0}\"; write two numbers, \"UID:GID\", such as \"65534:65534\"")]
    User(String),
    #[error("`user` is root; name a user that owns nothing, or set `allow_root` if that is meant")]
    UserIsRoot,
    #[error(
        "`user` is set, but the server does not run as root, so it cannot run programs as somebody else; remove `user`"
    )]
    CannotSwitch,
    #[error(
        "the server runs as root, and so would its programs; set `user` to \"UID:GID\" of a user that owns nothing (such as \"65534:65534\"), run the server as another user, or set `allow_root = true`"
    )]
    Root,
}

impl Config {
    /// Judges the settings for a server that runs as `effective` user.
    pub(crate) fn check(&self, effective: u32) -> Result<Option<User>, ConfigError> {
        if !(1..=256).contains(&self.max_concurrent) {
            return Err(ConfigError::Range(
                "max_concurrent",
                self.max_concurrent,
                1,
                256,
            ));
        }
        if self.max_waiting > 4096 {
            return Err(ConfigError::Range("max_waiting", self.max_waiting, 0, 4096));
        }
        let Some(text) = &self.user else {
            let root = effective == 0 && !self.allow_root;
            return if root {
                Err(ConfigError::Root)
            } else {
                Ok(None)
            };
        };
        let user = User::parse(text).ok_or_else(|| ConfigError::User(text.clone()))?;
        if user.uid == 0 || user.gid == 0 {
            return Err(ConfigError::UserIsRoot);
        }
        if effective != 0 {
            return Err(ConfigError::CannotSwitch);
        }
        Ok(Some(user))
    }
}

impl User {
    fn parse(text: &str) -> Option<Self> {
        let (uid, gid) = text.split_once(':')?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // The last number means "none" to the kernel.
            digits
                .then(|| text.parse().ok())
                .flatten()
                .filter(|number| *number != u32::MAX)
        };
        Some(Self {
            uid: number(uid)?,
            gid: number(gid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Config), effective: u32) -> Result<Option<User>, ConfigError> {
        let mut config = Config::default();
        change(&mut config);
        config.check(effective)
    }

    #[test]
    fn root_runs_nothing_as_root_unless_told() {
        assert_eq!(with(|_| (), 0), Err(ConfigError::Root));
        assert_eq!(with(|_| (), 1000), Ok(None));
        assert_eq!(with(|config| config.allow_root = true, 0), Ok(None));
        let nobody = |config: &mut Config| config.user = Some("65534:65533".into());
        let (uid, gid) = (65_534, 65_533);
        assert_eq!(with(nobody, 0), Ok(Some(User { uid, gid })));
        assert_eq!(with(nobody, 1000), Err(ConfigError::CannotSwitch));
        for text in ["0:0", "0:5", "5:0"] {
            let root = |config: &mut Config| config.user = Some(text.into());
            assert_eq!(with(root, 0), Err(ConfigError::UserIsRoot));
        }
    }

    #[test]
    fn what_is_no_user_and_no_number_is_told() {
        for text in [
            "",
            "nobody",
            "1",
            "1:",
            ":1",
            "-1:1",
            "1:1:1",
            "4294967295:1",
            "+1:1",
        ] {
            let user = |config: &mut Config| config.user = Some(text.into());
            assert_eq!(with(user, 0), Err(ConfigError::User(text.into())));
        }
        for number in [0, 257] {
            let error = with(|config| config.max_concurrent = number, 1).expect_err("refused");
            assert!(error.to_string().contains("`max_concurrent`"), "{error}");
        }
        let error = with(|config| config.max_waiting = 4097, 1).expect_err("refused");
        assert!(error.to_string().contains("`max_waiting`"), "{error}");
    }
}
