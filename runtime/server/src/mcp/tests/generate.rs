//! Requests as every client sends them, as no client in order would, and broken.
//!
//! A [`Case`] is the body of a request and the headers that say the same, more or less, of either era; the body
//! without its headers is a line for stdio. What it asks for is taken from a [`Kit`]. Not here: what becomes of
//! it. `tests/it/properties` generates with this file too.

use proptest::prelude::*;

/// What the server under test has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kit {
    /// Tools, with arguments that fit, as JSON.
    pub(crate) tools: &'static [(&'static str, &'static [&'static str])],
    /// URIs that can be read.
    pub(crate) resources: &'static [&'static str],
    /// Prompts, with arguments that fit.
    pub(crate) prompts: &'static [(&'static str, &'static [&'static str])],
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

type Members = Vec<(String, String)>;

/// Any JSON text, not deep, with odd numbers, escapes, twins and blanks.
pub(crate) fn json() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        3 => Just("null".to_owned()),
        2 => Just("true".to_owned()),
        3 => pattern("-?(0|[1-9][0-9]{0,3})"),
        1 => pattern("-?[1-9][0-9]{17,22}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?"),
        4 => text(),
    ];
    let tree = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec((pattern("[a-d]"), inner), 0..4).prop_map(|members| object(
                &members
                    .into_iter()
                    .map(|(name, value)| (format!("\"{name}\""), value))
                    .collect::<Vec<_>>(),
                ": ",
                ", "
            )),
        ]
    });
    tree.boxed()
}

/// Text of this form. Read once here: a pattern as a strategy is read anew for each case.
fn pattern(regex: &'static str) -> BoxedStrategy<String> {
    let pattern = proptest::string::string_regex(regex);
    pattern.expect("the patterns here are well-formed").boxed()
}

/// A JSON string, with and without escapes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => pattern("\"[a-z :/]{0,8}\""),
        2 => pattern(r#""([a-z]|\\[nrt"\\/bf]|\\u00[2-7][0-9a-f]|é|\\u00e9|\\ud83d\\ude00|💡){0,5}""#),
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => pattern("[1-9][0-9]{0,5}"),
        4 => text(),
        1 => Just("0".to_owned()),
        1 => Just("-1".to_owned()),
        1 => Just(i64::MAX.to_string()),
        1 => Just(i64::MIN.to_string()),
        1 => Just("\"\"".to_owned()),
        1 => prop::sample::select(&["null", "1.0", "1e3", "-0", "9223372036854775808", "[]", "{}", "true"][..])
            .prop_map(str::to_owned),
    ]
}

/// In whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Modern,
    Legacy,
}

/// A method, its params, and what the header `Mcp-Name` says.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    params: Members,
    name: Option<String>,
}

fn asked(method: &str, params: Members, name: Option<&str>) -> Asked {
    Asked {
        method: method.to_owned(),
        params,
        name: name.map(str::to_owned),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn member(name: &str, value: impl Into<String>) -> (String, String) {
    (quoted(name), value.into())
}

/// A call of something that has a name and takes arguments.
fn named(
    method: &'static str,
    entries: &'static [(&'static str, &'static [&'static str])],
) -> impl Strategy<Value = Asked> {
    let fitting = (prop::sample::select(entries), any::<prop::sample::Index>()).prop_map(
        move |((name, fit), which)| {
            let arguments = fit[which.index(fit.len())];
            (name.to_owned(), Some(arguments.to_owned()))
        },
    );
    let unfitting = (prop::sample::select(entries), json())
        .prop_map(|((name, _), arguments)| (name.to_owned(), Some(arguments)));
    let without = prop::sample::select(entries).prop_map(|(name, _)| (name.to_owned(), None));
    let unknown = (pattern("[a-z_]{1,9}"), prop::option::of(json()));
    prop_oneof![6 => fitting, 2 => unfitting, 1 => without, 1 => unknown].prop_map(
        move |(name, arguments)| {
            let mut params = vec![member("name", quoted(&name))];
            params.extend(arguments.map(|arguments| member("arguments", arguments)));
            asked(method, params, Some(&name))
        },
    )
}

fn read(resources: &'static [&'static str]) -> impl Strategy<Value = Asked> {
    let known = prop::sample::select(resources).prop_map(str::to_owned);
    prop_oneof![4 => known, 1 => pattern("[a-z]{1,4}://[a-z/%{}]{0,9}")].prop_map(|uri| {
        asked(
            "resources/read",
            vec![member("uri", quoted(&uri))],
            Some(&uri),
        )
    })
}

fn bare() -> impl Strategy<Value = Asked> {
    let methods = &[
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "prompts/list",
        "server/discover",
        "ping",
    ][..];
    prop::sample::select(methods).prop_map(|method| asked(method, Vec::new(), None))
}

/// Methods that need more than one answer, are for the other era, or do not exist.
fn odd() -> impl Strategy<Value = Asked> {
    let methods = &[
        "logging/setLevel",
        "resources/subscribe",
        "completion/complete",
        "notifications/initialized",
        "notifications/cancelled",
        "tools/fly",
        "Tools/List",
        "",
    ][..];
    let odd = prop_oneof![
        prop::sample::select(methods).prop_map(str::to_owned),
        pattern("[a-z/]{1,12}")
    ];
    (
        odd,
        prop::collection::vec((pattern("\"[a-z]{1,6}\""), json()), 0..3),
    )
        .prop_map(|(method, params)| asked(&method, params, None))
}

fn what(kit: Kit) -> impl Strategy<Value = Asked> {
    prop_oneof![
        10 => named("tools/call", kit.tools),
        3 => named("prompts/get", kit.prompts),
        3 => read(kit.resources),
        5 => bare(),
        1 => odd(),
    ]
}

/// Something beside what is asked that some clients send, and some should not.
fn addition() -> impl Strategy<Value = Option<(String, String)>> {
    let odd = prop_oneof![
        (
            pattern("\"(cursor|name|arguments|uri|task|x|requestState)\""),
            json()
        ),
        Just(member("cursor", "\"next\"")),
        Just(member("requestState", "\"forged\"")),
        Just(member("inputResponses", "{}")),
        (pattern("\"(Name|ARGUMENTS|_Meta)\""), json()),
    ];
    prop_oneof![9 => Just(None), 1 => odd.prop_map(Some)]
}

/// The members of `_meta`, whole or not.
fn meta(era: Era) -> impl Strategy<Value = Option<String>> {
    let capabilities = prop::sample::select(
        &[
            "{}",
            "{}",
            "{}",
            r#"{"elicitation":{}}"#,
            r#"{"elicitation":{"form":{}},"sampling":{}}"#,
            r#"{"roots":{"listChanged":true}, "x":1}"#,
            "{ }",
        ][..],
    );
    let whole = (capabilities, any::<bool>()).prop_map(|(capabilities, says_who)| {
        let mut members = vec![
            member("io.modelcontextprotocol/protocolVersion", "\"2026-07-28\""),
            member("io.modelcontextprotocol/clientCapabilities", capabilities),
        ];
        if says_who {
            members.push(member(
                "io.modelcontextprotocol/clientInfo",
                r#"{"name":"wire","version":"1.0.0"}"#,
            ));
        }
        members
    });
    let more = prop_oneof![
        Just(member(
            "traceparent",
            "\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\""
        )),
        text().prop_map(|text| member("traceparent", text)),
        Just(member("progressToken", "7")),
        json().prop_map(|json| member("progressToken", json)),
        Just(member("io.modelcontextprotocol/logLevel", "\"info\"")),
        json().prop_map(|json| member("io.modelcontextprotocol/logLevel", json)),
        json().prop_map(|json| member("io.modelcontextprotocol/clientCapabilities", json)),
        json().prop_map(|json| member("io.modelcontextprotocol/clientInfo", json)),
        json().prop_map(|json| member("io.modelcontextprotocol/protocolVersion", json)),
        Just(member(
            "io.modelcontextprotocol/protocolVersion",
            "\"2025-11-25\""
        )),
        (pattern("\"[a-z./]{1,9}\""), json()),
    ];
    let more = prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(more, 1..3)];
    // What is left out, what is written over, and whether it is an object at all.
    (whole, more, 0..24_usize, json()).prop_map(move |(whole, more, fate, other)| {
        let members = match (era, fate) {
            (_, 0) => return Some(other),
            (_, 1) => return None,
            (Era::Modern, 2 | 3) => whole.into_iter().skip(fate - 1).chain(more).collect(),
            (Era::Modern, _) | (Era::Legacy, 2) => {
                // The later one takes the earlier one's place, or it would be refused for its twin.
                let kept = |(name, _): &(String, String)| more.iter().all(|(new, _)| new != name);
                whole.into_iter().filter(kept).chain(more.clone()).collect()
            }
            (Era::Legacy, 3..10) => more,
            (Era::Legacy, _) => return None,
        };
        Some(object(&members, ":", ","))
    })
}

fn version(era: Era) -> impl Strategy<Value = Vec<&'static str>> {
    let usual: &'static [&'static [&'static str]] = match era {
        Era::Modern => &[&["2026-07-28"]],
        Era::Legacy => &[
            &[],
            &["2025-11-25"],
            &["2025-06-18"],
            &["2025-03-26"],
            &["2024-11-05"],
        ],
    };
    let odd: &'static [&'static [&'static str]] = &[
        &[],
        &["2026-07-28"],
        &["2025-11-25"],
        &["2027-01-01"],
        &["1999-01-01"],
        &["garbage"],
        &[""],
        &["2026-07-28", "2026-07-28"],
        &["2026-07-28", "2025-11-25"],
    ];
    prop_oneof![14 => prop::sample::select(usual), 1 => prop::sample::select(odd)]
        .prop_map(<[_]>::to_vec)
}

/// The headers `Mcp-Method` and `Mcp-Name`, as they should be or not, and others.
fn headers(era: Era) -> impl Strategy<Value = (u8, &'static [(&'static str, &'static str)])> {
    let fate = match era {
        Era::Modern => prop_oneof![20 => Just(0_u8), 1 => 1..9_u8].boxed(),
        Era::Legacy => prop_oneof![9 => Just(1_u8), 1 => 0..9_u8].boxed(),
    };
    let more: &'static [&'static [(&'static str, &'static str)]] = &[
        &[("mcp-session-id", "forged")],
        &[("mcp-param-value", "x")],
        &[(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )],
        &[("x-other", "1"), ("x-other", "2")],
    ];
    let none: &'static [(&'static str, &'static str)] = &[];
    let more = prop_oneof![12 => Just(none), 1 => prop::sample::select(more)];
    (fate, more)
}

fn said(asked: &Asked, fate: u8) -> Vec<(&'static str, String)> {
    let (method, name) = (asked.method.clone(), asked.name.clone());
    let mut said = Vec::new();
    let mut say = |header, value: Option<String>| said.extend(value.map(|value| (header, value)));
    match fate {
        0 => {
            say("mcp-method", Some(method));
            say("mcp-name", name);
        }
        1 => {}
        2 => say("mcp-method", Some(method)),
        3 => say("mcp-name", name),
        4 => {
            say("mcp-method", Some(method.to_uppercase()));
            say("mcp-name", name);
        }
        5 => {
            say("mcp-method", Some(method));
            say("mcp-name", Some("other".to_owned()));
        }
        6 => {
            say("mcp-method", Some(method));
            say("mcp-name", name.clone());
            say("mcp-name", name);
        }
        7 => {
            say("mcp-method", Some(method));
            // `echo` as the revision encodes what is no plain header.
            say("mcp-name", Some("=?base64?ZWNobw==?=".to_owned()));
        }
        _ => {
            say("mcp-method", Some(format!(" {method} ")));
            say("mcp-name", name.map(|name| format!("{name}\t")));
        }
    }
    said
}

/// A request over HTTP of one of the eras, most of them in order.
pub(crate) fn request(kit: Kit) -> BoxedStrategy<Case> {
    prop_oneof![3 => of_era(kit, Era::Modern), 2 => of_era(kit, Era::Legacy)].boxed()
}

fn of_era(kit: Kit, era: Era) -> BoxedStrategy<Case> {
    let message = (what(kit), meta(era), addition(), id());
    (message, version(era), headers(era), any::<u64>())
        .prop_map(
            |((asked, meta, addition, id), versions, (fate, more), seed)| {
                let versions = versions
                    .into_iter()
                    .map(|version| ("mcp-protocol-version", version.to_owned()));
                let more = more
                    .iter()
                    .map(|(name, value)| (*name, (*value).to_owned()));
                Case {
                    headers: versions.chain(said(&asked, fate)).chain(more).collect(),
                    body: body(asked, meta, addition, id, Dice(seed | 1)),
                }
            },
        )
        .boxed()
}

fn body(
    asked: Asked,
    meta: Option<String>,
    addition: Option<(String, String)>,
    id: String,
    mut dice: Dice,
) -> String {
    let mut params = asked.params;
    params.extend(meta.map(|meta| member("_meta", meta)));
    params.extend(addition);
    dice.shuffle(&mut params);
    let mut members = vec![
        member("jsonrpc", "\"2.0\""),
        member("id", id),
        member("method", quoted(&asked.method)),
    ];
    if !params.is_empty() || dice.one_in(2) {
        let (colon, comma) = dice.blanks();
        members.push(member("params", object(&params, colon, comma)));
    }
    if dice.one_in(30) {
        members.retain(|(name, _)| name != "\"id\"");
    }
    if dice.one_in(30) {
        members.push(member("unknown", "[1]"));
    }
    dice.shuffle(&mut members);
    let (colon, comma) = dice.blanks();
    let mut body = object(&members, colon, comma);
    if dice.one_in(12) {
        // The same name in other letters.
        body = body.replacen("\"method\"", "\"m\\u0065thod\"", 1);
        body = body.replacen("\"arguments\"", "\"argument\\u0073\"", 1);
    }
    if dice.one_in(12) {
        body = body.replacen("tools/", "tools\\/", 1);
    }
    if dice.one_in(25) {
        body = broken(&body, &mut dice);
    }
    body
}

/// With one character lost, doubled or changed.
fn broken(body: &str, dice: &mut Dice) -> String {
    let mut characters: Vec<char> = body.chars().collect();
    let place = dice.below(characters.len());
    match dice.below(4) {
        0 => drop(characters.remove(place)),
        1 => characters.insert(place, characters[place]),
        2 => characters.truncate(place),
        _ => {
            let other = b"{}[]\",:0 \\e"[dice.below(11)];
            characters[place] = char::from(other);
        }
    }
    characters.into_iter().collect()
}

fn object(members: &[(String, String)], colon: &str, comma: &str) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{name}{colon}{value}"))
        .collect();
    format!("{{{}}}", members.join(comma))
}

/// Decisions about the form, all from one number.
struct Dice(u64);

impl Dice {
    /// A number below `limit` (xorshift: cheap, and the same for the same seed).
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % limit.max(1)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        if self.one_in(2) {
            for place in (1..items.len()).rev() {
                items.swap(place, self.below(place + 1));
            }
        }
    }

    /// What stands between a name and its value, and between members.
    fn blanks(&mut self) -> (&'static str, &'static str) {
        [
            (":", ","),
            (":", ","),
            (": ", ", "),
            (" :\t", "\r\n,"),
            ("\n: ", " , "),
        ][self.below(5)]
    }
}
