//! Gates with secrets of their own, and the authenticator that shows their codes.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc, time::Duration};

use mcp_factory_guard::{Clock, GateConfig, Gates, Shared};
use tempfile::TempDir;
use totp_rs::{Builder, Secret};

use crate::server::Redis;

/// When every test begins: the first second of a step.
pub(crate) const NOW: u64 = 1_800_000_000;
/// Long enough for a slow machine to make a few calls in, short enough to wait for.
pub(crate) const LOCKOUT: Duration = Duration::from_secs(4);
pub(crate) const INACTIVITY: Duration = Duration::from_secs(4);
/// The secrets of two groups.
pub(crate) const SHELL: &str = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP";
pub(crate) const GIT: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Where gates keep what they remember.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) redis: Option<Redis>,
}

impl Place {
    /// In this process.
    pub(crate) fn here() -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a folder"),
            redis: None,
        };
        place.put("shell", SHELL);
        place.put("git", GIT);
        place
    }

    /// In a Redis.
    pub(crate) fn redis() -> Self {
        Self {
            redis: Some(Redis::start()),
            ..Self::here()
        }
    }

    pub(crate) fn path(&self, group: &str) -> PathBuf {
        self.folder.path().join(group)
    }

    /// Puts a secret into the file of a group.
    pub(crate) fn put(&self, group: &str, secret: &str) {
        let path = self.path(group);
        fs::write(&path, secret).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
    }

    /// Two groups, and short times.
    pub(crate) fn config(&self) -> GateConfig {
        let group = |name| {
            format!(
                "\"{name}\":{{\"secret\":\"file:{}\",\"inactivity\":\"4s\"}}",
                self.path(name).display()
            )
        };
        let json = format!("{{\"groups\":{{{},{}}}}}", group("shell"), group("git"));
        GateConfig {
            lockout: LOCKOUT,
            ..serde_json::from_str(&json).expect("a configuration")
        }
    }

    /// Gates whose clock shows `NOW`.
    pub(crate) fn gates(&self) -> Gates {
        self.gates_of(&self.config())
    }

    pub(crate) fn gates_of(&self, config: &GateConfig) -> Gates {
        self.make("notes", config)
    }

    /// Those of another server.
    pub(crate) fn gates_named(&self, server: &str) -> Gates {
        self.make(server, &self.config())
    }

    fn make(&self, server: &str, config: &GateConfig) -> Gates {
        let shared = self
            .redis
            .as_ref()
            .map(|redis| Arc::new(Shared::new(&redis.config()).expect("a configuration")));
        let clock = Clock::following(NOW);
        Gates::new(server, config, &["shell", "git"], shared, clock).expect("they are made")
    }
}

/// What an authenticator with this secret shows at a time.
pub(crate) fn code(secret: &str, unix_seconds: u64) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).expect("base32");
    let totp = Builder::new()
        .with_secret(secret)
        .build()
        .expect("a secret of 160 bits");
    totp.generate(unix_seconds).to_string()
}

/// What it does not show, give or take five minutes.
pub(crate) fn wrong(secret: &str) -> String {
    let shown: Vec<String> = (NOW - 300..NOW + 300)
        .step_by(30)
        .map(|at| code(secret, at))
        .collect();
    let mut other = (918_273..919_273).map(|number| format!("{number:06}"));
    other
        .find(|code| !shown.contains(code))
        .expect("there are more codes than that")
}
