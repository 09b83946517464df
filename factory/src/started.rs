//! The words that a built server is started with, as other commands of it want them.
//!
//! Not here: what the words mean. A server reads them itself, in `runtime/server/src/cli/args.rs`.

use std::net::IpAddr;

/// Where a server listens unless it is told otherwise.
pub(crate) const PORT: u16 = 8080;

/// Options whose value may be a word of its own.
const WITH_VALUE: &[&str] = &[
    "--http",
    "--management",
    "--config",
    "--profile",
    "--env-file",
    "--set",
    "--log-level",
    "--log-format",
];

/// Without the word `serve`: behind another command's name it would be one too many.
pub(crate) fn options(arguments: &[String]) -> Vec<String> {
    let serve = (0..arguments.len()).find(|&at| {
        let is_value = at
            .checked_sub(1)
            .and_then(|before| arguments.get(before))
            .is_some_and(|before| WITH_VALUE.contains(&before.as_str()));
        arguments[at] == "serve" && !is_value
    });
    let mut options = arguments.to_vec();
    if let Some(serve) = serve {
        options.remove(serve);
    }
    options
}

/// The address behind `--http`, which is empty when there is none; `None` without the option.
pub(crate) fn http(arguments: &[String]) -> Option<&str> {
    let at = arguments
        .iter()
        .position(|word| word == "--http" || word.starts_with("--http="))?;
    let next = arguments.get(at + 1).map(String::as_str);
    let behind = arguments[at].strip_prefix("--http=");
    Some(
        behind
            .or(next.filter(|next| is_address(next)))
            .unwrap_or_default(),
    )
}

/// The value of the last `--set KEY=…`, as it is written.
pub(crate) fn setting<'a>(arguments: &'a [String], key: &str) -> Option<&'a str> {
    let words = arguments.iter().enumerate().rev();
    let mut values = words.filter_map(|(at, word)| match word.strip_prefix("--set=") {
        Some(setting) => Some(setting),
        None if word == "--set" => arguments.get(at + 1).map(String::as_str),
        None => None,
    });
    values.find_map(|setting| setting.strip_prefix(key)?.strip_prefix('='))
}

/// The port in what a server is told of where to listen: `8080`, `0.0.0.0:8080`, `[::]:8080`, or an address alone, which
/// leaves the usual one.
pub(crate) fn port(listen: &str) -> u16 {
    if listen.parse::<IpAddr>().is_ok() {
        return PORT;
    }
    let after = listen.rsplit_once(':').map_or(listen, |(_, port)| port);
    after.parse().unwrap_or(PORT)
}

/// For stdio: without `--http` and its address, which may be left out or stand behind a `=`.
pub(crate) fn on_stdio(arguments: &[String]) -> Vec<String> {
    let mut left = Vec::new();
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        if word == "--http" {
            words.next_if(|next| is_address(next));
        } else if !word.starts_with("--http=") {
            left.push(word.clone());
        }
    }
    left
}

/// Whether the word behind `--http` belongs to it.
fn is_address(word: &str) -> bool {
    !word.starts_with('-') && word != "serve"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_command_goes_and_a_value_of_its_name_stays() {
        for (given, left) in [
            ("serve --http 0.0.0.0:8080", "--http 0.0.0.0:8080"),
            ("--insecure serve", "--insecure"),
            ("--profile serve", "--profile serve"),
            ("--profile serve serve", "--profile serve"),
            ("--http", "--http"),
            ("", ""),
        ] {
            assert_eq!(options(&words(given)), words(left), "{given}");
        }
    }

    #[test]
    fn where_a_server_is_told_to_listen() {
        for (given, said) in [
            ("--config x", None),
            ("--http", Some("")),
            ("--http --config x", Some("")),
            ("--http serve", Some("")),
            ("serve --http 0.0.0.0:8081 --config x", Some("0.0.0.0:8081")),
            ("--http=[::]:8081", Some("[::]:8081")),
        ] {
            assert_eq!(http(&words(given)), said, "{given}");
        }
        for (listen, is) in [
            ("8081", 8081),
            ("0.0.0.0:8081", 8081),
            ("[::]:8081", 8081),
            (":8081", 8081),
            ("localhost", PORT),
            ("0.0.0.0", PORT),
            ("[::]", PORT),
            ("::1", PORT),
        ] {
            assert_eq!(port(listen), is, "{listen}");
        }
        let set = words(
            "--set a.b=1 --set=http.listen=x --set http.listen=0.0.0.0:8081 --set http.listener=2",
        );
        assert_eq!(setting(&set, "http.listen"), Some("0.0.0.0:8081"));
        assert_eq!(setting(&set, "http"), None);
    }

    #[test]
    fn an_address_goes_with_its_option() {
        for (given, left) in [
            ("--http 127.0.0.1:8080 --config x", "--config x"),
            ("--http --config x", "--config x"),
            ("--http=127.0.0.1:8080 --insecure", "--insecure"),
            ("--config x --http", "--config x"),
            ("serve --http 127.0.0.1:8080", "serve"),
        ] {
            assert_eq!(on_stdio(&words(given)), words(left), "{given}");
        }
    }
}
