//! `mcp-factory install`: a server's row in the configuration of a client.

use std::{
    env,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    built::Built,
    error::{AtPath as _, Code, Failure, Result},
    install::{self, Client, System},
};

use super::{arguments::InstallArguments, binary::or_of_manifest, session::Session};

pub(super) fn run(session: &mut Session<'_>, arguments: &InstallArguments) -> Result<()> {
    let client =
        Client::named(&arguments.client).expect("the command line takes known clients only");
    let path = place(client, arguments)?;
    let (name, row) = row(session, client, arguments)?;
    let change = if arguments.undo {
        install::undo(client, &path, &name)?
    } else {
        install::install(client, &path, &name, &row, arguments.replace)?
    };
    let shown = path.display();
    let step = if arguments.undo { "undo" } else { "install" };
    let mut event = json!({
        "step": step, "client": client.name, "name": name, "path": path, "row": change.row(),
    });
    if change.is_empty() {
        event["changed"] = json!(false);
        session.report.step(
            "Unchanged",
            &format!("{} has {name} already, in {shown}", client.title),
            &event,
        );
        return Ok(());
    }
    if arguments.dry_run {
        event["difference"] = json!(change.difference(&path));
        if session.report.is_json() {
            session.report.event(&event);
        } else {
            session.report.data(&change.difference(&path));
        }
        return Ok(());
    }
    session.interrupt.check()?;
    let backup = change.apply()?;
    event["changed"] = json!(true);
    event["backup"] = json!(backup);
    let (verb, text) = if arguments.undo {
        (
            "Took back",
            format!("{name} from {}, in {shown}", client.title),
        )
    } else {
        (
            "Installed",
            format!("{name} for {}, in {shown}", client.title),
        )
    };
    session.report.step(verb, &text, &event);
    if let Some(backup) = backup {
        session
            .report
            .line("Kept", &format!("what was there: {}", backup.display()));
    }
    // What a client does to find a server is not what it does to lose one.
    let next = if arguments.undo {
        "what runs keeps the server until it is started again"
    } else {
        client.reload
    };
    session
        .report
        .line("Next", &format!("{}: {next}", client.title));
    Ok(())
}

/// The file to change.
fn place(client: &Client, arguments: &InstallArguments) -> Result<PathBuf> {
    let named = match &arguments.file {
        Some(file) => Some(file.clone()),
        None if arguments.project => {
            Some(client.project_file(Path::new(".")).ok_or_else(|| {
                Failure::new(
                    Code::Usage,
                    format!("{} has no configuration of a project", client.title),
                )
                .fix("leave --project out")
            })?)
        }
        None => client.file(System::here(), |name| env::var_os(name).map(PathBuf::from)),
    };
    let Some(path) = named else {
        let message = format!(
            "{} keeps its configuration in the home directory, and HOME is not set",
            client.title
        );
        return Err(Failure::new(Code::NoHome, message)
            .fix("set HOME, or name the file with --file")
            .into());
    };
    std::path::absolute(&path).at_path("find", &path)
}

/// The name and the row.
fn row(
    session: &Session<'_>,
    client: &Client,
    arguments: &InstallArguments,
) -> Result<(String, Value)> {
    let named = |default: &str| arguments.name.clone().unwrap_or_else(|| default.to_owned());
    if let Some(url) = &arguments.url {
        let host = host(url).ok_or_else(|| {
            Failure::new(Code::Usage, format!("{url:?} is no URL of a server"))
                .fix("write it as clients reach it, such as https://mcp.example.com/mcp")
        })?;
        let row = client.remote(url).ok_or_else(|| {
            Failure::new(
                Code::Usage,
                format!("{} takes no URL in its file", client.title),
            )
            .fix("add the URL in its settings, under Connectors")
        })?;
        return Ok((checked(client, named(&client.name_of(host)))?, row));
    }
    if let (true, Some(name)) = (arguments.undo, &arguments.name) {
        // The binary may be gone.
        return Ok((checked(client, name.clone())?, Value::Null));
    }
    let path = or_of_manifest(session, arguments.binary.as_deref())?;
    let built = Built::read(&path)?;
    // Not resolved further: what a link leads to may be another version tomorrow.
    let path = std::path::absolute(&path).at_path("find", &path)?;
    let command = path.to_str().ok_or_else(|| {
        Failure::new(
            Code::Usage,
            format!(
                "the path {} is not UTF-8, and clients write JSON",
                path.display()
            ),
        )
        .fix("move the binary")
    })?;
    let mut words: Vec<String> = Vec::new();
    for setting in &arguments.set {
        words.extend(["--set".to_owned(), setting.clone()]);
    }
    words.extend(arguments.arguments.iter().cloned());
    let environment = arguments
        .env
        .iter()
        .map(|text| variable(text))
        .collect::<Result<Vec<_>>>()?;
    Ok((
        checked(client, named(&built.recipe.server.name))?,
        client.local(command, &words, &environment),
    ))
}

/// A name that the client takes, and that can be part of a file's name.
fn checked(client: &Client, name: String) -> Result<String> {
    let good = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_good = !name.is_empty() && name.len() <= 64 && name.chars().all(good);
    if is_good && client.takes_name(&name) {
        return Ok(name);
    }
    if is_good {
        let message = format!("{} takes no server called {name:?}", client.title);
        return Err(Failure::new(Code::Usage, message)
            .fix("give it a name without a dot, with --name")
            .into());
    }
    Err(Failure::new(
        Code::Usage,
        format!("a server cannot be called {name:?} in a client"),
    )
    .fix("use letters, digits, `-`, `_` and `.`, at most 64")
    .into())
}

/// The host of a URL over HTTP, without its port.
fn host(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.split(':').next()?;
    let plain = !url.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    (!host.is_empty() && !authority.contains('@') && plain).then_some(host)
}

/// `NAME=VALUE`.
fn variable(text: &str) -> Result<(String, String)> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| {
            Failure::new(Code::Usage, "--env takes NAME=VALUE")
                .fix("write --env NAME=VALUE")
                .into()
        })
}
