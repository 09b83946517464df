//! What stands between the parentheses of each attribute: the keys of `#[tool]` are in `tool`, and so on.
//! `arguments` is the grammar they share, and `value` the kinds of values.

pub(crate) mod arg;
mod arguments;
pub(crate) mod completion;
pub(crate) mod plugin;
pub(crate) mod prompt;
pub(crate) mod resource;
pub(crate) mod tool;
mod value;

use arguments::Arguments;
use value::Flag;
