//! One tool that reaches any of a chain of language models, and fails over between them.
