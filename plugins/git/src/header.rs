//! What stands before the hunks of a file in a diff: paths, modes, ids.

use gix_hash::ObjectId;

use crate::change::Change;
use crate::text::quoted;

/// How many digits of an id are shown.
const DIGITS: usize = 10;

/// The lines before a file's hunks.
pub(crate) fn header(change: &Change, old_path: &[u8], ids: [Option<ObjectId>; 2]) -> String {
    let mut lines = vec![format!(
        "diff --git {} {}\n",
        quoted("a/", old_path),
        quoted("b/", &change.path)
    )];
    let modes = (
        change.old.map(|side| side.mode),
        change.new.map(|side| side.mode),
    );
    match modes {
        (Some(old), None) => lines.push(format!("deleted file mode {old:06o}\n")),
        (None, Some(new)) => lines.push(format!("new file mode {new:06o}\n")),
        (Some(old), Some(new)) if old != new => {
            lines.push(format!("old mode {old:06o}\nnew mode {new:06o}\n"));
        }
        _ => {}
    }
    if let Some((from, similarity)) = &change.from {
        let (from, to) = (quoted("", from), quoted("", &change.path));
        lines.push(format!(
            "similarity index {similarity}%\nrename from {from}\nrename to {to}\n"
        ));
    }
    if ids[0] != ids[1] {
        let short = |id: Option<ObjectId>| {
            id.map_or("0".repeat(DIGITS), |id| {
                id.to_hex_with_len(DIGITS).to_string()
            })
        };
        let mode = match modes {
            (Some(old), Some(new)) if old == new => format!(" {old:06o}"),
            _ => String::new(),
        };
        lines.push(format!(
            "index {}..{}{mode}\n",
            short(ids[0]),
            short(ids[1])
        ));
    }
    lines.concat()
}
