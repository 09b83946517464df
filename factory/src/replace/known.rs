//! Which packages a built-in plugin replaces, and how a command line names them.

/// Packages by the plugin that replaces them. Names are lowercase, with `-` for `_`.
const PACKAGES: &[(&str, &[&str])] = &[
    (
        "fs",
        &[
            "@modelcontextprotocol/server-filesystem",
            "mcp-server-filesystem",
            "rust-mcp-filesystem",
            "mcp/filesystem",
        ],
    ),
    ("sqlite", &["mcp-server-sqlite", "mcp-sqlite", "mcp/sqlite"]),
    (
        "postgres",
        &[
            "@modelcontextprotocol/server-postgres",
            "postgres-mcp",
            "crystaldba/postgres-mcp",
            "mcp/postgres",
        ],
    ),
    (
        "github",
        &[
            "@modelcontextprotocol/server-github",
            "github-mcp-server",
            "ghcr.io/github/github-mcp-server",
            "mcp/github",
        ],
    ),
    ("fetch", &["mcp-server-fetch", "mcp/fetch"]),
    (
        "memory",
        &["@modelcontextprotocol/server-memory", "mcp/memory"],
    ),
    ("time", &["mcp-server-time", "mcp/time"]),
    (
        "sequential-thinking",
        &[
            "@modelcontextprotocol/server-sequential-thinking",
            "mcp/sequentialthinking",
        ],
    ),
    ("git", &["mcp-server-git", "mcp/git"]),
    (
        "slack",
        &["@modelcontextprotocol/server-slack", "mcp/slack"],
    ),
    (
        "linear",
        &[
            "@tacticlaunch/mcp-linear",
            "linear-mcp-server",
            "mcp-linear",
        ],
    ),
    ("notion", &["@notionhq/notion-mcp-server", "mcp/notion"]),
    ("s3", &["aws-s3-mcp", "mcp-server-s3"]),
    (
        "shell",
        &["mcp-shell-tools", "mcp-server-shell", "mcp-shell-server"],
    ),
    ("code", &["llm-sandbox"]),
];

/// The plugin that replaces what a command line starts, the package by its plain name (what stands around it
/// on the command line may be an address with a token in it), and the words after it. Runners (`npx -y`, `uvx --from`, `docker run …`, `cmd /c npx`, `python -m`) come before the
/// package, so the first word that names one decides.
pub(super) fn find(command: &[String]) -> Option<(&'static str, &'static str, &[String])> {
    command.iter().enumerate().find_map(|(index, word)| {
        let name = normal(word);
        let (plugin, package) = PACKAGES.iter().find_map(|(plugin, packages)| {
            let package = packages.iter().find(|package| **package == name)?;
            Some((*plugin, *package))
        })?;
        Some((plugin, package, &command[index + 1..]))
    })
}

/// `Mcp_Server_Git@2026.1` is `mcp-server-git`; so is `/usr/bin/mcp-server-git`, and `image:tag` is `image`.
fn normal(word: &str) -> String {
    let word = word.to_ascii_lowercase().replace('_', "-");
    // A scope begins with an `@` that is not a version's.
    let (scope, rest) = match word.strip_prefix('@') {
        Some(rest) => ("@", rest),
        None => ("", word.as_str()),
    };
    let end = rest
        .find('@')
        .or_else(|| rest.find("=="))
        .or_else(|| rest.find('['))
        .or_else(|| {
            rest.rfind(':')
                .filter(|colon| !rest[*colon..].contains('/'))
        })
        .unwrap_or(rest.len());
    let name = &rest[..end];
    let name = if name.starts_with('/') {
        name.rsplit('/').next().unwrap_or(name)
    } else {
        name
    };
    format!("{scope}{name}")
}
