//! Why Redis cannot be used, in words for the operator.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::url::{NoTarget, Target};

/// Holds nothing of what Redis answered but its code: an answer to a command that it does not know
/// repeats the arguments, and a password is one.
#[derive(Debug, thiserror::Error)]
pub(super) enum Loss {
    #[error("it did not answer in time")]
    Silent,
    #[error("{address}: {error}")]
    Io {
        address: String,
        error: std::io::Error,
    },
    #[error("the connection was lost")]
    Closed,
    #[error("it refuses the user name or the password: correct redis.url")]
    Credentials,
    #[error(
        "its user may not do what is asked ({code}): allow EVALSHA, SCRIPT and every key of the prefix"
    )]
    Forbidden { code: &'static str },
    #[error("it answered {code}")]
    Refused { code: String },
    #[error("the host in redis.url is no name that a certificate can hold")]
    Name,
    #[error(
        "this machine has no certificates to trust: install ca-certificates, or set SSL_CERT_FILE"
    )]
    NoRoots,
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    #[error("connecting was given up")]
    Abandoned,
}

impl Loss {
    pub(super) fn io(target: &Target, error: std::io::Error) -> Self {
        Self::Io {
            address: target.to_string(),
            error,
        }
    }

    pub(super) fn of(error: &RedisError) -> Self {
        match (error.kind(), error.code()) {
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
                Self::Credentials
            }
            (ErrorKind::Server(ServerErrorKind::NoPerm), _) => Self::Forbidden { code: "NOPERM" },
            (_, Some(code)) => Self::Refused {
                // A code is one word; whatever else answers there may send anything.
                code: code
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .take(24)
                    .collect(),
            },
            (ErrorKind::Io, None) => Self::Closed,
            (_, None) => Self::Refused {
                code: error.category().to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_by_its_code_alone() {
        for (code, told) in [
            ("ERRX", "it answered ERRX"),
            ("NO\nPE", "it answered NOPE"),
            (
                "WRONGPASS",
                "it refuses the user name or the password: correct redis.url",
            ),
        ] {
            let error = redis::make_extension_error(code.to_owned(), Some("canary".to_owned()));
            assert!(error.to_string().contains("canary"));
            assert_eq!(Loss::of(&error).to_string(), told);
        }
        let long = redis::make_extension_error("X".repeat(1_000), None);
        assert_eq!(
            Loss::of(&long).to_string(),
            format!("it answered {}", "X".repeat(24))
        );
    }
}
