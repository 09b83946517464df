//! The functions that callers may use, by name. What is not in here, such as `load_extension`, is refused.

/// In the order of the alphabet, for the binary search.
const FUNCTIONS: &[&str] = &[
    "->",
    "->>",
    "abs",
    "avg",
    "bm25",
    "ceil",
    "ceiling",
    "changes",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "dense_rank",
    "exp",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "highlight",
    "if",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_insert",
    "json_array_length",
    "json_each",
    "json_error_position",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_pretty",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_tree",
    "json_type",
    "json_valid",
    "jsonb",
    "jsonb_array",
    "jsonb_array_insert",
    "jsonb_extract",
    "jsonb_group_array",
    "jsonb_group_object",
    "jsonb_insert",
    "jsonb_object",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
    "julianday",
    "lag",
    "last_insert_rowid",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "match",
    "max",
    "min",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "offsets",
    "percent_rank",
    "pi",
    "pow",
    "power",
    "printf",
    "quote",
    "random",
    "randomblob",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "snippet",
    "soundex",
    "sqlite_version",
    "sqrt",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "subtype",
    "sum",
    "time",
    "timediff",
    "total",
    "total_changes",
    "trim",
    "trunc",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unistr_quote",
    "unixepoch",
    "unlikely",
    "upper",
    "zeroblob",
];

/// Whether callers may use the function. Missing on purpose: `json_patch`, which takes a minute on two large
/// objects and cannot be interrupted, and whatever reaches outside of the database or into its workings.
pub(crate) fn is_function(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FUNCTIONS.binary_search(&name.as_str()).is_ok()
}

/// Whether the function matches a pattern against a text.
pub(crate) fn is_pattern(name: &str) -> bool {
    name.eq_ignore_ascii_case("like") || name.eq_ignore_ascii_case("glob")
}

/// Whether the name is that of a table which SQLite computes from its own workings.
pub(crate) fn is_table_function(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("pragma_")
        || matches!(
            name.as_str(),
            "bytecode"
                | "completion"
                | "dbstat"
                | "fts3tokenize"
                | "sqlite_dbdata"
                | "sqlite_dbpage"
                | "sqlite_dbptr"
                | "sqlite_memstat"
                | "sqlite_stmt"
                | "tables_used"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(FUNCTIONS.is_sorted());
    }

    #[test]
    fn what_reaches_out_is_not_on_it() {
        for name in [
            "load_extension",
            "readfile",
            "writefile",
            "edit",
            "fts3_tokenizer",
            "sqlite_log",
            "optimize",
            "json_patch",
            "rtreecheck",
        ] {
            assert!(!is_function(name), "{name}");
        }
        assert!(is_function("COUNT") && is_pattern("LIKE"));
        assert!(is_table_function("PRAGMA_table_info") && !is_table_function("people"));
    }
}
