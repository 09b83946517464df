//! Whether any two names of a server may be the same, found without comparing each with each.
//!
//! The compiler refuses constants that take it long, and each of a thousand tools beside each other one is too long.

use super::Mount;

/// Room for the hashes of names, of which half is used; with more names, none are told apart.
const SLOTS: usize = 1 << 14;

/// What a name is of: those of different kinds may be the same.
const MOUNT: u64 = 1;
const TOOL: u64 = 2;
const PROMPT: u64 = 3;
const RESOURCE: u64 = 4;
/// A tool's own name in the mount of this number and on.
const OWN: u64 = 5;

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The hashes of the names so far; a free slot is zero.
struct Names {
    slots: [u64; SLOTS],
    count: usize,
    alike: bool,
}

/// Whether two mounts have one name, two tools, prompts or resources one public name, or a declared tool the name of
/// another one of its plugin. When not, that is certain.
#[expect(
    clippy::large_stack_arrays,
    reason = "where it is used as meant, it is the compiler's memory"
)]
pub(super) const fn may_be_alike(mounts: &[Mount], gate: Option<&Mount>) -> bool {
    let mut names = Names {
        slots: [0; SLOTS],
        count: 0,
        alike: false,
    };
    let mut index = 0;
    while index < mounts.len() {
        names.add_all(&mounts[index], OWN + index as u64);
        index += 1;
    }
    if let Some(gate) = gate {
        names.add_all(gate, OWN + index as u64);
    }
    names.alike
}

impl Names {
    const fn add_all(&mut self, mount: &Mount, own: u64) {
        self.add(MOUNT, "", mount.name);
        let mut index = 0;
        while let Some(tool) = mount.tool(index) {
            // Also those that the mount does not offer, as to ask each list for each tool takes long, too: where one of
            // these has another's name, each is compared with each.
            self.add(TOOL, mount.prefix, tool.name());
            if !mount.declared.is_empty() {
                self.add(own, "", tool.name());
            }
            index += 1;
        }
        let prompts = mount.plugin.prompts();
        index = 0;
        while index < prompts.len() {
            self.add(PROMPT, mount.prefix, prompts[index].name());
            index += 1;
        }
        let resources = mount.plugin.resources();
        index = 0;
        while index < resources.len() {
            self.add(RESOURCE, "", resources[index].uri());
            index += 1;
        }
    }

    const fn add(&mut self, kind: u64, prefix: &str, own: &str) {
        // Above the byte that is mixed in first: a kind and a letter cannot make up for each other.
        let mut hash = hashed(BASIS ^ (kind << 32), prefix);
        if !prefix.is_empty() {
            hash = hashed(hash, "_");
        }
        // Zero is a free slot.
        hash = hashed(hash, own) | 1;
        if self.count == SLOTS / 2 {
            self.alike = true;
            return;
        }
        // The lowest bit is always set.
        let mut slot = (hash >> 1) as usize % SLOTS;
        while self.slots[slot] != 0 {
            if self.slots[slot] == hash {
                self.alike = true;
                return;
            }
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = hash;
        self.count += 1;
    }
}

/// Goes on with an FNV-1a hash.
const fn hashed(mut hash: u64, text: &str) -> u64 {
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        hash = (hash ^ text[index] as u64).wrapping_mul(PRIME);
        index += 1;
    }
    hash
}
