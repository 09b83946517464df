//! Environment variables by the names that servers of an older framework had, so that a deployment moves
//! over as it is. They stand below the file: whoever writes one has the last word.

use super::source::Source;

const ENABLED: &str = "MCP_OAUTH_ENABLED";

/// What each means here. Those of the second kind count only with [`ENABLED`].
const ALWAYS: &[(&str, &str)] = &[("MCP_PUBLIC_URL", "http.public_url")];
const WITH_OAUTH: &[(&str, &str)] = &[
    ("MCP_OAUTH_SERVER_URL", "auth.issuer"),
    ("MCP_OAUTH_CLIENT_ID", "auth.client_id"),
];
/// Only named here: the value stays where it is.
const SECRET: (&str, &str) = ("MCP_OAUTH_CLIENT_SECRET", "auth.client_secret");

/// The variables that are set, each as a layer of its own.
pub(super) fn sources(variable: impl Fn(&str) -> Option<String>) -> Vec<Source<'static>> {
    let mut sources = Vec::new();
    let mut add = |name: &str, key: &str, value: &str| {
        let text = format!("{key} = {}", toml::Value::from(value));
        sources.push(Source::variable(name, text));
    };
    let oauth = variable(ENABLED).is_some_and(|value| is_on(&value));
    if oauth {
        // What they did: every token is shown to its issuer.
        add(ENABLED, "auth.mode", "introspection");
    }
    let names = ALWAYS.iter().chain(WITH_OAUTH.iter().filter(|_| oauth));
    for (name, key) in names {
        if let Some(value) = variable(name) {
            add(name, key, &value);
        }
    }
    if oauth && variable(SECRET.0).is_some() {
        add(SECRET.0, SECRET.1, &format!("env:{}", SECRET.0));
    }
    sources
}

/// Whatever is not plainly off is on: a misspelt word must not leave a server open.
fn is_on(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "false" | "no" | "off")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(set: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let sources = sources(variable);
        sources
            .iter()
            .map(|source| source.text.to_string())
            .collect()
    }

    #[test]
    fn the_old_names_mean_what_they_meant() {
        let set = [
            ("MCP_OAUTH_ENABLED", "True"),
            ("MCP_OAUTH_SERVER_URL", "https://id.example.com"),
            ("MCP_OAUTH_CLIENT_ID", "mcp"),
            ("MCP_OAUTH_CLIENT_SECRET", "canary"),
            ("MCP_PUBLIC_URL", "https://mcp.example.com"),
        ];
        let expected = [
            "auth.mode = \"introspection\"",
            "http.public_url = \"https://mcp.example.com\"",
            "auth.issuer = \"https://id.example.com\"",
            "auth.client_id = \"mcp\"",
            "auth.client_secret = \"env:MCP_OAUTH_CLIENT_SECRET\"",
        ];
        assert_eq!(texts(&set), expected);
    }

    #[test]
    fn a_misspelt_switch_is_on() {
        for (value, sources) in [
            ("enabled", 1),
            ("1", 1),
            ("", 0),
            ("0", 0),
            ("No", 0),
            (" off ", 0),
        ] {
            assert_eq!(
                texts(&[("MCP_OAUTH_ENABLED", value)]).len(),
                sources,
                "{value}"
            );
        }
    }

    #[test]
    fn without_oauth_only_the_url_counts() {
        let set = [
            ("MCP_OAUTH_ENABLED", "false"),
            ("MCP_OAUTH_SERVER_URL", "https://id.example.com"),
            ("MCP_PUBLIC_URL", "https://a\"\nauth.mode = \"none"),
        ];
        let texts = texts(&set);
        assert_eq!(texts.len(), 1);
        let parsed: toml::Table = texts[0].parse().unwrap();
        assert!(
            parsed.len() == 1 && parsed.contains_key("http"),
            "{parsed:?}"
        );
    }
}
