//! The clients that are known: where each keeps its list of servers, and how a row of it looks.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::edit::Format;

/// Where a path begins; it differs by operating system.
#[derive(Clone, Copy, Debug)]
enum Base {
    /// The user's home.
    Home,
    /// `~/.config`, `~/Library/Application Support`, `%APPDATA%`.
    Applications,
    /// `~/.config` on macOS, too.
    Dotfiles,
}

/// How a server that is reached by a URL is written.
#[derive(Clone, Copy, Debug)]
enum Remote {
    /// Not in this file.
    No,
    /// Under this key, with this `type` beside it where there is one.
    Key(&'static str, Option<&'static str>),
}

/// A client.
#[derive(Debug)]
pub(crate) struct Client {
    /// As `--client` names it.
    pub(crate) name: &'static str,
    /// As people name it.
    pub(crate) title: &'static str,
    pub(crate) format: Format,
    /// The key of the table of servers.
    pub(crate) table: &'static str,
    base: Base,
    file: &'static str,
    /// A variable that moves the folder of `file`.
    variable: Option<&'static str>,
    /// The file of a project, below its folder.
    project: Option<&'static str>,
    /// Whether a row says `"type": "stdio"`.
    typed: bool,
    /// A list of tools that a row must have to be of any use: all of them.
    pub(super) allows: Option<&'static str>,
    remote: Remote,
    /// What makes it read the file again.
    pub(crate) reload: &'static str,
}

const RESTART: &str = "quit it and start it again";

/// All of them, those that most people have first.
pub(crate) const CLIENTS: &[Client] = &[
    Client {
        name: "claude-desktop",
        title: "Claude Desktop",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Applications,
        file: "Claude/claude_desktop_config.json",
        variable: None,
        project: None,
        typed: false,
        allows: None,
        remote: Remote::No,
        reload: RESTART,
    },
    Client {
        name: "claude-code",
        title: "Claude Code",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".claude.json",
        variable: Some("CLAUDE_CONFIG_DIR"),
        project: Some(".mcp.json"),
        typed: true,
        allows: None,
        remote: Remote::Key("url", Some("http")),
        reload: "start a new session",
    },
    Client {
        name: "cursor",
        title: "Cursor",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".cursor/mcp.json",
        variable: None,
        project: Some(".cursor/mcp.json"),
        typed: false,
        allows: None,
        remote: Remote::Key("url", None),
        reload: "switch the server on in its settings, under MCP",
    },
    Client {
        name: "vscode",
        title: "Visual Studio Code",
        format: Format::Json,
        table: "servers",
        base: Base::Applications,
        file: "Code/User/mcp.json",
        variable: None,
        project: Some(".vscode/mcp.json"),
        typed: true,
        allows: None,
        remote: Remote::Key("url", Some("http")),
        reload: "start the server: MCP: List Servers",
    },
    Client {
        name: "vscode-insiders",
        title: "Visual Studio Code Insiders",
        format: Format::Json,
        table: "servers",
        base: Base::Applications,
        file: "Code - Insiders/User/mcp.json",
        variable: None,
        project: Some(".vscode/mcp.json"),
        typed: true,
        allows: None,
        remote: Remote::Key("url", Some("http")),
        reload: "start the server: MCP: List Servers",
    },
    Client {
        name: "windsurf",
        title: "Windsurf",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".codeium/windsurf/mcp_config.json",
        variable: None,
        project: None,
        typed: false,
        allows: None,
        remote: Remote::Key("serverUrl", None),
        reload: "refresh the list of servers in Cascade",
    },
    Client {
        name: "zed",
        title: "Zed",
        format: Format::Json,
        table: "context_servers",
        base: Base::Dotfiles,
        file: "zed/settings.json",
        variable: None,
        project: Some(".zed/settings.json"),
        typed: false,
        allows: None,
        remote: Remote::Key("url", None),
        reload: "nothing else is needed",
    },
    Client {
        name: "cline",
        title: "Cline",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Applications,
        file: "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        variable: None,
        project: None,
        typed: false,
        allows: None,
        remote: Remote::Key("url", Some("streamableHttp")),
        reload: "nothing else is needed",
    },
    Client {
        name: "gemini",
        title: "Gemini CLI",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".gemini/settings.json",
        variable: None,
        project: Some(".gemini/settings.json"),
        typed: false,
        allows: None,
        remote: Remote::Key("httpUrl", None),
        reload: "start a new session",
    },
    Client {
        name: "lmstudio",
        title: "LM Studio",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".lmstudio/mcp.json",
        variable: None,
        project: None,
        typed: false,
        allows: None,
        remote: Remote::Key("url", None),
        reload: "switch the server on under Program, Install",
    },
    Client {
        name: "codex",
        title: "Codex",
        format: Format::Toml,
        table: "mcp_servers",
        base: Base::Home,
        file: ".codex/config.toml",
        variable: Some("CODEX_HOME"),
        project: Some(".codex/config.toml"),
        typed: false,
        allows: None,
        remote: Remote::Key("url", None),
        reload: "start a new session",
    },
    Client {
        name: "copilot-cli",
        title: "GitHub Copilot CLI",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".copilot/mcp-config.json",
        variable: None,
        project: None,
        typed: true,
        allows: Some("tools"),
        remote: Remote::Key("url", Some("http")),
        reload: "start a new session",
    },
    Client {
        name: "kiro",
        title: "Kiro",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".kiro/settings/mcp.json",
        variable: None,
        project: Some(".kiro/settings/mcp.json"),
        typed: false,
        allows: None,
        remote: Remote::Key("url", None),
        reload: "nothing else is needed",
    },
    Client {
        name: "cline-cli",
        title: "Cline CLI",
        format: Format::Json,
        table: "mcpServers",
        base: Base::Home,
        file: ".cline/data/settings/cline_mcp_settings.json",
        variable: None,
        project: None,
        typed: false,
        allows: None,
        remote: Remote::Key("url", Some("streamableHttp")),
        reload: "start a new session",
    },
];

/// An operating system, as far as paths go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    MacOs,
    Windows,
}

impl System {
    /// The one that this runs on.
    pub(crate) const fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Linux
        }
    }
}

impl Client {
    /// The client of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.name == name)
    }

    /// The file of the user on `system`; `None` where a variable is missing that leads there.
    pub(crate) fn file(
        &self,
        system: System,
        variable: impl Fn(&str) -> Option<PathBuf>,
    ) -> Option<PathBuf> {
        // Relative ones are of no use to a client that starts somewhere else.
        let variable = |name: &str| variable(name).filter(|path| path.has_root());
        if let Some(folder) = self.variable.and_then(variable) {
            return Some(folder.join(Path::new(self.file).file_name()?));
        }
        let home = variable(if system == System::Windows {
            "USERPROFILE"
        } else {
            "HOME"
        });
        let folder = match (self.base, system) {
            (Base::Home, _) => home?,
            (_, System::Windows) => variable("APPDATA")?,
            (Base::Applications, System::MacOs) => home?.join("Library/Application Support"),
            (Base::Dotfiles, System::MacOs) => home?.join(".config"),
            (_, System::Linux) => variable("XDG_CONFIG_HOME").or(Some(home?.join(".config")))?,
        };
        Some(folder.join(self.file))
    }

    /// The file of the project in `folder`, where the client reads one.
    pub(crate) fn project_file(&self, folder: &Path) -> Option<PathBuf> {
        self.project.map(|file| folder.join(file))
    }

    /// The row of a server that the client starts.
    pub(crate) fn local(
        &self,
        command: &str,
        arguments: &[String],
        environment: &[(String, String)],
    ) -> Value {
        let mut row = Map::new();
        if self.typed {
            row.insert("type".to_owned(), json!("stdio"));
        }
        row.insert("command".to_owned(), json!(command));
        row.insert("args".to_owned(), json!(arguments));
        if !environment.is_empty() {
            let environment: Map<String, Value> = environment
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            row.insert("env".to_owned(), environment.into());
        }
        row.extend(self.all_tools());
        row.into()
    }

    /// The row of a server that is reached by a URL; `None` where the client takes none from its file.
    pub(crate) fn remote(&self, url: &str) -> Option<Value> {
        let Remote::Key(key, kind) = self.remote else {
            return None;
        };
        let kind = kind.map(|kind| ("type".to_owned(), json!(kind)));
        let row = kind.into_iter().chain([(key.to_owned(), json!(url))]);
        Some(row.chain(self.all_tools()).collect::<Map<_, _>>().into())
    }

    fn all_tools(&self) -> Option<(String, Value)> {
        self.allows.map(|key| (key.to_owned(), json!(["*"])))
    }

    /// A server's name as the client takes it, made of a host's.
    pub(crate) fn name_of(&self, host: &str) -> String {
        match self.format {
            Format::Json => host.to_owned(),
            Format::Toml => host.replace('.', "-"),
        }
    }

    /// Whether a server may be called so: Codex makes a part of each tool's name of it.
    pub(crate) fn takes_name(&self, name: &str) -> bool {
        self.format == Format::Json || !name.contains('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the makers of the clients document.
    #[test]
    fn each_client_has_its_file_on_each_system() {
        let shown = |name: &str, system: System| {
            let variable = |name: &str| match name {
                "HOME" | "USERPROFILE" => Some(PathBuf::from("/home/x")),
                "APPDATA" => Some(PathBuf::from("/appdata")),
                _ => None,
            };
            let file = Client::named(name).unwrap().file(system, variable);
            file.unwrap().display().to_string()
        };
        for (name, system, path) in [
            (
                "claude-desktop",
                System::Linux,
                "/home/x/.config/Claude/claude_desktop_config.json",
            ),
            (
                "claude-desktop",
                System::MacOs,
                "/home/x/Library/Application Support/Claude/claude_desktop_config.json",
            ),
            (
                "claude-desktop",
                System::Windows,
                "/appdata/Claude/claude_desktop_config.json",
            ),
            ("claude-code", System::MacOs, "/home/x/.claude.json"),
            ("cursor", System::Windows, "/home/x/.cursor/mcp.json"),
            (
                "vscode",
                System::Linux,
                "/home/x/.config/Code/User/mcp.json",
            ),
            (
                "vscode",
                System::MacOs,
                "/home/x/Library/Application Support/Code/User/mcp.json",
            ),
            (
                "windsurf",
                System::Linux,
                "/home/x/.codeium/windsurf/mcp_config.json",
            ),
            ("zed", System::MacOs, "/home/x/.config/zed/settings.json"),
            ("zed", System::Linux, "/home/x/.config/zed/settings.json"),
            ("codex", System::Windows, "/home/x/.codex/config.toml"),
            ("kiro", System::MacOs, "/home/x/.kiro/settings/mcp.json"),
        ] {
            assert_eq!(shown(name, system), path, "{name} on {system:?}");
        }
    }

    #[test]
    fn variables_move_the_file_unless_they_are_relative() {
        let file = |name: &str, value: &str| {
            let variable = |asked: &str| match asked {
                "HOME" => Some(PathBuf::from("/h")),
                asked if asked == name => Some(PathBuf::from(value)),
                _ => None,
            };
            let client = match name {
                "XDG_CONFIG_HOME" => "zed",
                "CODEX_HOME" => "codex",
                _ => "claude-code",
            };
            Client::named(client)
                .unwrap()
                .file(System::Linux, variable)
                .unwrap()
        };
        assert_eq!(
            file("XDG_CONFIG_HOME", "/c"),
            Path::new("/c/zed/settings.json")
        );
        assert_eq!(
            file("XDG_CONFIG_HOME", "c"),
            Path::new("/h/.config/zed/settings.json")
        );
        assert_eq!(
            file("CLAUDE_CONFIG_DIR", "/d"),
            Path::new("/d/.claude.json")
        );
        assert_eq!(file("CODEX_HOME", "/d"), Path::new("/d/config.toml"));
        let nowhere = |_: &str| None;
        assert!(
            CLIENTS
                .iter()
                .all(|client| client.file(System::Linux, nowhere).is_none())
        );
    }

    #[test]
    fn rows_are_written_as_each_client_reads_them() {
        let row = |name: &str| Client::named(name).unwrap().remote("https://a.example/mcp");
        let url = "https://a.example/mcp";
        assert_eq!(row("claude-desktop"), None);
        assert_eq!(row("vscode"), Some(json!({"type": "http", "url": url})));
        assert_eq!(row("windsurf"), Some(json!({"serverUrl": url})));
        assert_eq!(row("gemini"), Some(json!({"httpUrl": url})));
        assert_eq!(row("codex"), Some(json!({"url": url})));
        assert_eq!(
            row("copilot-cli"),
            Some(json!({"type": "http", "url": url, "tools": ["*"]}))
        );
        let local = |name: &str| {
            Client::named(name)
                .unwrap()
                .local("/x", &["a".to_owned()], &[])
        };
        assert_eq!(local("cursor"), json!({"command": "/x", "args": ["a"]}));
        assert_eq!(
            local("vscode"),
            json!({"type": "stdio", "command": "/x", "args": ["a"]})
        );
    }
}
