//! The checks over all mounts that a generated `main.rs` makes while it compiles.
//!
//! The factory makes the same checks earlier, with better words and a place in the manifest. These hold
//! for a `main.rs` that was written or edited by hand, and for tools that a macro of the author's made.

use super::alike::may_be_alike;
use super::{GATE, Mount, contains, same};

/// Room for one message; longer ones are cut.
const CAPACITY: usize = 256;

/// A message put together at compile time.
struct Message {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Message {
    const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }

    /// Adds text. Names are ASCII, so cutting at a byte cuts at a character.
    const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.length < CAPACITY {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    const fn fail(&self) -> ! {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("two plugins of this server collide"),
        }
    }
}

/// Refuses two mounts with one name, two tools, prompts or resources with one public name, and an
/// `allow` or `deny` that names no tool. Meant for `const _: () = assert_unique(MOUNTS);`.
///
/// # Panics
/// With a sentence that names both owners; at compile time, where it is used as meant.
pub const fn assert_unique(mounts: &[Mount]) {
    let mut index = 0;
    let mut gated = false;
    while index < mounts.len() {
        gated |= mounts[index].is_gated();
        assert_names_exist(&mounts[index]);
        index += 1;
    }
    if may_be_alike(mounts, if gated { Some(&GATE) } else { None }) {
        assert_each_pair(mounts, gated);
    }
}

/// Finds out which two it is.
const fn assert_each_pair(mounts: &[Mount], gated: bool) {
    let mut index = 0;
    while index < mounts.len() {
        assert_declared(&mounts[index]);
        // The mount itself comes first: a plugin's own names can collide only through the macros,
        // which refuse that already.
        let mut other = index + 1;
        while other < mounts.len() {
            assert_pair(&mounts[index], &mounts[other]);
            other += 1;
        }
        if gated {
            assert_pair(&mounts[index], &GATE);
        }
        index += 1;
    }
}

/// A declared tool may have the name of no other tool of its plugin.
const fn assert_declared(mount: &Mount) {
    let mut index = mount.plugin.tools().len();
    while let Some(tool) = mount.tool(index) {
        let mut before = 0;
        while before < index {
            if let Some(other) = mount.tool(before)
                && same(tool.name(), other.name())
            {
                Message::new()
                    .push("the plugin `")
                    .push(mount.name)
                    .push("` has two tools named `")
                    .push(tool.name())
                    .push("`; give the declared one another name in mcp-factory.toml")
                    .fail();
            }
            before += 1;
        }
        index += 1;
    }
}

const fn assert_names_exist(mount: &Mount) {
    if let Some(allow) = mount.allow {
        assert_list(mount, allow, "allow");
    }
    assert_list(mount, mount.deny, "deny");
}

const fn assert_list(mount: &Mount, list: &[&str], key: &str) {
    let mut index = 0;
    while index < list.len() {
        let mut found = false;
        let mut at = 0;
        while let Some(tool) = mount.tool(at) {
            if same(tool.name(), list[index]) {
                found = true;
                break;
            }
            at += 1;
        }
        if !found {
            Message::new()
                .push("`")
                .push(key)
                .push("` of plugin `")
                .push(mount.name)
                .push("` names the tool `")
                .push(list[index])
                .push("`, which the plugin does not have")
                .fail();
        }
        index += 1;
    }
}

const fn assert_pair(left: &Mount, right: &Mount) {
    if same(left.name, right.name) {
        Message::new()
            .push("two plugins are mounted as `")
            .push(left.name)
            .push("`")
            .fail();
    }
    let mut index = 0;
    while let Some(tool) = left.tool(index) {
        let mut other = 0;
        while let Some(second) = right.tool(other) {
            let (name, second) = (tool.name(), second.name());
            if left.offers(name) && right.offers(second) && same_public(left, name, right, second) {
                collision("tool", name, left, right);
            }
            other += 1;
        }
        index += 1;
    }
    let (prompts, others) = (left.plugin.prompts(), right.plugin.prompts());
    let mut index = 0;
    while index < prompts.len() {
        let mut other = 0;
        while other < others.len() {
            if same_public(left, prompts[index].name(), right, others[other].name()) {
                collision("prompt", prompts[index].name(), left, right);
            }
            other += 1;
        }
        index += 1;
    }
    let (resources, others) = (left.plugin.resources(), right.plugin.resources());
    let mut index = 0;
    while index < resources.len() {
        let mut other = 0;
        while other < others.len() {
            if same(resources[index].uri(), others[other].uri()) {
                collision("resource", resources[index].uri(), left, right);
            }
            other += 1;
        }
        index += 1;
    }
}

const fn same_public(left: &Mount, own: &str, right: &Mount, other: &str) -> bool {
    let mut index = 0;
    loop {
        match (
            left.public_byte(own, index),
            right.public_byte(other, index),
        ) {
            (None, None) => return true,
            (Some(one), Some(two)) if one == two => index += 1,
            _ => return false,
        }
    }
}

const fn collision(kind: &str, name: &str, left: &Mount, right: &Mount) -> ! {
    Message::new()
        .push("the plugins `")
        .push(left.name)
        .push("` and `")
        .push(right.name)
        .push("` both offer the ")
        .push(kind)
        .push(" `")
        .push(name)
        .push("`; give one of them a `prefix` in mcp-factory.toml")
        .fail()
}

/// Used by the row itself too; here so that the two lists are compared in one way.
const _: () = assert!(contains(&["a", "b"], "b") && !contains(&["a"], "b"));
