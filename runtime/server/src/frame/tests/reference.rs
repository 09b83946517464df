//! Another reading of a message, by other means than the scanner's: `serde_json` with every member kept, also twins,
//! and the words of JSON-RPC on top. Slow.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

/// What these bytes are.
#[derive(Debug)]
pub(super) enum Reading<'a> {
    /// No JSON that `serde_json` reads.
    Malformed,
    /// JSON, but no object.
    NoObject,
    /// An object that is no message that anybody could trust.
    Refused {
        /// Any of these: where several things are wrong, the first that is found is named.
        codes: Vec<i32>,
        id: Option<Value>,
        unanswerable: bool,
    },
    Message(Parts<'a>),
}

/// What a message says, each part as it stands in it.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) id: Option<Value>,
    /// `None` in a response.
    pub(super) method: Option<String>,
    pub(super) params: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    /// The members of `params` and of `params._meta`, where these are objects.
    pub(super) in_params: Members<'a>,
    pub(super) in_meta: Members<'a>,
}

const ENVELOPE: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
const PARAMS: [&str; 4] = ["name", "arguments", "uri", "_meta"];

pub(super) fn read(bytes: &[u8]) -> Reading<'_> {
    let Ok(whole) = serde_json::from_slice::<Value>(bytes) else {
        return Reading::Malformed;
    };
    if !whole.is_object() {
        return Reading::NoObject;
    }
    let text = std::str::from_utf8(bytes).expect("JSON is UTF-8");
    let root: Members<'_> = serde_json::from_str(text).expect("an object");
    let (mut in_params, mut outside) = (false, root.has_twins() || root.other_case(&ENVELOPE));
    for (name, value) in &root.0 {
        let tree: Tree = serde_json::from_str(value.get()).expect("JSON");
        if name == "params" {
            let params: Members<'_> = serde_json::from_str(value.get()).unwrap_or_default();
            in_params |= tree.has_twins() || params.other_case(&PARAMS);
        } else {
            outside |= tree.has_twins();
        }
    }
    let ids = root
        .0
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("id"));
    let doubtful = ids.clone().count() > 1 || ids.clone().any(|(name, _)| name != "id");
    let id = root.get("id").and_then(id).filter(|_| !doubtful);
    let response = root.get("result").is_some() || root.get("error").is_some();
    let is_text = |name| root.get(name).is_some_and(|value| value.starts_with('"'));
    let clearly = root.get("jsonrpc") == Some(r#""2.0""#);
    let refused = |codes| Reading::Refused {
        codes,
        id: id.clone(),
        unanswerable: !doubtful
            && clearly
            && if response {
                root.get("method").is_none()
            } else {
                root.get("id").is_none() && is_text("method")
            },
    };
    if in_params || outside {
        let codes = [(in_params, -32602), (outside, -32600)];
        let codes = codes
            .into_iter()
            .filter_map(|(there, code)| there.then_some(code));
        return refused(codes.collect());
    }
    let bad_id = root.get("id").is_some() && id.is_none();
    let one = ["method", "result", "error"]
        .iter()
        .filter(|name| root.get(name).is_some())
        .count()
        == 1;
    let misshapen =
        !one || (response && id.is_none()) || (root.get("method").is_some() && !is_text("method"));
    if !clearly || bad_id || misshapen {
        return refused(vec![-32600]);
    }
    let params = root.get("params");
    if !response && params.is_some_and(|params| !params.starts_with('{')) {
        return refused(vec![-32602]);
    }
    let method = root.get("method");
    let in_params: Members<'_> = params.map(members_of).unwrap_or_default();
    Reading::Message(Parts {
        method: method.map(|method| serde_json::from_str(method).expect("a string")),
        params,
        result: root.get("result"),
        error: root.get("error"),
        in_meta: in_params.get("_meta").map(members_of).unwrap_or_default(),
        in_params,
        id,
    })
}

/// The members of an object; none of another value.
fn members_of(json: &str) -> Members<'_> {
    serde_json::from_str(json).unwrap_or_default()
}

/// An id that an answer can bear.
pub(super) fn id(json: &str) -> Option<Value> {
    let id: Value = serde_json::from_str(json).expect("JSON");
    (json.len() <= 1024 && (id.is_string() || id.is_i64())).then_some(id)
}

/// An object's members, decoded names and values as they stand there, in their order.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The last of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let mut members = self.0.iter().rev();
        let member = members.find(|(member, _)| member == name);
        member.map(|(_, value)| value.get())
    }

    /// The text of a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    pub(super) fn has_others_than(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| !names.contains(&&**name))
    }

    fn has_twins(&self) -> bool {
        has_twins(self.0.iter().map(|(name, _)| name))
    }

    fn other_case(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| {
            let same = |known: &&str| known.eq_ignore_ascii_case(name) && known != name;
            names.iter().any(same)
        })
    }
}

fn has_twins<'n>(names: impl Iterator<Item = &'n String>) -> bool {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Only what is needed to find twins.
enum Tree {
    Leaf,
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn has_twins(&self) -> bool {
        match self {
            Self::Leaf => false,
            Self::List(items) => items.iter().any(Self::has_twins),
            Self::Object(members) => {
                has_twins(members.iter().map(|(name, _)| name))
                    || members.iter().any(|(_, value)| value.has_twins())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Tree::Object(all))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut members: A,
            ) -> Result<Members<'de>, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(Flat)
    }
}
