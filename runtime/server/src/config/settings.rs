//! Every setting that there is, and how it gets its value.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use mcp_factory_guard::{AuditTarget, Rotate};
use mcp_factory_sdk::SecretReference;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::access::Limit;
use super::problem::{Problem, Problems, did_you_mean};
use super::source::Source;
use super::value::{Read, count, duration, json, size, text, texts};
use crate::http::{HostList, OriginList, public_url};

struct Setting {
    section: &'static str,
    key: &'static str,
    set: fn(&mut Config, &DeValue<'_>) -> Read<()>,
}

/// One row a setting: what is not here is an unknown key.
macro_rules! settings {
    ($($section:ident . $key:ident = $read:expr;)*) => {
        &[$(Setting {
            section: stringify!($section),
            key: stringify!($key),
            set: |config, value| {
                let read: fn(&DeValue<'_>) -> Read<_> = $read;
                config.$section.$key = read(value)?;
                Ok(())
            },
        }),*]
    };
}

const MANY: usize = 1 << 20;

static SETTINGS: &[Setting] = settings! {
    server.drain = duration;
    server.workers = |value| count(value, 0..=512);
    server.blocking_threads = |value| count(value, 1..=4096);
    server.fast_lane = |value| value.as_bool().ok_or_else(|| "expected true or false".to_owned());
    server.state_key = |value| Ok(Some(text(value)?.parse::<SecretReference>().map_err(|error| error.to_string())?));
    http.listen = |value| text(value)?.parse();
    http.public_url = |value| { let url = text(value)?; public_url(&url)?; Ok(Some(url)) };
    http.allowed_hosts = |value| { let hosts = texts(value)?; each(&hosts, |host| HostList::loopback().allow(host))?; Ok(hosts) };
    http.allowed_origins = |value| { let origins = texts(value)?; each(&origins, |origin| OriginList::loopback().allow(origin))?; Ok(origins) };
    http.max_body = |value| size(value, 1 << 10..=1 << 30);
    http.max_connections = |value| count(value, 1..=MANY);
    http.max_in_flight = |value| count(value, 1..=MANY);
    http.header_timeout = duration;
    http.body_timeout = duration;
    http.idle_timeout = duration;
    http.write_timeout = duration;
    http.stream_lifetime = duration;
    http.legacy_sessions = |value| count(value, 0..=MANY);
    http.trusted_proxies = |value| texts(value)?.iter().map(|network| proxies(network)).collect();
    stdio.max_line = |value| size(value, 1 << 10..=1 << 30);
    stdio.max_in_flight = |value| count(value, 1..=MANY);
    stdio.scopes = |value| Ok(Some(texts(value)?));
    stdio.tenant = |value| Ok(Some(text(value)?));
    limits.timeout = duration;
    limits.concurrency = |value| count(value, 1..=MANY);
    limits.queue_time = duration;
    limits.rate = |value| Ok(text(value)?.parse::<Limit>()?.0);
    limits.address_rate = |value| Ok(text(value)?.parse::<Limit>()?.0);
    limits.failure_rate = |value| Ok(text(value)?.parse::<Limit>()?.0);
    limits.tracked_callers = |value| count(value, 100..=MANY);
    limits.max_result = |value| size(value, 1 << 10..=1 << 30);
    limits.cache = |value| if value.as_str() == Some("off") { Ok(0) } else { size(value, 1 << 20..=1 << 30) };
    log.level = |value| { let level = text(value)?; crate::logging::Filter::from_str(&level)?; Ok(Some(level)) };
    log.to = |value| log_file(&text(value)?);
    log.rotate = |value| text(value)?.parse::<Rotate>().map(Some).map_err(|error| error.to_string());
    log.keep = |value| count(value, 1..=10_000).map(Some);
    log.compress = |value| value.as_bool().ok_or_else(|| "expected true or false".to_owned());
    log.json = |value| value.as_bool().ok_or_else(|| "expected true or false".to_owned());
};

/// The sections that are read as a whole, each into a type of its own.
const WHOLE: &[&str] = &[
    "auth",
    "access",
    "gate",
    "redis",
    "audit",
    "calls",
    "management",
    "tracing",
    "secrets",
];

/// Whether the section takes back what an earlier layer said: read-only beats every other setting.
fn loosens(config: &Config, section: &DeTable<'_>) -> bool {
    let said = section
        .get("read_only")
        .and_then(|value| value.get_ref().as_bool());
    said == Some(false) && config.sections.is_true("access", "read_only")
}

fn proxies(network: &str) -> Read<IpNet> {
    let address = network.parse::<IpAddr>().map(IpNet::from);
    network.parse::<IpNet>().or(address).map_err(|_| {
        format!("`{network}` is no network: write `10.0.0.0/8`, or the address of one proxy")
    })
}

/// The file that a log goes to; none for stderr.
fn log_file(target: &str) -> Read<Option<PathBuf>> {
    match target.parse() {
        Ok(AuditTarget::Stderr) => Ok(None),
        Ok(AuditTarget::File(path)) => Ok(Some(path)),
        Ok(AuditTarget::Off) => Err("to log nothing, write log.level = \"off\"".to_owned()),
        Err(_) => Err(format!(
            "`{target}` is no place for a log: write \"stderr\" or a path with a slash, as in \"./server.log\""
        )),
    }
}

fn each(items: &[String], mut check: impl FnMut(&str) -> Read<()>) -> Read<()> {
    items.iter().try_for_each(|item| check(item))
}

/// Lays what was read of one source over the configuration; what is wrong with it goes to `problems`.
pub(super) fn apply(
    config: &mut Config,
    source: &Source<'_>,
    layer: &DeTable<'_>,
    plugins: &[&str],
    problems: &mut Problems,
) {
    for (name, section) in layer {
        let place = source.place(&name.span());
        let name = name.get_ref().as_ref();
        let known = sections().any(|section| section == name);
        if !known {
            let meant = did_you_mean(name, sections());
            problems.add(Problem::new(
                place,
                format!("unknown section `{name}`{meant}"),
            ));
            continue;
        }
        let Some(table) = section.get_ref().as_table() else {
            problems.add(Problem::new(
                place,
                format!("`{name}` is a section: write [{name}]"),
            ));
            continue;
        };
        if name == "access" && loosens(config, table) {
            let message = "`access.read_only`: an earlier layer said true, and nothing loosens it";
            problems.add(Problem::new(place, message));
            continue;
        }
        if WHOLE.contains(&name) {
            if let Err(message) = config.sections.lay(name, &place, section.get_ref(), source) {
                problems.add(Problem::new(place, message));
            }
            continue;
        }
        let mut noted = Vec::new();
        for (key, value) in table {
            let (key_text, inner) = (key.get_ref().as_ref(), value.get_ref());
            let outcome = match (name, key_text) {
                ("plugins", plugin) if !plugins.contains(&plugin) => Err((
                    false,
                    format!(
                        "this server has no plugin `{plugin}`{}",
                        did_you_mean(plugin, plugins.iter().copied())
                    ),
                )),
                ("plugins" | "tenants", _) | ("limits", "tools") | ("http", "tls") => config
                    .sections
                    .lay(
                        &format!("{name}.{key_text}"),
                        &source.place(&key.span()),
                        inner,
                        source,
                    )
                    .map_err(|message| (true, message)),
                _ => setting(config, name, key_text, inner).inspect(|()| {
                    let path = format!("{name}.{key_text}");
                    noted.push((path, source.place(&key.span()), inner));
                }),
            };
            if let Err((on_value, message)) = outcome {
                // That a variable in it is not set was told.
                if on_value && config.sections.is_unexpanded(json(inner).ok().as_ref()) {
                    continue;
                }
                let span = if on_value { value.span() } else { key.span() };
                problems.add(Problem::new(source.place(&span), message));
            }
        }
        for (path, place, value) in noted {
            config.sections.note_single(path, place, value);
        }
    }
}

/// The keys of a section that have a row each.
#[cfg(test)]
pub(super) fn names(section: &str) -> impl Iterator<Item = &'static str> {
    let rows = SETTINGS.iter().filter(move |row| row.section == section);
    rows.map(|row| row.key)
}

/// Whether the value or the key is to blame, and what is wrong.
type Outcome = Result<(), (bool, String)>;

fn setting(config: &mut Config, section: &str, key: &str, value: &DeValue<'_>) -> Outcome {
    let all = || SETTINGS.iter().filter(|setting| setting.section == section);
    let Some(setting) = all().find(|setting| setting.key == key) else {
        let meant = did_you_mean(key, all().map(|setting| setting.key));
        return Err((false, format!("unknown setting `{section}.{key}`{meant}")));
    };
    (setting.set)(config, value).map_err(|message| (true, format!("`{section}.{key}`: {message}")))
}

fn sections() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.section)
        .chain(WHOLE.iter().copied())
        .chain(["plugins", "tenants"])
        .collect();
    names.dedup();
    names.into_iter()
}
