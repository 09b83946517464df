//! Everything that is wrong with the settings, told at once and before anything is served.
//!
//! Reads the environment and files that settings refer to; asks nobody.

use std::time::Duration;

use super::{ALGORITHMS, AuthConfig, Mode, Problem, is_scope_token};
use crate::fetch::Endpoint;
use crate::keys::KeySources;
use crate::metadata::resource_problem;
use crate::preset::PRESETS;

const LONGEST_LEEWAY: Duration = Duration::from_mins(1);
const SHORTEST_JWKS_TTL: Duration = Duration::from_secs(30);
const LONGEST_CACHE_TTL: Duration = Duration::from_hours(1);

use Mode::{Introspection, Jwt, Keys};

impl AuthConfig {
    /// Everything that is wrong, without a look at the network. Secrets are read to see that they are there.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.settings_of_other_modes(&mut problems);
        self.scopes(&mut problems);
        match self.mode {
            Mode::None => {}
            Jwt => {
                self.tokens(&mut problems);
                self.signatures(&mut problems);
            }
            Introspection => {
                self.tokens(&mut problems);
                self.introspection(&mut problems);
            }
            Keys => self.api_keys(&mut problems),
        }
        problems
    }

    /// A setting that does nothing is one the operator believes in.
    fn settings_of_other_modes(&self, problems: &mut Vec<Problem>) {
        let tokens: &[Mode] = &[Jwt, Introspection];
        let settings: [(&str, bool, &[Mode]); 19] = [
            ("preset", self.preset.is_some(), tokens),
            ("issuer", self.issuer.is_some(), tokens),
            ("audience", self.audience.is_some(), tokens),
            ("resource", self.resource.is_some(), tokens),
            ("resource_name", self.resource_name.is_some(), tokens),
            ("jwks_url", self.jwks_url.is_some(), &[Jwt]),
            ("algorithms", self.algorithms.is_some(), &[Jwt]),
            ("jwks_ttl", self.jwks_ttl.is_some(), &[Jwt]),
            ("leeway", self.leeway.is_some(), tokens),
            ("scope_claims", self.scope_claims.is_some(), tokens),
            ("tenant_claim", self.tenant_claim.is_some(), tokens),
            ("challenge_scopes", self.challenge_scopes.is_some(), tokens),
            (
                "required_scopes",
                !self.required_scopes.is_empty(),
                &[Jwt, Introspection, Keys],
            ),
            (
                "introspection_url",
                self.introspection_url.is_some(),
                &[Introspection],
            ),
            ("client_id", self.client_id.is_some(), &[Introspection]),
            (
                "client_secret",
                self.client_secret.is_some(),
                &[Introspection],
            ),
            ("cache_ttl", self.cache_ttl.is_some(), &[Introspection]),
            ("keys_file", self.keys_file.is_some(), &[Keys]),
            ("keys", !self.keys.is_empty(), &[Keys]),
        ];
        for (name, given, modes) in settings {
            if !given || modes.contains(&self.mode) {
                continue;
            }
            let names: Vec<String> = modes
                .iter()
                .map(|mode| format!("mode = \"{}\"", mode.name()))
                .collect();
            let message = format!(
                "does nothing in mode \"{}\": take it out, or set {}",
                self.mode.name(),
                names.join(" or ")
            );
            problems.push(Problem::new(name, message));
        }
    }

    fn scopes(&self, problems: &mut Vec<Problem>) {
        let challenged = self.challenge_scopes.as_deref().unwrap_or_default();
        for (name, scopes) in [
            ("required_scopes", self.required_scopes.as_slice()),
            ("challenge_scopes", challenged),
        ] {
            for (at, scope) in scopes.iter().enumerate() {
                if !is_scope_token(scope) {
                    problems.push(Problem::new(
                        format!("{name}[{at}]"),
                        "is no scope: write one word such as \"read\", without spaces or quotes",
                    ));
                }
            }
        }
    }

    /// What both kinds of tokens need.
    fn tokens(&self, problems: &mut Vec<Problem>) {
        if self.preset.is_some() && self.preset().is_none() {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            problems.push(Problem::new(
                "preset",
                format!("is none that is known: there are {}", names.join(", ")),
            ));
        }
        self.issuer_problems(problems);
        if let Some(problem) = self.resource.as_deref().and_then(resource_problem) {
            problems.push(Problem::new("resource", problem));
        }
        for (at, audience) in self.audience.iter().flatten().enumerate() {
            if audience.is_empty() {
                problems.push(Problem::new(
                    format!("audience[{at}]"),
                    "is empty: write what tokens for this server have in `aud`, or leave `audience` out",
                ));
            }
        }
        if self.leeway() > LONGEST_LEEWAY {
            problems.push(Problem::new(
                "leeway",
                "is longer than 60s: an expired token would work that long, so set the machine's clock instead",
            ));
        }
        if self
            .scope_claims
            .as_ref()
            .is_some_and(|claims| claims.is_empty() || claims.iter().any(String::is_empty))
        {
            problems.push(Problem::new(
                "scope_claims",
                "names no claim: write for example [\"scope\"], or leave it out",
            ));
        }
        if self.tenant_claim.as_deref() == Some("") {
            problems.push(Problem::new(
                "tenant_claim",
                "names no claim: write for example \"org_id\", or leave it out",
            ));
        }
    }

    fn issuer_problems(&self, problems: &mut Vec<Problem>) {
        let Some(issuer) = self.issuer() else {
            problems.push(Problem::new(
                "issuer",
                "is missing: write whom the tokens are from, exactly as in their `iss`, such as \"https://id.example.com/\"",
            ));
            return;
        };
        match Endpoint::parse(issuer) {
            Err(problem) => problems.push(Problem::new("issuer", problem)),
            Ok(_) if issuer.contains('?') => {
                problems.push(Problem::new("issuer", "has a ?query: take it out"));
            }
            Ok(_) => {
                let problem = self
                    .preset()
                    .and_then(|preset| preset.issuer_problem(issuer));
                problems.extend(problem.map(|problem| Problem::new("issuer", problem)));
            }
        }
    }

    fn signatures(&self, problems: &mut Vec<Problem>) {
        if self.audience.as_ref().is_some_and(Vec::is_empty) {
            problems.push(Problem::new(
                "audience",
                "is empty: a token for any server would be taken, so name yours or leave `audience` out",
            ));
        }
        url_problem("jwks_url", self.jwks_url.as_deref(), problems);
        if self.jwks_ttl.is_some_and(|ttl| ttl < SHORTEST_JWKS_TTL) {
            problems.push(Problem::new(
                "jwks_ttl",
                "is shorter than 30s: write at least that, new keys are found at once anyway",
            ));
        }
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            problems.push(Problem::new(
                "algorithms",
                "is empty: no token would be taken, so leave it out",
            ));
        }
        for (at, algorithm) in self.algorithms.iter().flatten().enumerate() {
            if ALGORITHMS.contains(&algorithm.as_str()) {
                continue;
            }
            let why = match algorithm.as_str() {
                "none" => "`none` is no signature",
                "HS256" | "HS384" | "HS512" => {
                    "who can check a symmetric signature can also make one"
                }
                _ => "it is not one of those supported",
            };
            problems.push(Problem::new(
                format!("algorithms[{at}]"),
                format!("is not taken ({why}): use any of {}", ALGORITHMS.join(", ")),
            ));
        }
    }

    fn introspection(&self, problems: &mut Vec<Problem>) {
        if let Some(preset) = self.preset().filter(|preset| !preset.introspection) {
            let name = preset.name;
            problems.push(Problem::new(
                "mode",
                format!("is \"introspection\", which {name} does not offer: set mode = \"jwt\""),
            ));
        }
        url_problem(
            "introspection_url",
            self.introspection_url.as_deref(),
            problems,
        );
        match (&self.client_id, &self.client_secret) {
            (Some(_), None) => problems.push(Problem::new(
                "client_secret",
                "is missing: write where the secret of `client_id` is, \"env:NAME\" or \"file:/path\"",
            )),
            (None, Some(_)) => problems.push(Problem::new(
                "client_id",
                "is missing: write the client that `client_secret` belongs to",
            )),
            (Some(_), Some(secret)) => {
                if let Err(error) = secret.read() {
                    let message = format!("cannot be had: {error}");
                    problems.push(Problem::new("client_secret", message));
                }
            }
            (None, None) => {}
        }
        if self.client_id.as_deref() == Some("") {
            problems.push(Problem::new(
                "client_id",
                "is empty: write the one that the issuer knows this server by",
            ));
        }
        if self.cache_ttl() > LONGEST_CACHE_TTL {
            problems.push(Problem::new(
                "cache_ttl",
                "is longer than 1h: a revoked token would work that long",
            ));
        }
    }

    fn api_keys(&self, problems: &mut Vec<Problem>) {
        if self.keys.is_empty() && self.keys_file.is_none() {
            problems.push(Problem::new(
                "keys",
                "are missing: add an [[auth.keys]] table with `name`, `sha256` and `scopes`, or set `keys_file`",
            ));
            return;
        }
        problems.extend(KeySources::of(self).check());
    }
}

fn url_problem(name: &str, url: Option<&str>, problems: &mut Vec<Problem>) {
    if let Some(problem) = url.and_then(|url| Endpoint::parse(url).err()) {
        problems.push(Problem::new(name, problem));
    }
}

#[cfg(test)]
mod tests;
