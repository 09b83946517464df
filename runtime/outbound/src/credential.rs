//! A credential for a service: named in the configuration, read at the start, and read again when it stands
//! in a file or in a store.

use mcp_factory_sdk::{Secret, SecretProblem, SecretReference, StartError};

/// Where a token or key is, and what it was when the plugin started.
#[derive(Debug)]
pub struct Credential {
    reference: SecretReference,
    first: Secret<String>,
}

impl Credential {
    /// Reads it for the first time. `key` is the setting that names it; `check` says what is wrong with one
    /// that is no credential of this service.
    ///
    /// # Errors
    /// Why there is none, or why it is not one to be used, for the operator; never any of it.
    pub async fn open(
        key: &str,
        reference: Option<SecretReference>,
        check: fn(&str) -> Result<(), &'static str>,
    ) -> Result<Self, StartError> {
        let reference = reference.ok_or_else(|| {
            StartError::new(format!(
                "`{key}` is not set: write \"env:NAME\" or \"file:/path\""
            ))
        })?;
        let first = read(reference.clone())
            .await
            .map_err(|problem| StartError::new(format!("`{key}`")).because(problem))?;
        let text = first.expose();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(StartError::new(format!(
                "`{key}` holds a character that no token has; look for a line break or a quote in it"
            )));
        }
        check(text).map_err(|why| StartError::new(format!("`{key}` {why}")))?;
        Ok(Self { reference, first })
    }

    /// The credential as it is now: an operator may replace a file, or what is in a store, while the server runs.
    ///
    /// # Errors
    /// Why there is none any more.
    pub async fn current(&self) -> Result<Secret<String>, SecretProblem> {
        match &self.reference {
            SecretReference::Environment(_) => Ok(self.first.clone()),
            SecretReference::Store(_) => self.reference.read(),
            SecretReference::File(_) => read(self.reference.clone()).await,
        }
    }
}

async fn read(reference: SecretReference) -> Result<Secret<String>, SecretProblem> {
    let place = reference.to_string();
    let read = tokio::task::spawn_blocking(move || reference.read()).await;
    read.unwrap_or(Err(SecretProblem::NotText(place)))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, SecretReference) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        (folder, SecretReference::File(path))
    }

    #[tokio::test]
    async fn a_file_is_read_anew() {
        let (folder, reference) = file("one");
        let credential = Credential::open("token", Some(reference), |_| Ok(())).await;
        let credential = credential.expect("there is one");
        fs::write(folder.path().join("token"), "two").expect("a file");
        let now = credential.current().await.expect("there is one");
        assert_eq!(now.expose(), "two");
        fs::remove_file(folder.path().join("token")).expect("it is there");
        assert!(credential.current().await.is_err());
    }

    #[tokio::test]
    async fn what_a_store_holds_now_is_taken() {
        let keep =
            |text: &str| mcp_factory_sdk::keep_secret("vault:a/b#c", Secret::new(text.to_owned()));
        keep("one");
        let reference = SecretReference::Store("vault:a/b#c".to_owned());
        let credential = Credential::open("token", Some(reference), |_| Ok(())).await;
        let credential = credential.expect("there is one");
        keep("two");
        let now = credential.current().await.expect("there is one");
        assert_eq!(now.expose(), "two");
    }

    #[tokio::test]
    async fn what_is_none_is_refused_by_its_key_and_not_repeated() {
        let (_folder, broken) = file("can\u{a0}ary");
        let (_other, wrong) = file("canary");
        let gone = SecretReference::File("/nowhere/at/all".into());
        for (reference, words) in [
            (
                None,
                "`api_key` is not set: write \"env:NAME\" or \"file:/path\"",
            ),
            (
                Some(broken),
                "`api_key` holds a character that no token has",
            ),
            (Some(wrong), "`api_key` is of another kind"),
            (Some(gone), "`api_key`: /nowhere/at/all cannot be read"),
        ] {
            let opened =
                Credential::open("api_key", reference, |_| Err("is of another kind")).await;
            let error = opened.expect_err("none").to_string();
            assert!(
                error.starts_with(words) && !error.contains("canary"),
                "{error}"
            );
        }
    }
}
