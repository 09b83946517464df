//! The words that a built server is started with, as other commands of it want them.
//!
//! Not here: what the words mean. A server reads them itself, in `runtime/server/src/cli/args.rs`.

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

/// For stdio: without `--http` and its address, which may be left out or stand behind a `=`.
pub(crate) fn on_stdio(arguments: &[String]) -> Vec<String> {
    let mut left = Vec::new();
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        if word == "--http" {
            words.next_if(|next| !next.starts_with('-') && *next != "serve");
        } else if !word.starts_with("--http=") {
            left.push(word.clone());
        }
    }
    left
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
