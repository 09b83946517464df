//! Names whose values are secret: those that everybody gives to secrets, those that an operator adds, and those that
//! a tool's schema marks.

use serde_json::Value;

/// How far references of a schema are followed: schemas may name themselves.
const DEEPEST: usize = 16;

/// Words that are secret wherever they stand in a name.
const WORDS: &[&str] = &[
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "cred",
    "credential",
    "dsn",
    "jwt",
    "oauth",
    "otp",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pwd",
    "secret",
    "signature",
    "token",
    "totp",
];
/// Words that are secret at the end of a name: elsewhere they are others (`pass_rate`).
const LAST: &[&str] = &["pass", "pat", "pw", "sid", "sig"];
/// What is secret at the end of a name, even of one that is written in one piece.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accountkey",
    "apikey",
    "authkey",
    "connectionstring",
    "encryptionkey",
    "masterkey",
    "passkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "sessionid",
    "sharedkey",
    "signingkey",
    "sshkey",
    "token",
];
/// Counted by models, and otherwise secret.
const TOKENS: &str = "tokens";

/// Whether what stands under `name` is secret, by the name alone.
pub(super) fn is_secret(name: &str, value: &Value) -> bool {
    // A flag or nothing at all tells nothing.
    if matches!(value, Value::Bool(_) | Value::Null) {
        return false;
    }
    // Of a number: how many there are.
    let is_one = |word: &str, of: &[&str], ends: bool| {
        let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_known = |word: &str| {
            of.iter()
                .any(|known| word == *known || (ends && word.ends_with(known)))
        };
        let is_count = word.ends_with(TOKENS) && value.is_number();
        !is_count && (is_known(word) || word.strip_suffix('s').is_some_and(is_known))
    };
    let words = words(name);
    // `PASSWORD_1`
    let is_name = |word: &&String| word.chars().any(|letter| !letter.is_ascii_digit());
    let last = words.iter().rev().find(is_name);
    words.iter().any(|word| is_one(word, WORDS, false))
        || last.is_some_and(|word| is_one(word, LAST, false))
        || is_one(&words.concat(), ENDINGS, true)
}

/// A name but for how it is written, a number behind and a plural: what is the same of two is one name.
pub(super) fn stem(name: &str) -> String {
    let mut plain = plain(name);
    let bare = plain.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let bare = bare.strip_suffix('s').unwrap_or(bare).len();
    if bare > 0 {
        plain.truncate(bare);
    }
    plain
}

/// A name without what different people write between its words; as it is, if it has none.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    if plain.is_empty() {
        name.to_owned()
    } else {
        plain
    }
}

/// The words of a name: `clientSecret`, `client_secret` and `Client-Secret` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let begins = letter.is_uppercase() && was_lower;
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The names of all properties of `schema`, at any depth, that it marks as secret: `writeOnly`, or the format
/// `password`.
pub(super) fn marked(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    gather(schema, schema, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn gather(root: &Value, node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            for (key, member) in members {
                if let ("properties", Value::Object(properties)) = (key.as_str(), member) {
                    let secret = properties
                        .iter()
                        .filter(|(_, schema)| is_marked(root, schema, 0));
                    found.extend(secret.map(|(name, _)| name.clone()));
                }
                gather(root, member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(root, item, found)),
        _ => {}
    }
}

fn is_marked(root: &Value, schema: &Value, depth: usize) -> bool {
    let Some(members) = schema.as_object().filter(|_| depth < DEEPEST) else {
        return false;
    };
    let further = |schema: &Value| is_marked(root, schema, depth + 1);
    let target = || {
        let path = members.get("$ref")?.as_str()?.strip_prefix('#')?;
        root.pointer(path)
    };
    members.get("writeOnly") == Some(&Value::Bool(true))
        || members
            .get("format")
            .is_some_and(|format| format == "password")
        || ["items", "additionalProperties"]
            .iter()
            .any(|key| members.get(*key).is_some_and(further))
        || ["anyOf", "oneOf", "allOf", "prefixItems"]
            .iter()
            .filter_map(|key| members.get(*key)?.as_array())
            .any(|choices| choices.iter().any(further))
        || target().is_some_and(further)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        for name in [
            "password",
            "PASSWORD",
            "dbPassword",
            "db_passwd",
            "token",
            "accessToken",
            "access-token",
            "accesstoken",
            "GITHUB_TOKEN",
            "x-api-key",
            "api_key",
            "apiKey",
            "apikey",
            "Authorization",
            "Proxy-Authorization",
            "Set-Cookie",
            "client_secret",
            "aws_secret_access_key",
            "privateKey",
            "otp",
            "pin",
            "tokens",
            "password1",
            "PASSWORD_1",
            "api_keys",
            "private_keys",
            "pass",
            "db_pass",
            "ssh_key",
            "session_id",
            "sessionId",
            "sig",
            "signature",
            "github_pat",
            "SENTRY_DSN",
            "connectionString",
        ] {
            assert!(is_secret(name, &json!("x")), "{name}");
        }
        for name in [
            "path",
            "key",
            "primary_key",
            "keyboard",
            "author",
            "authority",
            "tokenizer",
            "pinned",
            "spinning",
            "secretary",
            "code",
            "name",
            "note",
            "notes",
            "bypass",
            "compass",
            "pass_rate",
            "session",
            "signal",
            "design",
            "patch",
            "",
        ] {
            assert!(!is_secret(name, &json!("x")), "{name}");
        }
        assert!(!is_secret("max_tokens", &json!(100)));
        assert!(!is_secret("maxtokens", &json!(100)));
        assert!(is_secret("pin", &json!(1234)));
        assert!(!is_secret("has_password", &json!(true)));
    }

    #[test]
    fn a_name_is_the_same_in_another_case_and_number() {
        for other in ["CODE", "codes", "code2", "co_de"] {
            assert!(stem(other) == "code", "{other}");
        }
        for (one, other) in [("code", "coder"), ("", "s"), ("_", "-"), ("1", "2")] {
            assert!(stem(one) != stem(other), "{one} {other}");
        }
    }

    #[test]
    fn a_schema_marks_at_any_depth_and_behind_references() {
        let schema = json!({
            "properties": {
                "code": {"type": "string", "writeOnly": true},
                "login": {"type": "object", "properties": {"word": {"type": "string", "format": "password"}}},
                "maybe": {"anyOf": [{"$ref": "#/$defs/Hidden"}, {"type": "null"}]},
                "many": {"type": "array", "items": {"$ref": "#/$defs/Hidden"}},
                "self": {"$ref": "#"},
                "path": {"type": "string"},
            },
            "$defs": {"Hidden": {"writeOnly": true}},
        });
        assert_eq!(marked(&schema), ["code", "many", "maybe", "word"]);
        let endless = json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}});
        assert_eq!(marked(&endless), [""; 0]);
    }
}
