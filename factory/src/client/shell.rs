//! One command after the other, from a terminal, a script or `--exec`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    session::{Session, Trouble},
    words::{self, Parameter},
};

const HELP: &str = "\
tools | resources | prompts   what there is; tool NAME shows one tool with its arguments
call NAME [ARGUMENTS]         a JSON object, or key=value words, or the text of the one argument it wants
NAME [ARGUMENTS]              the same for a tool whose name is no command: echo hi
read URI                      a resource
prompt NAME [key=value …]     a prompt
complete PROMPT ARGUMENT TEXT completions of a prompt's argument
raw METHOD [PARAMS]           any request; or a whole frame, as JSON
info | refresh | history | help | quit
";

/// What a command came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Text for people, and the same for programs.
    Said(String, Value),
    Quit,
}

/// Asks a person for an argument; `None` when they give none. Absent where nobody can be asked.
pub(crate) type Asker<'a> = &'a mut dyn FnMut(&Parameter) -> Option<String>;

#[derive(Debug)]
pub(crate) struct Shell {
    session: Session,
    tools: Vec<Value>,
    resources: Vec<Value>,
    templates: Vec<Value>,
    prompts: Vec<Value>,
    history: Vec<String>,
}

/// The words that begin a command.
const COMMANDS: &[&str] = &[
    "call",
    "complete",
    "help",
    "history",
    "info",
    "prompt",
    "prompts",
    "quit",
    "raw",
    "read",
    "refresh",
    "resources",
    "tool",
    "tools",
];

impl Shell {
    pub(super) fn new(session: Session) -> Result<Self, Trouble> {
        let mut shell = Self {
            session,
            tools: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            prompts: Vec::new(),
            history: Vec::new(),
        };
        shell.refresh()?;
        Ok(shell)
    }

    /// Asks for the lists anew.
    fn refresh(&mut self) -> Result<(), Trouble> {
        self.tools = self.session.list("tools/list", "tools")?;
        self.resources = self.session.list("resources/list", "resources")?;
        self.templates = self
            .session
            .list("resources/templates/list", "resourceTemplates")?;
        self.prompts = self.session.list("prompts/list", "prompts")?;
        Ok(())
    }

    /// Frames that nobody has seen, where they are wanted.
    pub(crate) fn frames(&mut self) -> Vec<String> {
        let Some(frames) = &mut self.session.frames else {
            return Vec::new();
        };
        let (mut frames, lost) = frames.take();
        if lost > 0 {
            frames.push(format!("{lost} more frames were too many to keep"));
        }
        frames
    }

    /// The words that a line may begin with, or name.
    pub(crate) fn names(&self) -> Vec<String> {
        let of = |list: &[Value], key: &str| -> Vec<String> {
            list.iter()
                .filter_map(|entry| entry[key].as_str())
                .map(str::to_owned)
                .collect()
        };
        let commands = COMMANDS.iter().map(|&word| word.to_owned());
        commands
            .chain(of(&self.tools, "name"))
            .chain(of(&self.prompts, "name"))
            .chain(of(&self.resources, "uri"))
            .collect()
    }

    /// Looks at what the server said by itself; asks anew for what it says has changed. Returns what to show.
    pub(crate) fn notices(&mut self) -> Vec<String> {
        self.session.listen();
        let (notices, lost) = self.session.notices.take();
        let mut shown = Vec::new();
        let mut changed = false;
        for notice in &notices {
            let method = notice["method"].as_str().unwrap_or_default();
            let params = &notice["params"];
            changed |= method.ends_with("/list_changed");
            shown.push(match method {
                "notifications/progress" => format!(
                    "progress {} {}",
                    params["progress"],
                    params["message"].as_str().unwrap_or_default()
                ),
                "notifications/message" => format!(
                    "log {}: {}",
                    params["level"].as_str().unwrap_or_default(),
                    text_of(&params["data"])
                ),
                _ => method.trim_start_matches("notifications/").to_owned(),
            });
        }
        if lost > 0 {
            shown.push(format!("{lost} more were too many to keep"));
            // A change may have been among them.
            changed = true;
        }
        if changed {
            shown.push(match self.refresh() {
                Ok(()) => format!(
                    "{} tools, {} resources, {} prompts now",
                    self.tools.len(),
                    self.resources.len(),
                    self.prompts.len()
                ),
                Err(trouble) => trouble.text(),
            });
        }
        shown
    }

    /// Does what a line says.
    pub(crate) fn run(&mut self, line: &str, ask: Option<Asker<'_>>) -> Result<Outcome, String> {
        self.history.push(line.to_owned());
        if line.starts_with('{') {
            let frame: Value = serde_json::from_str(line)
                .map_err(|error| format!("the frame is not JSON: {error}"))?;
            return answered(self.session.raw(&frame));
        }
        let (command, rest) = words::first(line);
        let (name, behind) = words::first(rest);
        match command {
            "tools" | "list" => Ok(listed("tools", &self.tools, "name")),
            "resources" => Ok(listed(
                "resources",
                &[&self.resources[..], &self.templates].concat(),
                "uri",
            )),
            "prompts" => Ok(listed("prompts", &self.prompts, "name")),
            "tool" => self
                .tool(name)
                .map(|tool| Outcome::Said(described(tool), tool.clone())),
            "info" => Ok(self.info()),
            "history" => Ok(Outcome::Said(self.history.join("\n"), json!(self.history))),
            "help" | "?" => Ok(Outcome::Said(HELP.to_owned(), json!(HELP))),
            "quit" | "exit" => Ok(Outcome::Quit),
            "refresh" => {
                self.refresh().map_err(|trouble| trouble.text())?;
                Ok(listed("tools", &self.tools, "name"))
            }
            "call" => self.call(name, behind, ask),
            "read" => answered(
                self.session
                    .request("resources/read", json!({ "uri": rest })),
            ),
            "prompt" => {
                let prompt = find(&self.prompts, name)
                    .ok_or_else(|| format!("there is no prompt {name:?}"))?;
                let mut given = words::arguments(behind, &asked(prompt))?;
                complete(&mut given, &asked(prompt), ask)?;
                answered(
                    self.session
                        .request("prompts/get", json!({ "name": name, "arguments": given })),
                )
            }
            "complete" => {
                let (argument, value) = words::first(behind);
                let params = json!({ "ref": { "type": "ref/prompt", "name": name }, "argument": { "name": argument, "value": value } });
                answered(self.session.request("completion/complete", params))
            }
            "raw" => {
                let params = if behind.is_empty() {
                    Ok(json!({}))
                } else {
                    serde_json::from_str(behind)
                };
                let params =
                    params.map_err(|error| format!("the parameters are not JSON: {error}"))?;
                answered(self.session.request(name, params))
            }
            tool => self.call(tool, rest, ask),
        }
    }

    fn tool(&self, name: &str) -> Result<&Value, String> {
        find(&self.tools, name).ok_or_else(|| {
            let names = self.tools.iter().filter_map(|tool| tool["name"].as_str()).chain(COMMANDS.iter().copied());
            match crate::suggest::nearest(name, names) {
                Some(near) => format!("there is no tool and no command {name:?}; did you mean {near}?"),
                None => format!("there is no tool and no command {name:?}; `help` lists the commands, `tools` the tools"),
            }
        })
    }

    fn call(&mut self, name: &str, rest: &str, ask: Option<Asker<'_>>) -> Result<Outcome, String> {
        let parameters = words::parameters(&self.tool(name)?["inputSchema"]);
        let mut given = words::arguments(rest, &parameters)?;
        // Whoever writes JSON means it as it is, and may want to see what the server says of a hole.
        if !rest.starts_with('{') {
            complete(&mut given, &parameters, ask)?;
        }
        answered(
            self.session
                .request("tools/call", json!({ "name": name, "arguments": given })),
        )
    }

    fn info(&self) -> Outcome {
        let info = &self.session.info;
        let server = if info["serverInfo"].is_object() {
            &info["serverInfo"]
        } else {
            &info["_meta"]["io.modelcontextprotocol/serverInfo"]
        };
        let mut text = String::new();
        let line = |text: &mut String, name: &str, value: &str| {
            if !value.is_empty() {
                writeln!(text, "{name:<12} {value}").expect("writing to a String cannot fail");
            }
        };
        line(
            &mut text,
            "server",
            &format!(
                "{} {}",
                server["name"].as_str().unwrap_or("?"),
                server["version"].as_str().unwrap_or_default()
            ),
        );
        line(&mut text, "era", self.session.era());
        line(
            &mut text,
            "protocol",
            info["protocolVersion"]
                .as_str()
                .unwrap_or(super::session::MODERN),
        );
        let capabilities: Vec<&str> = info["capabilities"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        line(&mut text, "capabilities", &capabilities.join(" "));
        line(
            &mut text,
            "holds",
            &format!(
                "{} tools, {} resources, {} templates, {} prompts",
                self.tools.len(),
                self.resources.len(),
                self.templates.len(),
                self.prompts.len()
            ),
        );
        line(
            &mut text,
            "says",
            info["instructions"].as_str().unwrap_or_default(),
        );
        Outcome::Said(text, info.clone())
    }
}

fn find<'a>(list: &'a [Value], name: &str) -> Option<&'a Value> {
    list.iter().find(|entry| entry["name"] == name)
}

/// The parameters of a prompt, which are all text.
fn asked(prompt: &Value) -> Vec<Parameter> {
    let arguments = prompt["arguments"].as_array().into_iter().flatten();
    arguments
        .map(|argument| Parameter {
            name: argument["name"].as_str().unwrap_or_default().to_owned(),
            required: argument["required"] == true,
            kind: "string".to_owned(),
            description: argument["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            choices: Vec::new(),
        })
        .collect()
}

/// Asks for what is missing; where nobody can be asked, says what it is.
fn complete(
    given: &mut serde_json::Map<String, Value>,
    parameters: &[Parameter],
    ask: Option<Asker<'_>>,
) -> Result<(), String> {
    let missing: Vec<&Parameter> = parameters
        .iter()
        .filter(|parameter| parameter.required && !given.contains_key(&parameter.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let Some(ask) = ask else {
        let names: Vec<&str> = missing
            .iter()
            .map(|parameter| parameter.name.as_str())
            .collect();
        return Err(format!(
            "it wants {}: write {}=VALUE",
            names.join(", "),
            names[0]
        ));
    };
    for parameter in missing {
        let text = ask(parameter).ok_or("not called")?;
        given.insert(parameter.name.clone(), words::value(parameter, &text)?);
    }
    Ok(())
}

fn listed(what: &str, entries: &[Value], key: &str) -> Outcome {
    let name = |entry: &Value| {
        entry[key]
            .as_str()
            .or(entry["uriTemplate"].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let width = entries
        .iter()
        .map(|entry| name(entry).len())
        .max()
        .unwrap_or_default()
        .min(40);
    let mut text = String::new();
    for entry in entries {
        let description = entry["description"]
            .as_str()
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        writeln!(text, "{:width$}  {description}", name(entry))
            .expect("writing to a String cannot fail");
    }
    if entries.is_empty() {
        text = format!("there are no {what}\n");
    }
    Outcome::Said(text, json!(entries))
}

fn described(tool: &Value) -> String {
    let mut text = format!(
        "{}\n{}\n",
        tool["name"].as_str().unwrap_or_default(),
        tool["description"].as_str().unwrap_or_default()
    );
    for parameter in words::parameters(&tool["inputSchema"]) {
        let need = if parameter.required {
            ""
        } else {
            ", may be left out"
        };
        let choices = if parameter.choices.is_empty() {
            String::new()
        } else {
            format!(" ({})", parameter.choices.join(" | "))
        };
        writeln!(
            text,
            "  {} {}{need}   {}{choices}",
            parameter.name, parameter.kind, parameter.description
        )
        .expect("writing to a String cannot fail");
    }
    text
}

/// The result as people read it: the text of its content, or JSON. A tool's own failure is one.
fn answered(answer: Result<Value, Trouble>) -> Result<Outcome, String> {
    let result = answer.map_err(|trouble| trouble.text())?;
    let blocks = ["content", "contents"]
        .iter()
        .find_map(|key| result[*key].as_array());
    let text = match blocks {
        Some(blocks) => blocks.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        None => serde_json::to_string_pretty(&result).unwrap_or_default(),
    };
    if result["isError"] == true {
        Err(text)
    } else {
        Ok(Outcome::Said(text, result))
    }
}

fn text_of(block: &Value) -> String {
    block.as_str().or(block["text"].as_str()).map_or_else(
        || serde_json::to_string_pretty(block).unwrap_or_default(),
        str::to_owned,
    )
}
