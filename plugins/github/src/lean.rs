//! Schemas of rows in their shortest form: names and types. All tools together have to fit into a part of a
//! model's context, and a row that withholds something lacks some of its members anyway.

use schemars::Schema;

/// Takes out what a row's reader does not need.
pub(crate) fn lean(schema: &mut Schema) {
    schema.remove("description");
    schema.remove("required");
}
