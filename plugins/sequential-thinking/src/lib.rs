//! A place to think step by step, with revisions and branches.
